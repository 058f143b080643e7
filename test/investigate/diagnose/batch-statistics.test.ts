import { expect, test } from 'vitest';
import { batchStatistics } from '../../../src/investigate/diagnose/batch-statistics.ts';
import { tensorFrom } from '../../../src/tensor/build.ts';
import { mulberry } from '../../tensor/random.ts';
import { questionOf } from './question.ts';

const draw = mulberry(3);
const EPSILON = 1e-5;
const [channels, area] = [3, 12];
const shape = [2, channels, 3, 4];
const x = Float64Array.from({ length: 2 * channels * area }, () => draw() * 4 - 1);
const [gain, shift, mean, variance] = [1, 0, 0.3, 0.5].map((from) =>
  Float64Array.from({ length: channels }, () => from + draw()),
);
const channel = (i: number) => Math.floor(i / area) % channels;
const all = (c: number) => x.filter((_, i) => channel(i) === c);
const average = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length;

const normalised = (m: (c: number) => number, v: (c: number) => number) =>
  x.map((value, i) => {
    const c = channel(i);
    return ((value - m(c)) / Math.sqrt(v(c) + EPSILON)) * (gain?.[c] as number) + (shift?.[c] as number);
  });

/** A batch normalisation of the reference by its stored statistics, and what the candidate has in its place. */
function question(candidate: Float64Array) {
  const vector = (of: Float64Array | undefined) => tensorFrom('float64', [channels], of ?? []);
  const values = {
    x: tensorFrom('float64', shape, x),
    g: vector(gain),
    b: vector(shift),
    m: vector(mean),
    v: vector(variance),
  };
  const stored = normalised(
    (c) => mean?.[c] as number,
    (c) => variance?.[c] as number,
  );
  return questionOf(
    {
      nodes: [
        {
          op: 'BatchNormalization',
          inputs: ['x', 'g', 'b', 'm', 'v'],
          outputs: ['y'],
          attributes: { epsilon: EPSILON },
        },
      ],
      values: { ...values, y: tensorFrom('float64', shape, stored) },
      constants: ['g', 'b', 'm', 'v'],
    },
    {
      nodes: [{ op: 'Add', inputs: ['x'], outputs: ['y'] }],
      values: { x: values.x, y: tensorFrom('float64', shape, candidate) },
    },
    [['x', 'x']],
  );
}

test('statistics of the batch are seen in the values', async () => {
  const m = (c: number) => average(all(c));
  const v = (c: number) => average(all(c).map((value) => (value - m(c)) ** 2));
  expect(await batchStatistics.test(question(normalised(m, v)))).toMatchObject({
    code: 'batchnorm-training',
    explained: 1,
  });
});

test('other stored statistics are none of the batch', async () => {
  const other = normalised(
    (c) => (mean?.[c] as number) + 0.2,
    (c) => 1.1 * (variance?.[c] as number),
  );
  expect(await batchStatistics.test(question(other))).toBeUndefined();
});

test('integers that stand for real numbers are no values to compute with', async () => {
  const m = (c: number) => average(all(c));
  const v = (c: number) => average(all(c).map((value) => (value - m(c)) ** 2));
  const asked = question(normalised(m, v));
  const y = tensorFrom(
    'int32',
    shape,
    normalised(m, v).map((value) => Math.round(value * 60)),
  );
  const { candidate } = asked.scene;
  if (candidate === null) throw new Error('the candidate can be looked into');
  const stored = new Map([...candidate.values, ['y', y] as const]);
  const scene = { ...asked.scene, candidate: { ...candidate, values: stored } };
  expect(await batchStatistics.test({ ...asked, scene })).toBeUndefined();
});
