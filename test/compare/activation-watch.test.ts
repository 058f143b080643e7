import { expect, test } from 'vitest';
import { ActivationWatch, type WatchedActivation } from '../../src/compare/activation-watch.ts';
import { tensorFrom } from '../../src/tensor/build.ts';

const RELU: WatchedActivation = { rectifies: true, flatBelow: null, flatAbove: null, channelAxis: 1 };
const RELU6: WatchedActivation = { ...RELU, flatAbove: 6 };
const TANH: WatchedActivation = { rectifies: false, flatBelow: -0.999999, flatAbove: 0.999999, channelAxis: -1 };

const watched = (what: WatchedActivation, shape: readonly number[], ...samples: readonly (readonly number[])[]) => {
  const watch = new ActivationWatch(what);
  for (const values of samples) watch.add(tensorFrom('float32', shape, values));
  return watch.result();
};

test('a rectifier that never left zero is stuck, each of its channels inactive', () => {
  expect(watched(RELU, [1, 2], [0, 0], [0, 0])).toMatchObject({ state: 'stuck', low: 0, high: 0, inactive: 1 });
});

test('one sample proves nothing about moving', () => {
  expect(watched(RELU, [1, 2], [0, 0]).state).toBe('moved');
});

test('channels are counted along their axis, over all samples', () => {
  // Two pictures of three channels, two pixels each; the last channel is never above zero.
  expect(watched(RELU, [1, 3, 2], [0, 1, 0, 0, 0, 0], [0, 0, 0, 2, 0, 0])).toMatchObject({
    state: 'moved',
    inactive: 1 / 3,
  });
  expect(watched({ ...RELU, channelAxis: -1 }, [1, 3, 2], [0, 1, 0, 0, 0, 0], [0, 0, 0, 2, 0, 0]).inactive).toBe(1 / 2);
});

test('values that do not depend on the sample are still, whatever they are', () => {
  expect(watched(RELU, [1, 2], [1, 2], [1, 2])).toMatchObject({ state: 'still', low: 1, high: 2 });
  expect(watched(RELU, [1, 2], [1, 2], [1, 2], [1, 3]).state).toBe('moved');
});

test('elements at the flat ends are saturated; the zeros of a ReLU6 are not', () => {
  expect(watched(RELU6, [1, 4], [0, 6, 3, 0], [0, 6, 6, 1]).saturated).toBe(3 / 8);
  expect(watched(TANH, [1, 4], [-1, 1, 0.5, 0.999]).saturated).toBe(1 / 2);
  expect(watched(RELU, [1, 1], [1]).saturated).toBeNull();
});

test('NaN moves, and samples of another shape are no repetition', () => {
  expect(watched(TANH, [1], [Number.NaN], [Number.NaN])).toMatchObject({ state: 'moved', low: 'Infinity' });
  const watch = new ActivationWatch(TANH);
  watch.add(tensorFrom('float32', [1], [0.5]));
  watch.add(tensorFrom('float32', [2], [0.5, 0.25]));
  expect(watch.result().state).toBe('moved');
});
