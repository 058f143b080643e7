import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesBelow } from '../../src/core/hash.ts';
import { scratch, write } from '../scratch.ts';
import { onpar, readReport, withModels } from './onpar.ts';

/** A folder with two models and a suite of them. */
function project(): string {
  const dir = withModels(scratch(), 'tiny-mlp.onnx', 'tiny-mlp-int32.onnx', 'two-outputs.onnx');
  write(
    dir,
    'onpar.yaml',
    'cases:\n  mlp: { source: tiny-mlp.onnx, samples: "portfolio:3", convert: { to: same } }\n  two: { source: two-outputs.onnx, samples: "portfolio:3", convert: { to: same } }\n',
  );
  return dir;
}

async function run(dir: string, ...more: readonly string[]) {
  const finished = await onpar(['run', '--out', 'run', '--reporter', 'terminal', ...more], { cwd: dir });
  const { cases } = readReport(join(dir, 'run'));
  return {
    ...finished,
    steps: Object.fromEntries(cases.map((c) => [c.case, `${c.steps.cached}/${c.steps.total}`])),
    verdicts: cases.map((c) => c.verdict),
  };
}

const entries = (dir: string): string[] =>
  filesBelow(join(dir, '.onpar', 'steps')).filter((path) => path.endsWith('step.json'));

describe('a step that ran is not run again', () => {
  test('second run: everything cached; --no-cache: nothing; then everything again', async () => {
    const dir = project();
    expect((await run(dir)).verdicts).toEqual(['pass', 'pass']);
    expect((await run(dir)).steps).toEqual({ mlp: '10/10', two: '10/10' });
    const fresh = await run(dir, '--no-cache');
    expect(Object.values(fresh.steps).map((s) => s.split('/')[0])).toEqual(['0', '0']);
    expect((await run(dir)).steps).toEqual({ mlp: '10/10', two: '10/10' });
  });
  test('another model behind the same name: its steps run, the other case’s do not', async () => {
    const dir = project();
    await run(dir);
    writeFileSync(join(dir, 'tiny-mlp.onnx'), readFileSync(join(dir, 'tiny-mlp-int32.onnx')));
    const { steps } = await run(dir);
    expect(steps.two).toBe('10/10');
    expect(steps.mlp).toMatch(/^[01]\/10$/);
  });
  test('another seed makes other samples; another tolerance only judges anew', async () => {
    const dir = project();
    await run(dir);
    expect((await run(dir, '--tolerance', 'atol=1')).steps).toEqual({ mlp: '9/10', two: '9/10' });
    expect((await run(dir, '--seed', '9')).steps.mlp).toMatch(/^1\/|^2\//);
  });
  test('--cache, ONPAR_CACHE and beside the suite, in this order', async () => {
    const dir = project();
    await onpar(['run', '--out', 'run', '--cache', 'one'], { cwd: dir, env: { ONPAR_CACHE: join(dir, 'two') } });
    expect([
      existsSync(join(dir, 'one', 'steps')),
      existsSync(join(dir, 'two')),
      existsSync(join(dir, '.onpar')),
    ]).toEqual([true, false, false]);
    await onpar(['run', '--out', 'run'], { cwd: dir, env: { ONPAR_CACHE: join(dir, 'two') } });
    expect([existsSync(join(dir, 'two', 'steps')), existsSync(join(dir, '.onpar'))]).toEqual([true, false]);
    await onpar(['run', '--out', 'run'], { cwd: dir });
    expect(readFileSync(join(dir, '.onpar', '.gitignore'), 'utf8')).toBe('*\n');
  });
});

describe('damage', () => {
  test('a truncated record is made again, and only that step', async () => {
    const dir = project();
    await run(dir);
    const broken =
      entries(dir).find((path) =>
        JSON.stringify(JSON.parse(readFileSync(join(dir, '.onpar', 'steps', path), 'utf8'))).includes(
          '"runMilliseconds"',
        ),
      ) ??
      entries(dir)[0] ??
      '';
    truncateSync(join(dir, '.onpar', 'steps', broken), 10);
    const again = await run(dir);
    expect(again.verdicts).toEqual(['pass', 'pass']);
    expect(Object.values(again.steps)).toContain('10/10');
    expect((await run(dir)).steps).toEqual({ mlp: '10/10', two: '10/10' });
  });
  test('tensors that are gone from an entry are made again', async () => {
    const dir = project();
    await run(dir);
    const steps = join(dir, '.onpar', 'steps');
    for (const path of filesBelow(steps)) if (path.endsWith('.safetensors')) rmSync(join(steps, path));
    const again = await run(dir, '--tolerance', 'atol=1');
    expect(again.verdicts).toEqual(['pass', 'pass']);
    expect(again.text).not.toContain('a bug in onpar');
  });
});

describe('two runs at once in one store', () => {
  test('both are right, and nothing is left half-written', async () => {
    const dir = project();
    const both = await Promise.all(
      ['a', 'b', 'c'].map((out) => onpar(['run', '--out', out, '--reporter', 'terminal'], { cwd: dir })),
    );
    expect(both.map((f) => f.exitCode)).toEqual([0, 0, 0]);
    expect(['a', 'b', 'c'].map((out) => readReport(join(dir, out)).totals.pass)).toEqual([2, 2, 2]);
    expect(readdirSync(join(dir, '.onpar', 'tmp'))).toEqual([]);
    expect((await run(dir)).steps).toEqual({ mlp: '10/10', two: '10/10' });
  });
});
