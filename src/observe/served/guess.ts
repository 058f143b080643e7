import { OnparError } from '../../core/errors.ts';
import { DTYPES, type Dtype, isDtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { flatten, tensorOf } from './json-tensor.ts';
import { type Json, JsonNumber } from './json-text.ts';

/** Dtypes that the suite gives for outputs of a server that tells none, by name and in order. */
export function declaredOutputs(options: Readonly<Record<string, unknown>>): [string, Dtype][] {
  return Object.entries((options.outputs ?? {}) as object).map(([name, dtype]) => {
    if (typeof dtype === 'string' && isDtype(dtype)) return [name, dtype];
    throw new OnparError({
      code: 'option-value',
      message: `option \`outputs\`: ${name} has the dtype ${JSON.stringify(dtype)}`,
      fix: `dtypes: ${DTYPES.join(', ')}`,
      exitCode: 1,
    });
  });
}

/** An output as JSON holds it, with the dtype that is declared for it or else read from its text. */
export function outputFrom(name: string, value: Json, dtype: Dtype | undefined): Tensor {
  const { shape, elements } = flatten(value, name);
  return tensorOf(name, dtype ?? dtypeFromText(elements), shape, elements);
}

/**
 * What a server had, by how it wrote it: texts, booleans, integers (no point, no exponent), else the smallest float that
 * holds every number as written. A server that has float32 writes each either as the double it is (Python) or with the
 * fewest digits that tell it from its neighbours (C++, Java): both come back whole through float32.
 */
export function dtypeFromText(elements: readonly Json[]): Dtype {
  if (elements.length > 0 && elements.every((e) => typeof e === 'string')) return 'string';
  if (elements.length > 0 && elements.every((e) => typeof e === 'boolean')) return 'bool';
  const numbers = elements.filter((e) => e instanceof JsonNumber);
  if (numbers.length > 0 && numbers.length === elements.length && numbers.every(({ text }) => /^-?\d+$/.test(text)))
    return 'int64';
  return numbers.every(({ text }) => isSingle(text)) ? 'float32' : 'float64';
}

function isSingle(text: string): boolean {
  const value = Number(text);
  const single = Math.fround(value);
  if (Object.is(single, value) || Number.isNaN(value)) return true;
  // Nine digits tell any two float32 apart, so a text of up to nine that names it is the float32 itself.
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/^-?0*\.?0*/, '')
    .replace('.', '').length;
  return digits <= 9 && Number.isFinite(single) && Number(single.toPrecision(Math.max(digits, 1))) === value;
}
