import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratch } from '../scratch.ts';
import { MODELS, onpar, readReport } from './onpar.ts';

test('special values are judged apart: they count in the verdict, not in the measures', async () => {
  const dir = scratch();
  const model = join(MODELS, 'tiny-mlp.onnx');
  const { exitCode } = await onpar([
    'compare',
    model,
    model,
    '--special',
    '--out',
    join(dir, 'run'),
    '--cache',
    join(dir, 'cache'),
  ]);
  const [c] = readReport(join(dir, 'run')).cases;
  expect(exitCode).toBe(0);
  expect(c?.samples.filter((s) => s.group === 'special').map((s) => [s.id, s.verdict])).toEqual([
    ['special-nan', 'pass'],
    ['special-infinity', 'pass'],
    ['special-denormal', 'pass'],
  ]);
  expect(c?.outputs[0]?.samples.some((s) => s.sample.startsWith('special'))).toBe(false);
});

test('a difference for NaN alone fails only where it was asked for', async () => {
  const dir = scratch();
  const models = ['doubled', 'doubled-guarded'].map((name) => join(MODELS, `${name}.onnx`));
  const run = (...more: string[]) =>
    onpar(['compare', ...models, ...more, '--out', join(dir, 'run'), '--cache', join(dir, 'cache')]);
  expect((await run()).exitCode).toBe(0);
  expect((await run('--special')).exitCode).toBe(1);
  const [c] = readReport(join(dir, 'run')).cases;
  expect(c?.verdict).toBe('fail');
  expect(c?.grade).toBe('identical');
  expect(c?.findings.filter((f) => f.severity === 'error').map((f) => [f.code, f.where, f.args.group])).toEqual([
    ['nan-differs', 'output y (special values)', 'special'],
  ]);
  expect(c?.samples.filter((s) => s.verdict === 'fail').map((s) => s.id)).toEqual(['special-nan']);
});
