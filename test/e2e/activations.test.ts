import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { scratch, sharedScratch, write } from '../scratch.ts';
import { codesOf, onlyCase, onpar } from './onpar.ts';
import { writeTinyOnnx } from './tiny-onnx.ts';

const dir = sharedScratch();

/** Two branches: one whose bias keeps its ReLU at zero for every legal input, one that is alive in one channel of two. */
function writeModel(path: string, hidden: number): void {
  writeTinyOnnx(path, {
    inputs: { x: ['batch', 2] },
    weights: {
      // No sample of the range gets past this bias.
      bias: { dims: [2], values: [-100, -100] },
      half: { dims: [2], values: [0, -100] },
      hidden: { dims: [1], values: [hidden] },
    },
    nodes: [
      { opType: 'Mul', input: ['x', 'hidden'], output: ['scaled'] },
      { opType: 'Add', input: ['scaled', 'bias'], output: ['low'] },
      { opType: 'Relu', input: ['low'], output: ['dead'] },
      { opType: 'Add', input: ['x', 'half'], output: ['mixed'] },
      { opType: 'Relu', input: ['mixed'], output: ['alive'] },
      { opType: 'Add', input: ['dead', 'alive'], output: ['sum'] },
      { opType: 'Tanh', input: ['sum'], output: ['y'] },
    ],
    outputs: { y: ['batch', 2] },
  });
}

beforeAll(() => {
  writeModel(join(dir, 'a.onnx'), 1);
  writeModel(join(dir, 'b.onnx'), 2);
  write(
    dir,
    'onpar.yaml',
    'cases:\n  net: { source: a.onnx, inputs: { x: { range: [-9, 9] } }, convert: { artifact: b.onnx } }\n',
  );
});

test('a suite tells which activations the samples never moved: a fault behind them passes unseen', async () => {
  const { exitCode, stdout } = await onpar(['run', '--out', 'run'], { cwd: dir });
  expect(exitCode).toBe(0);
  expect(stdout.match(/net: .*1 of 3 activations never left zero: dead \[activation-dead\]/g)).toHaveLength(1);
  const c = onlyCase(join(dir, 'run'));
  expect(c.coverage?.activations?.map(({ tensor, state, inactive }) => [tensor, state, inactive])).toEqual([
    ['dead', 'stuck', 1],
    ['alive', 'moved', 1 / 2],
    ['y', 'moved', null],
  ]);
  const finding = c.findings.find(({ code }) => code === 'activation-dead');
  expect(finding).toMatchObject({ severity: 'warning', args: { names: ['dead'], of: 3 } });
  expect(finding?.message).toContain('1 of 3 activations never left zero: dead');
  const saturated = c.coverage?.activations?.[2]?.saturated ?? 0;
  expect(saturated).toBeGreaterThan(0);
  expect(saturated).toBeLessThan(1);
});

test('the second run takes it from the store, and the page shows it', async () => {
  expect((await onpar(['run', '--out', 'run', '--reporter', 'html'], { cwd: dir })).exitCode).toBe(0);
  const c = onlyCase(join(dir, 'run'));
  expect(c.steps.cached).toBe(c.steps.total);
  expect(c.coverage?.activations).toHaveLength(3);
  const page = readFileSync(join(dir, 'run', 'index.html'), 'utf8').replaceAll(/<[^>]+>/g, '');
  expect(page).toContain('dead (Relu) never left zero');
  expect(page).toContain('alive (Relu) 50 % of its channels never became active');
});

test('a quick comparison does not look inside, with --deep it does', async () => {
  const own = scratch();
  writeModel(join(own, 'a.onnx'), 1);
  const compare = async (...more: string[]) => {
    await onpar(['compare', 'a.onnx', 'a.onnx', '--range', 'x=-9,9', '--out', 'run', ...more], { cwd: own });
    return onlyCase(join(own, 'run'));
  };
  const quick = await compare();
  expect([quick.coverage?.activations, codesOf(quick).includes('activation-dead')]).toEqual([undefined, false]);
  expect((await compare('--deep')).coverage?.activations).toHaveLength(3);
});
