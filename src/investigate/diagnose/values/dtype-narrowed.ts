import { cast } from '../../../tensor/build.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { byValue } from './by-value.ts';
import type { Claim } from './support.ts';

type Narrow = 'float32' | 'float16' | 'bfloat16' | 'int32' | 'int16' | 'int8';

/** Bits of whole numbers that a type keeps: beyond them integers wrap around. */
const WRAPS: readonly (readonly [Narrow, number])[] = [
  ['int32', 32],
  ['int16', 16],
  ['int8', 8],
];

/**
 * The candidate's values are the reference's, rounded to a narrower float, cut to whole numbers, or wrapped around the
 * range of a narrower integer. The candidate's own values must lie on what that type can hold; a value near it is no proof.
 */
export const dtypeNarrowed = byValue('dtype-narrowed', ['dtype-narrowed'], (place) => {
  const { candidate, reference } = place;
  const values = toFloat64(candidate);
  const mine = toFloat64(reference);
  const floats = (['float32', 'float16', 'bfloat16'] as const).filter(
    (dtype) => holds(values, dtype) && !holds(mine, dtype),
  );
  const whole = values.every(Number.isInteger);
  const integers = whole && mine.some((x) => Number.isFinite(x) && !Number.isInteger(x));
  return [
    ...floats.map((dtype) => claim(dtype, `rounded to ${dtype}`, (t) => toFloat64(cast(t, dtype)))),
    ...(integers ? [claim('int32', 'cut to whole numbers', (t) => toFloat64(t).map(Math.trunc))] : []),
    ...(whole ? WRAPS : []).map(([dtype, bits]) =>
      claim(dtype, `wrapped around ${dtype}`, (t) => toFloat64(t).map((x) => wrapped(x, 2 ** bits))),
    ),
  ];
});

/** Two's complement. */
const wrapped = (x: number, range: number): number => {
  const rest = ((x % range) + range) % range;
  return rest >= range / 2 ? rest - range : rest;
};

function holds(values: Float64Array, dtype: 'float32' | 'float16' | 'bfloat16'): boolean {
  const tensor: Tensor = { dtype: 'float64', shape: [values.length], data: bytes(values) };
  const back = toFloat64(cast(tensor, dtype));
  return values.every((x, i) => Object.is(x, back[i]) || x === back[i]);
}

const bytes = (values: Float64Array): Uint8Array =>
  new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);

function claim(dtype: Narrow, how: string, narrow: (tensor: Tensor) => Float64Array): Claim {
  return {
    code: 'dtype-narrowed',
    args: { dtype },
    experiment: `with the reference's values ${how}`,
    parameters: 1,
    sides: ({ reference, candidate }) => [narrow(reference), toFloat64(candidate)],
  };
}
