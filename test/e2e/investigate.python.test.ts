import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { scratch, sharedScratch, write } from '../scratch.ts';
import { onlyCase, onpar, readReport, start } from './onpar.ts';
import { writeTinyOnnx } from './tiny-onnx.ts';

const dir = sharedScratch();
const LOOKING = { env: { ONPAR_INVESTIGATE: undefined } };

/** Two linear layers around an activation; the second's bias is what a converter may lose. */
function network(path: string, { bias, slope }: { bias: readonly number[]; slope: number }): void {
  writeTinyOnnx(path, {
    inputs: { x: ['batch', 3] },
    outputs: { y: ['batch', 2] },
    weights: {
      w1: { dims: [3, 4], values: [0.4, -0.7, 1.1, 0.2, -0.5, 0.9, 0.3, -1.2, 0.8, 0.1, -0.6, 0.5] },
      w2: { dims: [4, 2], values: [0.6, -0.4, 1.3, 0.2, -0.9, 0.7, 0.5, -1.1] },
      b2: { dims: [2], values: bias },
    },
    nodes: [
      { opType: 'MatMul', name: 'first', input: ['x', 'w1'], output: ['h'] },
      { opType: 'LeakyRelu', name: 'act', input: ['h'], output: ['a'], floats: { alpha: slope } },
      { opType: 'MatMul', name: 'second', input: ['a', 'w2'], output: ['p'] },
      { opType: 'Add', name: 'shift', input: ['p', 'b2'], output: ['s'] },
      { opType: 'Tanh', name: 'squash', input: ['s'], output: ['y'] },
    ],
  });
}

beforeAll(() => {
  network(join(dir, 'reference.onnx'), { bias: [0.3, -0.8], slope: 0.01 });
  network(join(dir, 'no-bias.onnx'), { bias: [0, 0], slope: 0.01 });
  network(join(dir, 'slope.onnx'), { bias: [0.3, -0.8], slope: 0.3 });
  network(join(dir, 'both.onnx'), { bias: [0, 0], slope: 0.3 });
  network(join(dir, 'same.onnx'), { bias: [0.3, -0.8], slope: 0.01 });
});

describe('a failure is explained', () => {
  test('by itself, in the run that found it: node, cause with its experiment, and a mended copy that passes', async () => {
    const { exitCode, stdout } = await onpar(['compare', 'reference.onnx', 'no-bias.onnx', '--out', 'lost'], {
      cwd: dir,
      ...LOOKING,
    });
    expect(exitCode).toBe(1);
    const c = onlyCase(join(dir, 'lost'));
    expect(c.firstDivergence).toMatchObject({ node: 'shift', opType: 'Add', tensor: 's' });
    expect(c.diagnoses[0]).toMatchObject({ code: 'bias-dropped', confidence: 1 });
    expect(Number(c.diagnoses[0]?.evidence.before)).toBeGreaterThan(0.1);
    expect(Number(c.diagnoses[0]?.evidence.after)).toBeLessThan(1e-6);
    expect(stdout).toMatch(/cause: .*the bias is lost \[bias-dropped\]/);
    expect(stdout).toContain('first wrong at Add shift');
    const [file] = c.investigation?.files ?? [];
    expect(file).toMatchObject({ kind: 'repair' });
    expect(file?.changes.join('\n')).toContain('b2');
    const again = await onpar(['compare', 'reference.onnx', join('lost', file?.path ?? ''), '--out', 'again'], {
      cwd: dir,
    });
    expect(again.exitCode).toBe(0);
    const taken = await onpar(['repair', 'lost', '--out', 'mended'], { cwd: dir });
    expect(taken.exitCode).toBe(0);
    expect(existsSync(join(dir, 'mended', 'model.onnx'))).toBe(true);
  });

  test('two culprits, each with a cause of its own', async () => {
    await onpar(['compare', 'reference.onnx', 'both.onnx', '--out', 'two', '--investigate'], { cwd: dir });
    const c = onlyCase(join(dir, 'two'));
    expect(c.investigation?.divergences.map(({ reference }) => reference.node)).toEqual(['act', 'shift']);
    expect(c.diagnoses.map(({ code }) => code)).toEqual(['activation-variant', 'bias-dropped']);
  });

  test('afterwards, of a run folder that was moved, and only where it was asked for', async () => {
    write(
      dir,
      'onpar.yaml',
      'cases:\n  net:\n    source: reference.onnx\n    convert:\n      - { artifact: slope.onnx, name: slope }\n      - { artifact: no-bias.onnx, name: bias }\n      - { artifact: same.onnx, name: same }\n',
    );
    await onpar(['run', '--out', 'run'], { cwd: dir });
    expect(readReport(join(dir, 'run')).cases.map((c) => c.investigation)).toEqual([undefined, undefined, undefined]);
    renameSync(join(dir, 'run'), join(dir, 'moved'));
    const { exitCode, stdout } = await onpar(['investigate', 'moved', 'net/slope@onnxruntime-node'], { cwd: dir });
    expect(exitCode).toBe(0);
    const [slope, bias] = readReport(join(dir, 'moved')).cases;
    expect(slope?.diagnoses[0]?.code).toBe('activation-variant');
    expect(stdout).toContain('[activation-variant]');
    expect(bias?.investigation).toBeUndefined();
    const passing = await onpar(['investigate', 'moved', 'net/same@onnxruntime-node'], { cwd: dir });
    expect(passing.exitCode).toBe(0);
    const same = readReport(join(dir, 'moved')).cases.find(({ id }) => id === 'net/same@onnxruntime-node');
    expect(same?.investigation).toMatchObject({ status: 'none', reason: expect.stringContaining('it passes') });
  });

  test('what was found before the budget ended is kept and told as partial', async () => {
    await onpar(['compare', 'reference.onnx', 'no-bias.onnx', '--out', 'short', '--no-cache', '--investigate=0.001'], {
      cwd: dir,
    });
    const c = onlyCase(join(dir, 'short'));
    expect(c.verdict).toBe('fail');
    expect(c.investigation).toMatchObject({ status: 'partial', reason: expect.stringContaining('spent') });
  });

  test('which option makes the difference: each is tried, and told', async () => {
    await onpar(['compare', 'reference.onnx', 'slope.onnx', '--out', 'choices', '--investigate=off'], { cwd: dir });
    await onpar(['investigate', 'choices', '--bisect', 'runtime'], { cwd: dir });
    const [bisection] = onlyCase(join(dir, 'choices')).investigation?.bisections ?? [];
    expect(bisection).toMatchObject({ over: 'runtime-option', culprit: null, complete: true });
    expect(bisection?.trials.length).toBeGreaterThan(1);
    const said = bisection?.trials.map(({ verdict }) => verdict);
    expect(said).toContain('differs');
    expect(said).not.toContain('agrees');
  });
});

describe('what cannot be looked into is named', () => {
  test('a run of an earlier version, a case that is not there, a model that is gone, a budget that is none', async () => {
    await onpar(['compare', 'reference.onnx', 'no-bias.onnx', '--out', 'old'], { cwd: dir });
    const file = join(dir, 'old', 'report.json');
    const report = JSON.parse(readFileSync(file, 'utf8')) as { run: { command?: unknown } };
    const { command, ...run } = report.run;
    writeFileSync(file, JSON.stringify({ ...report, run }));
    const old = await onpar(['investigate', 'old'], { cwd: dir });
    expect(old.exitCode).toBe(2);
    expect(old.stderr).toContain('an earlier version of onpar');
    writeFileSync(file, JSON.stringify({ ...report, run: { ...run, command } }));
    const unknown = await onpar(['investigate', 'old', 'nobody'], { cwd: dir });
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('has no case `nobody`');
    const none = await onpar(['investigate', 'old', '--budget', 'soon'], { cwd: dir });
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toContain('number of seconds');
    const elsewhere = scratch();
    cpSync(dir, elsewhere, { recursive: true });
    rmSync(join(elsewhere, 'no-bias.onnx'));
    const gone = await onpar(['investigate', 'old'], { cwd: elsewhere });
    expect(gone.exitCode).toBe(2);
    expect(gone.stderr).toContain('no-bias.onnx');
  });

  test('Ctrl-C: exit code 130, and the report is whole', async () => {
    await onpar(['compare', 'reference.onnx', 'both.onnx', '--out', 'stopped'], { cwd: dir });
    const run = start(['investigate', 'stopped', '--no-cache'], { cwd: dir });
    await run.seen(/looking|running/);
    run.child.kill('SIGINT');
    const { exitCode } = await run.finished;
    expect(exitCode).toBe(130);
    expect(readReport(join(dir, 'stopped')).cases).toHaveLength(1);
  });
});
