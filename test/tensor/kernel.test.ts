import { describe, expect, it } from 'vitest';
import { argmaxAgreement } from '../../src/compare/values/argmax.ts';
import { compareViews, type NumericView, rms } from '../../src/compare/values/kernel.ts';
import { compareWide } from '../../src/compare/values/kernel-wide.ts';
import { prepare } from '../../src/compare/values/operands.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { elementsOf } from '../../src/tensor/kernel/elements.ts';
import { formOf } from '../../src/tensor/kernel/forms.ts';
import { kernel } from '../../src/tensor/kernel/load.ts';
import { runPass, runRms, runWithin } from '../../src/tensor/kernel/pass.ts';
import { dtypeLimits } from '../../src/tensor/limits.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { NumericDtype } from '../../src/tensor/views.ts';
import { NUMERIC } from './helpers.ts';
import { mulberry } from './random.ts';

const INFINITY = Number.POSITIVE_INFINITY;
const SPECIAL = [
  0,
  -0,
  Number.NaN,
  INFINITY,
  -INFINITY,
  1e-45,
  5e-324,
  2e-308,
  1e-40,
  6e-8,
  65504,
  3e38,
  -3e38,
  1e308,
  -1e308,
  1,
  -1,
];

/** Pairs that are mostly near, sometimes equal, sometimes special on either side; whatever the dtype can hold. */
function pair(seed: number, a: NumericDtype, b: NumericDtype, shape: readonly number[]): [Tensor, Tensor] {
  const next = mulberry(seed);
  const count = shape.reduce((n, d) => n * d, 1);
  const [x, y] = [new Float64Array(count), new Float64Array(count)];
  const special = () => SPECIAL[Math.floor(next() * SPECIAL.length)] as number;
  const rare = seed % 4 === 0 ? 0.2 : 0.002;
  for (let i = 0; i < count; i++) {
    const value = (next() - 0.5) * 10 ** Math.floor(next() * 8 - 2);
    x[i] = next() < rare ? special() : value;
    const near = (x[i] as number) * (1 + (next() - 0.5) * 10 ** -Math.floor(next() * 9));
    y[i] = next() < rare ? special() : next() < 0.4 ? (x[i] as number) : near;
  }
  return [from(a, shape, x), from(b, shape, y)];
}

/** Integers spread over their whole range, where differences of 64-bit ones need all of it. */
function from(dtype: NumericDtype, shape: readonly number[], values: Float64Array): Tensor {
  if (/float/.test(dtype)) return tensorFrom(dtype, shape, values);
  const [, high] = dtypeLimits(dtype);
  return tensorFrom(
    dtype,
    shape,
    values.map((v) => (Number.isNaN(v) ? 0 : Math.abs(v) > 40 ? Math.sign(v) * high : v)),
  );
}

const side = (tensor: Tensor) =>
  elementsOf(
    tensor.dtype as NumericDtype,
    tensor.shape.reduce((n, d) => n * d, 1),
    { bytes: tensor.data },
  );

const near = (actual: number, expected: number, scale = Math.abs(expected)) =>
  Object.is(actual, expected) || actual === expected || Math.abs(actual - expected) <= 1e-12 * scale + 1e-300;

const EXACT = [
  'elements',
  'zeros',
  'nonFinite',
  'finiteReference',
  'nanMismatches',
  'infMismatches',
  'violations',
  'maxAbs',
  'maxAbsExact',
  'worst',
  'worstOutside',
] as const;
const SUMS = ['maxRel', 'sumAbs', 'sumSquares', 'sumCandidate', 'sumReference'] as const;

/** The compiled kernel against its scalar twin, which test/compare/kernel.test.ts holds against the definitions. */
function check(seed: number, a: Tensor, b: Tensor, exact: boolean) {
  const context = `seed ${seed}: ${a.dtype} [${a.shape}] against ${b.dtype}`;
  const bounds = exact
    ? { atol: 0, rtol: 0 }
    : { atol: 10 ** -(seed % 7), rtol: seed % 3 === 0 ? 0 : 10 ** -(seed % 5) };
  const columns = exact ? 0 : (a.shape.at(-1) ?? 0);
  const spec = { reference: side(a), candidate: side(b), ...bounds, exact, columns };
  const operands = prepare(
    { tensor: a, quantization: undefined },
    { tensor: b, quantization: undefined },
    !exact,
    false,
  );
  if (operands === null || operands.storage === 'text') throw new Error(context);
  const fast = runPass(spec);
  if (side(a).count === 0 || formOf(a.dtype as NumericDtype, b.dtype as NumericDtype, exact) === null) {
    expect(fast, context).toBeNull();
    return;
  }
  const slow =
    operands.storage === 'wide'
      ? compareWide(operands.reference, operands.candidate)
      : compareViews(operands.reference, operands.candidate, bounds);
  if (fast === null) throw new Error(`${context}: no kernel`);
  for (const key of EXACT) expect(fast[key], `${context} ${key}`).toEqual(slow[key]);
  for (const key of SUMS) expect(near(fast[key], slow[key]), `${context} ${key}: ${fast[key]} ${slow[key]}`).toBe(true);
  const size = Math.sqrt(slow.sumReference) * Math.sqrt(slow.sumCandidate);
  if (size < INFINITY) expect(near(fast.sumProduct, slow.sumProduct, size), `${context} sumProduct`).toBe(true);
  expect([...fast.counts], `${context} counts`).toEqual([...slow.counts]);
  expect(fast.identical, `${context} identical`).toBe(a.dtype === b.dtype && Buffer.compare(a.data, b.data) === 0);
  if (operands.storage === 'wide') return;
  expect(runWithin(spec), `${context} within`).toBe(slow.violations === 0);
  expect(near(runRms(spec.reference) as number, rms(operands.reference as NumericView)), `${context} rms`).toBe(true);
  if (!exact)
    expect(fast.rowsAgreeing, `${context} rows`).toBe(
      argmaxAgreement(operands.reference, operands.candidate, a.shape, bounds).agreeing,
    );
}

const SHAPES = [
  [],
  [0],
  [3, 0],
  [1],
  [2],
  [3],
  [5, 1],
  [7, 3],
  [2, 3, 5],
  [40, 10],
  [3, 1000],
  [2, 2047],
  [1, 33000],
  [3, 40001],
  [70001, 2],
];

describe('the compiled kernel', () => {
  it('is there: the build made it, and this machine runs it', () => {
    expect(kernel()).not.toBeNull();
  });

  for (const dtype of NUMERIC as NumericDtype[]) {
    it(`answers as the scalar one for ${dtype}`, () => {
      for (let seed = 0; seed < 60; seed++) {
        const shape = SHAPES[seed % SHAPES.length] as number[];
        const [a, b] = pair(seed, dtype, dtype, shape);
        check(seed, a, b, !/float/.test(dtype));
        if (!/float/.test(dtype)) check(seed, a, b, false);
      }
    });
  }

  it('answers as the scalar one for two dtypes', () => {
    const next = mulberry(5);
    const any = () => NUMERIC[Math.floor(next() * NUMERIC.length)] as NumericDtype;
    for (let seed = 0; seed < 300; seed++) {
      const [x, y] = [any(), any()];
      const [a, b] = pair(seed, x, y, SHAPES[seed % 12] as number[]);
      check(seed, a, b, !/float/.test(x) && !/float/.test(y));
    }
  });

  it('joins chunks as if there were one', () => {
    for (const shape of [[2_500_001], [1250, 2001], [2, 1_100_000]]) {
      const [a, b] = pair(9, 'float32', 'float32', shape);
      check(9, a, b, false);
    }
  });
});
