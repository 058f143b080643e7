import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { tensorFrom } from '../../src/tensor/build.ts';
import { serializeNpy } from '../../src/tensor/npy.ts';
import { sharedScratch, write } from '../scratch.ts';
import { onpar, readReport } from './onpar.ts';

const dir = sharedScratch();
const MODEL = (module: string): string => `import numpy
import torch
from pathlib import Path
from ${module} import factor


class Scale(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.table = torch.nn.Parameter(torch.from_numpy(numpy.load(Path(__file__).parent / "table.npy")))

    def forward(self, x):
        return x * factor() + self.table


def build():
    return Scale().eval()
`;
const helper = (factor: number): string => `"""A helper."""\n\n\ndef factor():\n    return ${factor}\n`;

async function run(): Promise<Record<string, { cached: number; total: number }>> {
  const { text } = await onpar(['run', '--out', 'run', '--reporter', 'terminal', '--python', 'managed'], {
    cwd: dir,
    deadlineMs: 590_000,
  });
  const { cases } = readReport(join(dir, 'run'));
  if (cases.some((c) => c.verdict !== 'pass')) throw new Error(text);
  return Object.fromEntries(cases.map((c) => [c.case, c.steps]));
}

beforeAll(async () => {
  write(dir, 'one/__init__.py', '');
  write(dir, 'one/helper.py', helper(2));
  write(dir, 'two_helper.py', helper(3));
  write(dir, 'one.py', MODEL('one.helper'));
  write(dir, 'model_one.py', MODEL('one.helper'));
  write(dir, 'model_two.py', MODEL('two_helper'));
  write(dir, 'table.npy', serializeNpy(tensorFrom('float32', [4], [1, 2, 3, 4])));
  const one = (n: string): string =>
    `  ${n}: { source: model_${n}.py, samples: "portfolio:2", inputs: { x: { dtype: float32, shape: [batch, 4] } }, convert: { to: onnx } }\n`;
  write(dir, 'onpar.yaml', `cases:\n${one('one')}${one('two')}`);
  await run();
});

const all = (steps: { cached: number; total: number } | undefined): boolean =>
  steps !== undefined && steps.cached === steps.total;

test('nothing edited: nothing runs', async () => {
  const steps = await run();
  expect([all(steps.one), all(steps.two)]).toEqual([true, true]);
});
test('a helper that a model imports is edited: that model’s steps run, the other’s do not', async () => {
  write(dir, 'one/helper.py', helper(5));
  const steps = await run();
  expect([all(steps.one), all(steps.two)]).toEqual([false, true]);
  // Describing, exporting and both observations load the model; only the samples do not.
  expect(steps.one?.cached).toBeLessThanOrEqual(1);
});
test('and back: the entries of the earlier state still hold', async () => {
  write(dir, 'one/helper.py', helper(2));
  expect(all((await run()).one)).toBe(true);
});
test('a file beside them that nobody imports changes nothing', async () => {
  write(dir, 'notes.py', 'x = 1\n');
  const steps = await run();
  expect([all(steps.one), all(steps.two)]).toEqual([true, true]);
});
test('a data file that both open is edited: both run', async () => {
  write(dir, 'table.npy', serializeNpy(tensorFrom('float32', [4], [4, 3, 2, 1])));
  const steps = await run();
  expect([all(steps.one), all(steps.two)]).toEqual([false, false]);
});
