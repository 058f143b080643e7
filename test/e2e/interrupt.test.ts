import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratch, write } from '../scratch.ts';
import { onpar, readReport, start, withModels } from './onpar.ts';

/** Children of a process, of any depth. */
function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      parents.set(
        Number(name),
        Number(/^\d+ \(.*\) \S (\d+)/s.exec(readFileSync(join('/proc', name, 'stat'), 'utf8'))?.[1]),
      );
    } catch {
      // Gone while we looked.
    }
  }
  const below = (of: number): number[] =>
    [...parents].filter(([, parent]) => parent === of).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A zombie of a container without init is dead, too.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

/** A suite whose first case is done at once and whose second waits in an exporter of its own for a minute. */
function slowProject(): string {
  const dir = withModels(scratch(), 'tiny-mlp.onnx');
  write(
    dir,
    'slow.mjs',
    "import { spawn } from 'node:child_process';\nspawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'inherit' });\nsetTimeout(() => {}, 60000);\n",
  );
  write(
    dir,
    'onpar.yaml',
    `cases:\n  quick: { source: tiny-mlp.onnx, convert: { to: same } }\n  slow: { source: tiny-mlp.onnx, convert: { to: onnx, exporter: { command: [${JSON.stringify(process.execPath)}, slow.mjs] } } }\n`,
  );
  return dir;
}

describe.runIf(process.platform === 'linux')('Ctrl-C in the middle', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s: exit code 130, no process left, what is done is kept and told as partial',
    async (signal) => {
      const dir = slowProject();
      const run = start(['run', '--out', 'run', '--reporter', 'terminal'], { cwd: dir });
      await run.seen(/quick\/same@onnxruntime-node +identical/);
      const pid = run.child.pid as number;
      await expect.poll(() => descendants(pid).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
      const children = descendants(pid);
      run.child.kill(signal);
      const { exitCode, stdout, stderr } = await run.finished;
      expect(exitCode).toBe(130);
      await expect.poll(() => children.filter(isAlive)).toEqual([]);
      expect(stderr).toContain('interrupted; ending workers and keeping what is done');
      expect(stdout).toContain('partial run');
      const report = readReport(join(dir, 'run'));
      expect(report.run).toMatchObject({ partial: true, exitCode: 130 });
      expect(report.cases.map((c) => [c.case, c.verdict])).toEqual([['quick', 'pass']]);
      const again = await onpar(['run', '--out', 'run', '--case', 'quick', '--reporter', 'terminal'], { cwd: dir });
      expect(again.stdout).toContain('all steps cached');
      expect(readReport(join(dir, 'run')).run.partial).toBe(false);
    },
  );
  test('in a terminal, where every process of the group gets it: no worker’s death is taken for a result', async () => {
    const dir = slowProject();
    const run = start(['run', '--out', 'run', '--reporter', 'terminal'], { cwd: dir, ownGroup: true });
    await run.seen(/quick\/same@onnxruntime-node +identical/);
    await expect.poll(() => descendants(run.child.pid as number).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    const children = descendants(run.child.pid as number);
    process.kill(-(run.child.pid as number), 'SIGINT');
    expect((await run.finished).exitCode).toBe(130);
    expect(readReport(join(dir, 'run')).cases.map((c) => [c.case, c.verdict])).toEqual([['quick', 'pass']]);
    await expect.poll(() => children.filter(isAlive)).toEqual([]);
  });
  test('a second one leaves at once', async () => {
    const dir = slowProject();
    // A reporter that never ends stands for anything that takes long after the first Ctrl-C.
    write(
      dir,
      'stuck.mjs',
      "export default { name: 'stuck', onRunEnd() { process.stderr.write('stuck now\\n'); return new Promise(() => { setInterval(() => {}, 1000); }); } };\n",
    );
    const run = start(['run', '--out', 'run', '--reporter', './stuck.mjs', '--case', 'slow'], { cwd: dir });
    await expect.poll(() => descendants(run.child.pid as number).length, { timeout: 10_000 }).toBeGreaterThanOrEqual(2);
    const children = descendants(run.child.pid as number);
    run.child.kill('SIGINT');
    await run.seen('stuck now');
    run.child.kill('SIGINT');
    expect((await run.finished).exitCode).toBe(130);
    await expect.poll(() => children.filter(isAlive)).toEqual([]);
  });
  test('a complete run of another plan in the folder is kept', async () => {
    const dir = slowProject();
    write(dir, 'other.yaml', 'cases:\n  other: { source: tiny-mlp.onnx, convert: { to: same } }\n');
    expect((await onpar(['run', 'other.yaml', '--out', 'run'], { cwd: dir })).exitCode).toBe(0);
    const before = Object.fromEntries(
      ['report.json', 'index.html', 'junit.xml'].map((name) => [name, readFileSync(join(dir, 'run', name), 'utf8')]),
    );
    const run = start(['run', '--out', 'run'], { cwd: dir });
    await run.seen(/quick\/same@onnxruntime-node +identical/);
    run.child.kill('SIGINT');
    const { exitCode, stderr } = await run.finished;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('keeps the complete run that it held');
    for (const [name, text] of Object.entries(before)) expect(readFileSync(join(dir, 'run', name), 'utf8')).toBe(text);
  });
  test('while a model runs: nothing is restarted, and no sample is blamed', async () => {
    const dir = withModels(scratch(), 'tiny-mlp.onnx');
    const lines = Array.from(
      { length: 40 },
      (_, i) => `  c${i}: { source: tiny-mlp.onnx, dims: { batch: [${i + 2000}] }, convert: { to: same } }`,
    );
    write(dir, 'onpar.yaml', `cases:\n${lines.join('\n')}\n`);
    const run = start(['run', '--out', 'run', '--reporter', 'terminal', '--jobs', '2'], { cwd: dir });
    await run.seen(/c0\/same@onnxruntime-node +identical/);
    run.child.kill('SIGINT');
    const { exitCode } = await run.finished;
    const { cases } = readReport(join(dir, 'run'));
    expect([exitCode, new Set(cases.map((c) => c.verdict))]).toEqual([130, new Set(['pass'])]);
    expect(cases.length).toBeLessThan(40);
  });
});
