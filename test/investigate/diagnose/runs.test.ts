import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/investigate/diagnose/diagnose.ts';
import { inputDropped } from '../../../src/investigate/diagnose/runs/input-dropped.ts';
import { CIRCUMSTANCES_FIRST, ON_OTHER_INPUTS, TOLD } from '../../../src/investigate/diagnose/runs/registry.ts';
import type { CaseFacts, Lab, Ran } from '../../../src/investigate/lab.ts';
import type { Question } from '../../../src/investigate/scene.ts';
import { tensorFrom } from '../../../src/tensor/build.ts';
import type { NamedTensors, Tensor } from '../../../src/tensor/tensor.ts';
import { type GraphInit, info, model, node, tensor } from '../../formats/build-onnx.ts';
import { scratch } from '../../scratch.ts';
import { labOf } from '../lab.ts';
import { changed, drawn, recorded } from './recorded.ts';

const told = async (question: Question): Promise<string | null> => {
  const { evidence } = await diagnose(question, [...CIRCUMSTANCES_FIRST, ...TOLD, ...ON_OTHER_INPUTS]);
  return evidence[0] === undefined ? null : evidence[0].code;
};

/** Two models that onnxruntime runs on several samples; neither is looked into. */
async function asked(
  reference: GraphInit,
  candidate: GraphInit,
  inputs: readonly NamedTensors[],
  facts: Partial<CaseFacts> = {},
): Promise<Question> {
  const [first] = inputs;
  const lab = await labOf({
    reference: model(reference),
    candidate: model(candidate),
    inputs: first as NamedTensors,
    dir: scratch(),
  });
  const answer = async (side: Lab['reference'], sample: NamedTensors): Promise<NamedTensors | null> => {
    const ran: Ran | null = side === null ? null : await lab.run(side, { sample });
    return ran?.ok === true ? ran.outputs : null;
  };
  const samples = await Promise.all(
    inputs.map(async (sample) => ({
      inputs: sample,
      reference: (await answer(lab.reference, sample)) ?? new Map(),
      candidate: await answer(lab.candidate, sample),
    })),
  );
  const byId: Lab['run'] = (side, how) =>
    lab.run(side, {
      ...how,
      sample: typeof how.sample === 'string' ? (inputs[Number(how.sample)] as NamedTensors) : how.sample,
    });
  const failed = samples.map(({ reference: a, candidate: b }) => b === null || apart(a, b));
  return recorded(
    samples.map((sample, i) => ({ ...sample, failed: failed[i] as boolean })),
    { facts, reference: lab.reference, candidate: lab.candidate, run: byId },
  );
}

const apart = (a: NamedTensors, b: NamedTensors): boolean =>
  [...a].some(([name, { data }]) => Buffer.compare(data, b.get(name)?.data ?? new Uint8Array()) !== 0);

const picture = (seed: number, shape: readonly number[] = [1, 3, 6, 6]): NamedTensors =>
  new Map([['x', drawn(shape, seed)]]);
const kernel = tensor('w', 'float32', [2, 3, 3, 3], Array.from(new Float32Array(drawn([2, 3, 3, 3], 9).data.buffer)));
const convolution = (before: readonly ReturnType<typeof node>[], more: GraphInit['initializer'] = []): GraphInit => ({
  input: [info('x', 'float32', ['n', 3, 6, 6])],
  output: [info('y', 'float32', ['n', 2, 4, 4])],
  initializer: [kernel, ...(more ?? [])],
  node: [...before, node('Conv', before.length > 0 ? 'p w' : 'x w', 'c'), node('Relu', 'c', 'y')],
});

describe('inputs prepared otherwise', () => {
  it('tells exchanged axes, reversed channels and a lost division by 255', async () => {
    const samples = [picture(1), picture(2)];
    const flipped = convolution([node('Transpose', 'x', 'p', { perm: [0, 1, 3, 2] })]);
    expect(await told(await asked(convolution([]), flipped, samples))).toBe('layout-permuted');
    const reversed = convolution([node('Gather', 'x i', 'p', { axis: 1 })], [tensor('i', 'int64', [3], [2, 1, 0])]);
    expect(await told(await asked(convolution([]), reversed, samples))).toBe('channel-order');
    const scaled = convolution([node('Div', 'x k', 'p')], [tensor('k', 'float32', [], [255])]);
    expect(await told(await asked(scaled, convolution([]), samples))).toBe('scaling-differs');
  });

  it('is silent where another function is computed', async () => {
    const squared = convolution([node('Mul', 'x x', 'p')]);
    expect(await told(await asked(convolution([]), squared, [picture(1), picture(2)]))).toBeNull();
  });
});

describe('masks', () => {
  const masked = (nodes: GraphInit['node']): GraphInit => ({
    input: [info('x', 'float32', [2, 6]), info('keep', 'bool', [2, 6])],
    output: [info('y', 'float32', [2, 6])],
    initializer: [tensor('low', 'float32', [], [-1e9]), tensor('two', 'float32', [], [2])],
    node: nodes ?? [],
  });
  const keep = tensorFrom('bool', [2, 6], [1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0]);
  const samples = [1, 2].map(
    (seed): NamedTensors =>
      new Map<string, Tensor>([
        ['x', drawn([2, 6], seed)],
        ['keep', keep],
      ]),
  );
  const right = masked([node('Where', 'keep x low', 's'), node('Softmax', 's', 'y', { axis: 1 })]);

  it('tells one that is ignored, and not another function of the scores', async () => {
    const ignored = masked([
      node('Not', 'keep', 'n'),
      node('Not', 'n', 'm'),
      node('Or', 'm n', 'o'),
      node('Where', 'o x low', 's'),
      node('Softmax', 's', 'y', { axis: 1 }),
    ]);
    expect(await told(await asked(right, ignored, samples))).toBe('mask-differs');
    const other = masked([
      node('Sin', 'x', 'd'),
      node('Where', 'keep d low', 's'),
      node('Softmax', 's', 'y', { axis: 1 }),
    ]);
    expect(await told(await asked(right, other, samples))).toBeNull();
  });
});

describe('sizes and batches', () => {
  const rows = (nodes: GraphInit['node']): GraphInit => ({
    input: [info('x', 'float32', ['n', 4])],
    output: [info('y', 'float32', ['n', 4])],
    initializer: [
      tensor('k', 'float32', [], [0.5]),
      tensor('first', 'int64', [1], [0]),
      tensor('two', 'int64', [1], [2]),
      tensor('axis', 'int64', [], [0]),
      tensor('shape', 'int64', [2], [2, 4]),
    ],
    node: nodes ?? [],
  });
  const batch = (n: number, seed: number): NamedTensors => new Map([['x', drawn([n, 4], seed)]]);

  it('tells a size that is baked in, and not one beyond which something goes wrong', async () => {
    const free = rows([node('Mul', 'x k', 'y')]);
    const baked = rows([node('Reshape', 'x shape', 't'), node('Mul', 't k', 'y')]);
    const batches = [batch(4, 1), batch(2, 2), batch(3, 3)];
    expect(await told(await asked(free, baked, batches))).toBe('frozen-dimension');
    const sums = rows([node('ReduceSumSquare', 'x', 'm'), node('Mul', 'x m', 'y')]);
    const limited = rows([
      node('Slice', 'x first two first', 't'),
      node('ReduceSumSquare', 't', 'm'),
      node('Mul', 'x m', 'y'),
    ]);
    expect(await told(await asked(sums, limited, batches))).toBeNull();
  });

  it('is silent where all sizes fail', async () => {
    const all = rows([node('Mul', 'x k', 'y')]);
    const other = rows([node('Sin', 'x', 'y')]);
    expect(await told(await asked(all, other, [batch(4, 1), batch(2, 2)]))).toBeNull();
  });

  it('tells rows that influence each other where they were seen to', async () => {
    const mixes = { code: 'candidate-mixes-rows', severity: 'error', where: 'y', args: {} };
    const apartRows = rows([node('Mul', 'x k', 'y')]);
    const mixed = rows([node('CumSum', 'x axis', 's'), node('Mul', 's k', 'y')]);
    const question = await asked(apartRows, mixed, [batch(3, 1), batch(4, 2)], { findings: [mixes] });
    expect(await told(question)).toBe('batch-mixed');
    const wrong = rows([node('Sin', 'x', 'y')]);
    expect(await told(await asked(apartRows, wrong, [batch(3, 1)], { findings: [mixes] }))).toBeNull();
  });
});

describe('how it is run', () => {
  const right = drawn([4, 5], 1);
  const wrong = changed(right, (x) => Math.sin(3 * x));
  const side = { role: 'candidate', format: 'onnx', path: 'none', history: [], key: 'none' } as const;
  const answers = (tensor: Tensor): Ran => ({
    ok: true,
    outputs: new Map([['out', tensor]]),
    taps: new Map(),
    untapped: [],
    apart: [],
    milliseconds: 0,
  });
  const question = (run: Lab['run'], options: ReturnType<Lab['runtimeOptions']> = {}): Question =>
    recorded([{ reference: new Map([['out', right]]), candidate: new Map([['out', wrong]]) }], {
      candidate: side,
      run,
      runtimeOptions: () => options,
    });
  const levels = { optimization: { values: ['off', 'basic', 'all'], set: 'all' } };

  it('tells the optimiser, with the option that is enough', async () => {
    const run: Lab['run'] = (_, { unoptimised, options }) =>
      Promise.resolve(answers(unoptimised === true || options?.optimization === 'basic' ? right : wrong));
    const { evidence } = await diagnose(question(run, levels), CIRCUMSTANCES_FIRST);
    expect(evidence[0]).toMatchObject({ code: 'optimiser-induced', args: { option: 'optimization=basic' } });
  });

  it('tells threads', async () => {
    const run: Lab['run'] = (_, { options }) => Promise.resolve(answers(options?.threads === 1 ? right : wrong));
    expect(await told(question(run, { threads: { values: [], set: 4 } }))).toBe('thread-dependent');
  });

  it('tells what is random', async () => {
    const run: Lab['run'] = () => Promise.resolve(answers(drawn([4, 5], 77)));
    expect(await told(question(run))).toBe('randomness');
  });

  it('is silent where nothing of it matters', async () => {
    const run: Lab['run'] = () => Promise.resolve(answers(wrong));
    expect(await told(question(run, { ...levels, threads: { values: [], set: 4 } }))).toBeNull();
  });
});

describe('what was found before', () => {
  const out = drawn([2, 3], 1);
  const found = (finding: { code: string; args?: Record<string, unknown> }, candidate: Tensor): Question =>
    recorded([{ reference: new Map([['out', out]]), candidate: new Map([['out', candidate]]) }], {
      facts: { findings: [{ severity: 'error', where: 'out', args: {}, ...finding }] },
    });

  it('is enough where the contract alone differs', async () => {
    expect(await told(found({ code: 'name-changed' }, out))).toBe('contract-differs');
    expect(await told(found({ code: 'name-changed' }, drawn([2, 3], 2)))).toBeNull();
  });

  it('names causes that were proven', async () => {
    const odd = { code: 'quantisation-odd', args: { problem: 'scale-coarse', tensor: 'w' } };
    expect(await told(found(odd, drawn([2, 3], 2)))).toBe('quantisation-coarse');
    expect(await told(found({ code: 'values-differ' }, drawn([2, 3], 2)))).toBeNull();
  });
});

describe('an input that the candidate does not take', () => {
  const masked: GraphInit = {
    node: [node('Mul', 'x mask', 'm'), node('Tanh', 'm', 'y')],
    input: [info('x', 'float32', [2, 4]), info('mask', 'float32', [2, 4])],
    output: [info('y', 'float32', [2, 4])],
  };
  const sample: NamedTensors = new Map([
    ['x', drawn([2, 4], 3)],
    ['mask', tensorFrom('float32', [2, 4], [1, 0, 1, 1, 0, 0, 1, 1])],
  ]);
  const facts: Partial<CaseFacts> = {
    findings: [{ code: 'input-missing', severity: 'error', where: 'input mask', args: {} }],
  };
  const without = (operator: string): GraphInit => ({
    node: [node(operator, 'x', 'y')],
    input: [info('x', 'float32', [2, 4])],
    output: [info('y', 'float32', [2, 4])],
  });
  /** The candidate is fed what it takes. */
  const question = async (candidate: GraphInit): Promise<Question> => {
    const asking = await asked(masked, masked, [sample], facts);
    const lab = await labOf({
      reference: model(masked),
      candidate: model(candidate),
      inputs: new Map([['x', sample.get('x') as Tensor]]),
      dir: scratch(),
    });
    const ran =
      lab.candidate === null
        ? null
        : await lab.run(lab.candidate, { sample: new Map([['x', sample.get('x') as Tensor]]) });
    const given = ran?.ok === true ? ran.outputs : null;
    const own = asking.scene.lab;
    const { reference } = own.observed('0');
    const changedLab: Lab = { ...own, observed: () => ({ reference, candidate: given }) };
    return { ...asking, scene: { ...asking.scene, lab: changedLab } };
  };

  it('is the cause where the candidate answers as if it were one number everywhere', async () => {
    const evidence = await inputDropped.test(await question(without('Tanh')));
    expect(evidence).toMatchObject({ code: 'contract-differs', where: 'input mask', explained: 1 });
  });

  it('is not where it computes something else beside', async () => {
    expect(await inputDropped.test(await question(without('Sigmoid')))).toBeUndefined();
  });
});
