import { random } from '../core/random.ts';
import type { InputPlan, SamplePlan } from '../records/rules.ts';
import { tensorFrom } from '../tensor/build.ts';
import { type Dtype, isFloat } from '../tensor/dtype.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import { toFloat64 } from '../tensor/values.ts';

/** One element in eight: every row has some, and the others still say whether they were drawn in. */
const SHARE = 1 / 8;

/** Half of the smallest normal number: denormal, and exact in the dtype. */
const DENORMAL: Partial<Record<Dtype, number>> = {
  float64: 2 ** -1023,
  float32: 2 ** -127,
  bfloat16: 2 ** -127,
  float16: 2 ** -15,
};

const KINDS: Readonly<Record<string, (dtype: Dtype, sign: number) => number>> = {
  nan: () => Number.NaN,
  infinity: (_, sign) => sign * Number.POSITIVE_INFINITY,
  denormal: (dtype, sign) => sign * (DENORMAL[dtype] ?? 0),
};

export const SPECIAL_KINDS: readonly string[] = Object.keys(KINDS);

/**
 * The ordinary sample with special values strewn into its floats; undefined when the model takes none. Legal ranges do not
 * hold here: whoever asks for NaN knows that it lies in no range.
 */
export function withSpecial(kind: string, base: NamedTensors, { inputs, seed }: SamplePlan): NamedTensors | undefined {
  const special = KINDS[kind];
  if (special === undefined || !inputs.some(isStrewn)) return undefined;
  return new Map(
    inputs.map((input): readonly [string, Tensor] => {
      const tensor = base.get(input.name) as Tensor;
      if (!isStrewn(input) || input.dtype === 'string') return [input.name, tensor];
      const { uniform } = random('special', seed, kind, input.name);
      const values = toFloat64(tensor).slice();
      for (let i = 0; i < values.length; i++) {
        if (uniform() < SHARE || i === 0) values[i] = special(input.dtype, uniform() < 0.5 ? -1 : 1);
      }
      return [input.name, tensorFrom(input.dtype, tensor.shape, values)];
    }),
  );
}

const isStrewn = ({ dtype, role, values }: InputPlan): boolean =>
  isFloat(dtype) && role !== 'mask' && role !== 'one-hot' && values === undefined;
