import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/investigate/diagnose/diagnose.ts';
import { BY_VALUE } from '../../../src/investigate/diagnose/values/registry.ts';
import { cast, tensorFrom } from '../../../src/tensor/build.ts';
import { takeRows } from '../../../src/tensor/rows.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';
import { transpose } from '../../../src/tensor/transpose.ts';
import { questionOf } from './question.ts';
import { changed, drawn, recorded } from './recorded.ts';

/** What is told of a node of one operand `x` that gives `right` in the reference and `wrong` in the candidate. */
async function told(
  op: string,
  right: Tensor,
  wrong: Tensor,
  {
    x = drawn(right.shape, 8),
    permutation,
    y = [],
  }: { readonly x?: Tensor; readonly permutation?: readonly number[]; readonly y?: readonly Tensor[] } = {},
) {
  const more = Object.fromEntries(y.map((t, i) => [`y${i}`, t]));
  const node = { id: 'n', op, inputs: ['x', ...Object.keys(more)], outputs: ['out'] };
  const laid = permutation === undefined ? x : transpose(x, permutation);
  const asked = questionOf(
    { nodes: [node], values: { x, out: right, ...more } },
    { nodes: [node], values: { x: laid, out: wrong, ...more } },
    [permutation === undefined ? ['x', 'x'] : ['x', 'x', permutation]],
  );
  // Values of the one sample alone: nothing can be run.
  const { lab } = recorded([{ reference: new Map(), candidate: null }]).scene;
  const question = { ...asked, scene: { ...asked.scene, sample: '0', lab } };
  const [best] = (await diagnose(question, BY_VALUE)).evidence;
  return best === undefined ? null : { code: best.code, where: best.where, args: best.args };
}

const right = drawn([1, 2, 8, 8], 1);
const edge = (i: number): boolean => i % 8 === 0 || Math.floor(i / 8) % 8 === 7;

describe('at the tensor that parts', () => {
  it('tells errors that lie at the border by the operator, and not errors that reach inside', async () => {
    const wrong = changed(right, (x, i) => (edge(i) ? x + 1 + (i % 3) : x));
    expect(await told('AveragePool', right, wrong)).toMatchObject({ code: 'pool-border', args: { border: 1 } });
    expect(await told('Conv', right, wrong)).toMatchObject({ code: 'padding-differs' });
    expect(await told('MatMul', right, wrong)).toBeNull();
    expect(
      await told(
        'Conv',
        right,
        changed(wrong, (x, i) => (i === 27 ? x + 1 : x)),
      ),
    ).toBeNull();
  });

  it('compares tensors of channels-last formats axis by axis', async () => {
    const last = [0, 2, 3, 1];
    const wrong = transpose(
      changed(right, (x) => 3 * x),
      last,
    );
    expect(await told('Mul', right, wrong, { permutation: last })).toMatchObject({
      code: 'scaling-differs',
      where: 'Mul n (layer net.layer)',
      args: { factor: 3 },
    });
    expect(await told('Mul', right, transpose(right, last), { permutation: last })).toBeNull();
  });

  it('takes a negative for exchanged operands, not for a factor', async () => {
    expect(
      await told(
        'Sub',
        right,
        changed(right, (x) => -x),
      ),
    ).toBeNull();
  });

  it('tells elements that lie further along, where the operator takes elements', async () => {
    const [all, next] = [drawn([9, 5], 3), drawn([9, 5], 3)];
    const [a, b] = [takeRows(all, 0, [0, 1, 2, 3, 4, 5, 6, 7]), takeRows(next, 0, [1, 2, 3, 4, 5, 6, 7, 8])];
    expect(await told('Gather', a, b)).toMatchObject({ code: 'index-differs', args: { axis: 0, by: 1 } });
    expect(await told('Relu', a, b)).toBeNull();
  });

  it('says why a node makes NaN of finite operands', async () => {
    const zero = changed(drawn(right.shape, 5), (x, i) => (i === 7 ? 0 : x));
    const nan = changed(right, (x, i) => (i === 7 ? Number.NaN : x));
    expect(await told('Div', right, nan, { y: [zero] })).toMatchObject({
      code: 'nan-source',
      args: { value: 'NaN', because: 'a division by zero' },
    });
  });

  it('tells what leaves the range of float16, and not a value within it', async () => {
    const large = tensorFrom(
      'float32',
      [4, 4],
      Array.from({ length: 16 }, (_, i) => 5000 * (i + 1)),
    );
    expect(await told('Mul', large, cast(large, 'float16'))).toMatchObject({
      code: 'float16-range',
      args: { largest: 80000 },
    });
    const small = changed(large, (x) => x / 100 + 1e-3);
    expect((await told('Mul', small, cast(small, 'float16')))?.code).toBe('dtype-narrowed');
  });
});
