import { OnparError } from '../core/errors.ts';
import type { InputPlan } from '../records/rules.ts';
import { isFloat, isInteger } from '../tensor/dtype.ts';
import { dtypeLimits } from '../tensor/limits.ts';

/** Legal values of an input: all reals between two bounds (infinite where none is given) … */
export interface Reals {
  readonly kind: 'reals';
  readonly low: number;
  readonly high: number;
}

/** … or a list, ascending where it holds numbers. `at` gives the value of index 0 … size − 1, `indexOf` −1 for a stranger. */
export interface Choices {
  readonly kind: 'choices';
  readonly size: number;
  readonly at: (index: number) => number | string;
  readonly indexOf: (value: number) => number;
  /** How many of them lie below zero; they come first. */
  readonly negatives: number;
}

export interface Domain {
  readonly values: Reals | Choices;
  readonly isMask: boolean;
  /** Set when the user gave no range and a small one was taken, which a finding should say. */
  readonly assumed?: readonly [number, number];
}

/** Token ids, labels, positions: almost every embedding has ten rows. */
const ASSUMED_INTEGERS = [0, 9] as const;
/** Segment ids of BERT and its kin index an embedding of two rows. */
const ASSUMED_SEGMENTS = [0, 1] as const;
const STRINGS = ['a', 'b', ''];

/**
 * What may stand in an input: the suite's `values` or `range`, else what dtype, role and name suggest. `longest` bounds an
 * input whose role is `lengths`.
 * OnparError `range-empty` or `value-not-representable` names the input.
 */
export function domainOf(input: InputPlan, longest = 1): Domain {
  const { name, dtype, range, values, role } = input;
  const isMask = dtype !== 'string' && (role === 'mask' || (role === undefined && /mask/i.test(name)));
  if (values !== undefined && values.length > 0) return { values: listed(input, values), isMask };
  if (dtype === 'string') return { values: choices(STRINGS), isMask };
  if (dtype === 'bool') return { values: integers(0, 1), isMask };
  const [low, high] = dtypeLimits(dtype);
  if (range !== undefined) {
    const [from, to] = isFloat(dtype) ? range : [Math.ceil(range[0]), Math.floor(range[1])];
    const legal = [Math.max(from, low), Math.min(to, high)] as const;
    if (legal[0] > legal[1]) {
      throw new OnparError({
        code: 'range-empty',
        message: `input ${name}: no ${dtype} lies in the range [${range.join(', ')}]`,
        fix: 'give the smaller bound first, and bounds that the dtype can hold',
      });
    }
    return { values: isFloat(dtype) ? { kind: 'reals', low: legal[0], high: legal[1] } : integers(...legal), isMask };
  }
  if (isMask) return { values: integers(0, 1), isMask };
  if (isFloat(dtype)) {
    const bounds = role === 'image' ? [0, 1] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    return { values: { kind: 'reals', low: bounds[0] as number, high: bounds[1] as number }, isMask };
  }
  const assumed = assumedRange(input, [low, high], longest);
  const isNarrowed = role !== 'lengths' && (assumed[0] > low || assumed[1] < high);
  return { values: integers(...assumed), isMask, ...(isNarrowed ? { assumed } : {}) };
}

function assumedRange(
  { name, dtype, role }: InputPlan,
  limits: readonly [number, number],
  longest: number,
): readonly [number, number] {
  // A length of zero is a case of its own that many models refuse.
  if (role === 'lengths') return [1, Math.max(longest, 1)];
  // Eight bits are pixels or quantised values: any of them is legal.
  if (dtype === 'uint8' || dtype === 'int8') return limits;
  if (role === 'image') return [0, 255];
  return /token_?type|segment|type_ids/i.test(name) ? ASSUMED_SEGMENTS : ASSUMED_INTEGERS;
}

function listed({ name, dtype }: InputPlan, values: readonly (number | string)[]): Choices {
  const fits = (value: number | string): boolean => {
    if (dtype === 'string') return typeof value === 'string';
    if (typeof value === 'string') return false;
    if (dtype === 'bool') return value === 0 || value === 1;
    const [low, high] = dtypeLimits(dtype);
    return isInteger(dtype) ? Number.isInteger(value) && value >= low && value <= high : !Number.isNaN(value);
  };
  const wrong = values.find((value) => !fits(value));
  if (wrong === undefined) return choices(values);
  throw new OnparError({
    code: 'value-not-representable',
    message: `input ${name}: ${JSON.stringify(wrong)} in \`values\` is no ${dtype}`,
    fix: 'list values of the input’s dtype only',
  });
}

function choices(list: readonly (number | string)[]): Choices {
  const unique = [...new Set(list)];
  if (unique.every((value) => typeof value === 'number')) unique.sort((a, b) => Number(a) - Number(b));
  return {
    kind: 'choices',
    size: unique.length,
    at: (i) => unique[i] as number | string,
    indexOf: (value) => unique.indexOf(value),
    negatives: unique.filter((value) => typeof value === 'number' && value < 0).length,
  };
}

/** The integers from `low` to `high`, without listing them: token ids may be a quarter of a million. */
const integers = (low: number, high: number): Choices => ({
  kind: 'choices',
  size: high - low + 1,
  at: (index) => low + index,
  indexOf: (value) => (Number.isInteger(value) && value >= low && value <= high ? value - low : -1),
  negatives: Math.min(Math.max(-low, 0), high - low + 1),
});
