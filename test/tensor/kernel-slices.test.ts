import { expect, it } from 'vitest';
import { prepare } from '../../src/compare/values/operands.ts';
import { sliceMaxima, sliceViews } from '../../src/compare/values/slices.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { elementsOf } from '../../src/tensor/kernel/elements.ts';
import { runSlices } from '../../src/tensor/kernel/slices.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { mulberry } from './random.ts';

const SHAPES = [[7], [3, 5], [2, 16, 9, 11], [4, 3, 8], [1, 4096, 3], [100, 1000], [2, 70000]];

it.each(SHAPES.map((shape) => [shape]))('the compiled pass over slices of %j answers as the scalar one', (shape) => {
  const next = mulberry(shape.length);
  const count = shape.reduce((n, d) => n * d, 1);
  const special = () => [Number.NaN, Number.POSITIVE_INFINITY, 1e38, 0][Math.floor(next() * 4)] as number;
  const values = Float64Array.from({ length: count }, () => (next() < 0.01 ? special() : next() - 0.5));
  const a = tensorFrom('float32', shape, values);
  const b = tensorFrom(
    'float32',
    shape,
    values.map((v) => (next() < 0.01 ? special() : v * (1 + next() * 1e-5))),
  );
  const side = ({ data }: typeof a) => elementsOf('float32', count, { bytes: data });
  for (let axis = 0; axis < shape.length; axis++) {
    const slow = sliceViews(toFloat64(a), toFloat64(b), shape, axis);
    const fast = runSlices(side(a), side(b), shape, axis);
    if ((shape[axis] ?? 0) > 4096) {
      expect(fast).toBeNull();
      continue;
    }
    expect(fast?.maxAbs).toEqual(slow.maxAbs);
    expect(fast?.maxReference).toEqual(slow.maxReference);
    for (const key of ['sumSquares', 'sumReference'] as const) {
      for (const [at, sum] of slow[key].entries()) {
        expect(Math.abs((fast?.[key][at] ?? 0) - sum)).toBeLessThanOrEqual(1e-12 * sum);
      }
    }
  }
  const operands = prepare({ tensor: a, quantization: undefined }, { tensor: b, quantization: undefined }, false);
  if (operands === null) throw new Error('no operands');
  expect(sliceMaxima(operands, shape, 0)?.maxAbs).toEqual(sliceViews(toFloat64(a), toFloat64(b), shape, 0).maxAbs);
});
