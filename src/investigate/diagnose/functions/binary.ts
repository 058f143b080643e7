import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import { halfAway, halfEven } from './rounding.ts';

/** A function of two numbers; `group`: which functions are mistaken for each other, and what it is called when they are. */
export interface Binary {
  readonly name: string;
  readonly group: DiagnosisCode | 'arithmetic';
  /** The same function with its operands exchanged. */
  readonly mirror?: string;
  readonly at: (a: number, b: number) => number;
}

const binary = (name: string, group: Binary['group'], at: Binary['at'], mirror?: string): Binary => ({
  name,
  group,
  at,
  ...(mirror === undefined ? {} : { mirror }),
});

/** Quotients of zero divisors are what IEEE 754 has: never whole numbers, so they cannot be mistaken. */
export const BINARY: readonly Binary[] = [
  binary('sum', 'arithmetic', (a, b) => a + b),
  binary('difference', 'arithmetic', (a, b) => a - b, 'difference, exchanged'),
  binary('difference, exchanged', 'arithmetic', (a, b) => b - a, 'difference'),
  binary('product', 'arithmetic', (a, b) => a * b),
  binary('quotient', 'arithmetic', (a, b) => a / b, 'quotient, exchanged'),
  binary('quotient, exchanged', 'arithmetic', (a, b) => b / a, 'quotient'),
  binary('power', 'arithmetic', (a, b) => a ** b, 'power, exchanged'),
  binary('power, exchanged', 'arithmetic', (a, b) => b ** a, 'power'),
  binary('maximum', 'arithmetic', (a, b) => Math.max(a, b)),
  binary('minimum', 'arithmetic', (a, b) => Math.min(a, b)),
  binary('mean', 'arithmetic', (a, b) => (a + b) / 2),
  binary('quotient, truncated', 'integer-arithmetic', (a, b) => Math.trunc(a / b)),
  binary('quotient, rounded down', 'integer-arithmetic', (a, b) => Math.floor(a / b)),
  binary('quotient, rounded up', 'integer-arithmetic', (a, b) => Math.ceil(a / b)),
  binary('quotient, rounded half to even', 'integer-arithmetic', (a, b) => halfEven(a / b)),
  binary('quotient, rounded half away from zero', 'integer-arithmetic', (a, b) => halfAway(a / b)),
  binary('remainder with the sign of the dividend', 'integer-arithmetic', (a, b) => a % b),
  binary('remainder with the sign of the divisor', 'integer-arithmetic', (a, b) => a - b * Math.floor(a / b)),
  binary('remainder without sign', 'integer-arithmetic', (a, b) => ((a % b) + Math.abs(b)) % Math.abs(b)),
  binary('greater', 'comparison-differs', (a, b) => Number(a > b)),
  binary('greater or equal', 'comparison-differs', (a, b) => Number(a >= b)),
  binary('less', 'comparison-differs', (a, b) => Number(a < b)),
  binary('less or equal', 'comparison-differs', (a, b) => Number(a <= b)),
  binary('equal', 'comparison-differs', (a, b) => Number(a === b)),
];
