import { expect, test } from 'vitest';
import { erf } from '../../../src/investigate/diagnose/functions/erf.ts';
import { localFunction } from '../../../src/investigate/diagnose/local-function.ts';
import { tensorFrom } from '../../../src/tensor/build.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { questionOf } from './question.ts';

const X = [-4, -2.5, -1.5, -1, -0.5, -0.25, 0.25, 0.5, 1.25, 2.5, 4, 7];
const of = (values: readonly number[]): Tensor => tensorFrom('float64', [values.length], values);

/** One operator of one operand on each side: what the reference and the candidate made of X. */
function unary(
  ops: readonly [string, string],
  f: (x: number) => number,
  g: (x: number) => number,
  x: readonly number[] = X,
) {
  const side = (op: string, at: (x: number) => number) => ({
    nodes: [{ op, inputs: ['x'], outputs: ['y'] }],
    values: { x: of(x), y: of(x.map(at)) },
  });
  return localFunction.test(questionOf(side(ops[0], f), side(ops[1], g), [['x', 'x']]));
}

function binary(
  f: (a: number, b: number) => number,
  g: (a: number, b: number) => number,
  a: readonly number[],
  b: readonly number[],
) {
  const side = (at: (a: number, b: number) => number) => ({
    nodes: [{ op: 'Op', inputs: ['x', 'b'], outputs: ['y'] }],
    values: { x: of(a), b: of(b), y: of(a.map((v, i) => at(v, b[i] as number))) },
  });
  return localFunction.test(
    questionOf(side(f), side(g), [
      ['x', 'x'],
      ['b', 'b'],
    ]),
  );
}

const relu = (x: number) => Math.max(x, 0);
const gelu = (x: number) => (x * (1 + erf(x / Math.SQRT2))) / 2;
const geluTanh = (x: number) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
const leaky = (slope: number) => (x: number) => (x < 0 ? slope * x : x);

// Values of C’s erf (glibc), also where series and fraction meet.
test('the error function', () => {
  expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 14);
  expect(erf(-1)).toBeCloseTo(-0.8427007929497149, 14);
  expect(erf(2.4999)).toBeCloseTo(0.9995928300996666, 14);
  expect(erf(2.5001)).toBeCloseTo(0.9995932657565293, 14);
  expect(erf(7)).toBe(1);
});

test('another variant of GELU is seen where the candidate spells it out', async () => {
  const found = await unary(['aten.gelu.default', 'Mul'], gelu, geluTanh);
  expect(found).toMatchObject({
    code: 'activation-variant',
    explained: 1,
    args: { from: 'GELU (erf)', to: 'GELU (tanh)' },
  });
});

test('another slope is fitted', async () => {
  const found = await unary(['LeakyReLU', 'LEAKY_RELU'], leaky(0.3), leaky(0.01));
  expect(found).toMatchObject({
    code: 'activation-variant',
    args: { from: 'leaky ReLU (slope 0.3)', to: 'leaky ReLU (slope 0.01)' },
  });
});

test.each([
  ['left out', relu, (x: number) => x, 'activation-missing'],
  ['added', (x: number) => x, Math.tanh, 'activation-added'],
  ['without its upper bound', (x: number) => Math.min(relu(x), 6), relu, 'clipping-differs'],
  ['at another bound', (x: number) => Math.min(x, 3), (x: number) => Math.min(x, 5), 'clipping-differs'],
  ['a bound left out', (x: number) => Math.min(x, 3), (x: number) => x, 'clipping-differs'],
  ['rounding with signs', Math.floor, Math.trunc, 'integer-arithmetic'],
  ['rounding the other way', Math.floor, Math.ceil, 'operator-differs'],
  ['an absolute value lost', Math.abs, (x: number) => x, 'operator-missing'],
] as const)('an activation %s', async (_, f, g, code) => {
  expect(await unary(['Op', 'Op'], f, g)).toMatchObject({ code, explained: 1 });
});

test('values that two causes would explain are left alone', async () => {
  // No negative numbers and nothing near six: ReLU, ReLU6 and nothing at all are the same here.
  const positive = [0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4];
  expect(
    await unary(
      ['Op', 'Op'],
      (x) => x,
      (x) => x * 1.01,
      positive,
    ),
  ).toBeUndefined();
  expect(await unary(['Op', 'Op'], gelu, (x) => gelu(x) + 1e-3)).toBeUndefined();
});

test('the operator’s own name decides between functions that agree on the values', async () => {
  const positive = X.filter((x) => x > 0).concat([0.75, 1.75, 3.25]);
  const found = await unary(['Tanh', 'Relu'], Math.tanh, relu, positive);
  expect(found).toMatchObject({ code: 'activation-variant', args: { to: 'ReLU' } });
});

const A = [7, -7, 8, -8, 5, -5, 9, -9, 3];
const B = [2, 2, 3, 3, -3, -3, -4, 4, 2];

test.each([
  [
    'division',
    (a: number, b: number) => Math.floor(a / b),
    (a: number, b: number) => Math.trunc(a / b),
    'integer-arithmetic',
  ],
  [
    'remainder',
    (a: number, b: number) => a - b * Math.floor(a / b),
    (a: number, b: number) => a % b,
    'integer-arithmetic',
  ],
  ['exchanged operands', (a: number, b: number) => a - b, (a: number, b: number) => b - a, 'operands-swapped'],
  ['a threshold', (a: number, b: number) => Number(a > b + 5), (a: number, b: number) => Number(a > b), undefined],
  [
    'an inclusive threshold',
    (a: number, b: number) => Number(a > b),
    (a: number, b: number) => Number(a >= b),
    'comparison-differs',
  ],
  ['an addition left out', (a: number, b: number) => a + b, (a: number) => a, 'operator-missing'],
] as const)('two operands: %s', async (_, f, g, code) => {
  const b = code === 'comparison-differs' ? B.map((v, i) => (i % 3 === 0 ? (A[i] as number) : v)) : B;
  const found = await binary(f, g, A, b);
  expect(found?.code).toBe(code);
});

test('positive numbers do not tell one division from the other', async () => {
  const found = await binary(
    (a, b) => Math.floor(a / b),
    (a, b) => Math.floor(a / b) + 2,
    A.map(Math.abs),
    B.map(Math.abs),
  );
  expect(found).toBeUndefined();
});
