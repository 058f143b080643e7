import { toFloat64 } from '../../../tensor/values.ts';
import { alongAxis, holdsShares, toShares } from './along-axis.ts';
import { byValue } from './by-value.ts';
import { fitLine, plain } from './numbers.ts';
import type { Place } from './places.ts';
import type { Claim } from './support.ts';

/**
 * What probabilities tell of the scores that they were made of, which no one has to know. Another temperature multiplies
 * their logarithms (up to a constant a line), another axis adds to them what depends on either axis alone, and a mask that
 * one side ignores makes zeros whose share the others take over.
 */
export const softmaxLines = byValue('softmax-lines', ['scaling-differs', 'axis-differs', 'mask-differs'], (place) => {
  const { reference, candidate } = place;
  if (reference.shape.join() !== candidate.shape.join()) return [];
  const axes = reference.shape.map((_, axis) => axis);
  const mine = axes.filter((axis) => holdsShares(reference, axis));
  const theirs = axes.filter((axis) => holdsShares(candidate, axis));
  return [
    ...mine
      .filter((axis) => theirs.includes(axis))
      .flatMap((axis) => [...temperature(place, axis), ...masks(place, axis)]),
    ...mine.flatMap((from) =>
      theirs.filter((to) => to !== from && !mine.includes(to)).map((to) => otherAxis(from, to)),
    ),
  ];
});

const logs = (values: Float64Array): Float64Array => values.map(Math.log);

const centred = (line: Float64Array): void => {
  let [sum, count] = [0, 0];
  for (const x of line) if (Number.isFinite(x)) [sum, count] = [sum + x, count + 1];
  for (let i = 0; i < line.length; i++) line[i] = (line[i] as number) - sum / count;
};

function temperature({ reference, candidate }: Place, axis: number): Claim[] {
  const scores = (t: Place['reference']): Float64Array =>
    alongAxis(float64(t.shape, logs(toFloat64(t))), axis, centred);
  const line = fitLine(scores(reference), scores(candidate));
  if (line === null || !(line.factor > 0)) return [];
  const { factor } = line;
  return [
    {
      code: 'scaling-differs',
      args: { factor: plain(factor), of: 'the scores in front of softmax' },
      experiment: `with the scores in front of the reference's softmax times ${plain(factor)}`,
      parameters: 1,
      sides: (pair) => [
        alongAxis(
          float64(
            pair.reference.shape,
            toFloat64(pair.reference).map((p) => p ** factor),
          ),
          axis,
          toShares,
        ),
        toFloat64(pair.candidate),
      ],
    },
  ];
}

/** Zeros of one side, put into the other, whose lines then add up to 1 again. */
function masks({ reference, candidate }: Place, axis: number): Claim[] {
  const [a, b] = [toFloat64(reference), toFloat64(candidate)];
  const zeros = (x: Float64Array, y: Float64Array): number =>
    x.reduce((n, v, i) => n + (v === 0 && y[i] !== 0 ? 1 : 0), 0);
  const [ignored, more] = [zeros(a, b), zeros(b, a)];
  if (ignored + more === 0) return [];
  const masked = (values: Float64Array, by: Float64Array, shape: readonly number[]): Float64Array =>
    alongAxis(
      float64(
        shape,
        values.map((v, i) => (by[i] === 0 ? 0 : v)),
      ),
      axis,
      toShares,
    );
  return [
    {
      code: 'mask-differs',
      args: { ignored, added: more },
      experiment: 'with both sides masked where either is',
      parameters: 0,
      sides: (pair) => {
        const [x, y] = [toFloat64(pair.reference), toFloat64(pair.candidate)];
        return [masked(x, y, pair.reference.shape), masked(y, x, pair.candidate.shape)];
      },
    },
  ];
}

/**
 * log softmax along axis i is s − u where u does not change along i. So for softmaxes of one s along axes i and j, the
 * difference of logarithms is a sum of something constant along i and something constant along j, and centring it along
 * both leaves nothing.
 */
function otherAxis(from: number, to: number): Claim {
  return {
    code: 'axis-differs',
    args: { from, to },
    experiment: `with what softmax along axis ${from} and along axis ${to} divide by taken out`,
    parameters: 1,
    sides: ({ reference, candidate }) => {
      const scores = (t: Place['reference']): Float64Array =>
        alongAxis(float64(t.shape, alongAxis(float64(t.shape, logs(toFloat64(t))), from, centred)), to, centred);
      return [scores(reference), scores(candidate)];
    },
  };
}

const float64 = (shape: readonly number[], values: Float64Array) => ({
  dtype: 'float64' as const,
  shape,
  data: new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
});
