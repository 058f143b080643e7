import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { scratch, sharedScratch, write } from '../scratch.ts';
import { MODELS, onpar, readReport } from './onpar.ts';

const cache = sharedScratch();
const MLP = join(MODELS, 'tiny-mlp.onnx');
const compare = (out: string, candidate = 'tiny-mlp.onnx', ...more: readonly string[]) =>
  onpar(['compare', MLP, join(MODELS, candidate), '--out', out, '--cache', cache, '--reporter', 'terminal', ...more]);

describe('a folder that cannot be the run’s', () => {
  test('below a file', async () => {
    const out = join(write(scratch(), 'file', 'mine'), 'run');
    const { exitCode, stderr } = await compare(out);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      new RegExp(
        `the output folder ${out} cannot be written: ENOTDIR.*\n {2}fix: name a folder that can be written with --out DIR`,
      ),
    );
  });
  test.runIf(process.platform === 'linux')('on a file system that takes no files', async () => {
    const { exitCode, stderr } = await compare('/proc/onpar-run');
    expect([exitCode, stderr.includes('the output folder /proc/onpar-run cannot be written')]).toEqual([2, true]);
  });
  test('a file', async () => {
    const out = write(scratch(), 'precious.txt', 'mine');
    const { exitCode, stderr } = await compare(out);
    expect([exitCode, stderr.trim()]).toEqual([2, `onpar: --out ${out} is a file\n  fix: name a folder`]);
    expect(readFileSync(out, 'utf8')).toBe('mine');
  });
  test('one that holds something else stays untouched', async () => {
    const out = scratch();
    write(out, 'thesis.tex', 'mine');
    write(out, 'index.html', 'mine');
    const { exitCode, stderr } = await compare(out);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`--out ${out} holds something that is not a run of onpar (index.html, thesis.tex)`);
    expect(stderr).toContain('onpar never overwrites what it did not write');
    expect(readdirSync(out).map((name) => readFileSync(join(out, name), 'utf8'))).toEqual(['mine', 'mine']);
  });
  test('a report of another program', async () => {
    const out = scratch();
    write(out, 'report.json', '{"tool": {"name": "other"}}');
    expect((await compare(out)).exitCode).toBe(2);
    expect(readdirSync(out)).toEqual(['report.json']);
  });
  test('a store that cannot be written', async () => {
    const store = join(write(scratch(), 'file', ''), 'store');
    const { exitCode, stderr } = await onpar(['compare', MLP, MLP, '--out', join(scratch(), 'run'), '--cache', store]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /the store .*file\/store cannot be written: .*\n {2}fix: name another folder with --cache DIR or ONPAR_CACHE/,
    );
  });
});

describe('a folder that is the run’s', () => {
  test('an empty one, a deep new one', async () => {
    const out = scratch();
    expect((await compare(out)).exitCode).toBe(0);
    const deep = join(scratch(), 'a', 'b', 'c');
    expect((await compare(deep)).exitCode).toBe(0);
    expect(readReport(deep).totals.pass).toBe(1);
  });
  test('a run of another plan is replaced, whole; files of the user beside it stay', async () => {
    const out = scratch();
    await compare(out, 'tiny-mlp-faulty.onnx');
    expect(existsSync(join(out, 'tensors', 'tiny-mlp', 'tiny-mlp-faulty.onnx@onnxruntime-node'))).toBe(true);
    write(out, 'notes.txt', 'mine');
    expect((await compare(out, 'tiny-mlp-int32.onnx')).exitCode).toBe(1);
    expect(readReport(out).cases.map((c) => c.id)).toEqual(['tiny-mlp/tiny-mlp-int32.onnx@onnxruntime-node']);
    expect(existsSync(join(out, 'tensors', 'tiny-mlp', 'tiny-mlp-faulty.onnx@onnxruntime-node'))).toBe(false);
    expect(readFileSync(join(out, 'notes.txt'), 'utf8')).toBe('mine');
  });
  test('the same plan again: every step from the store, the same verdict', async () => {
    const out = scratch();
    await compare(out, 'tiny-mlp-faulty.onnx');
    const again = await compare(out, 'tiny-mlp-faulty.onnx');
    expect(again.exitCode).toBe(1);
    expect(again.stdout).toContain('all steps cached');
    const { steps } = readReport(out).cases[0] as { steps: { total: number; cached: number } };
    expect(steps.cached).toBe(steps.total);
  });
  test('without --out: reports/<time> below the current folder', async () => {
    const cwd = scratch();
    expect((await onpar(['compare', MLP, MLP, '--cache', cache], { cwd })).exitCode).toBe(0);
    const [name = ''] = readdirSync(join(cwd, 'reports'));
    expect(name).toMatch(/^\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d/);
    expect(readdirSync(join(cwd, 'reports', name)).sort()).toEqual([
      'events.ndjson',
      'index.html',
      'junit.xml',
      'report.json',
      'summary.md',
      'tensors',
    ]);
    const shown = await onpar(['show'], { cwd });
    expect([shown.exitCode, shown.stdout.includes('Parity holds')]).toEqual([0, true]);
  });
  test('two runs in one second do not share a folder', async () => {
    const cwd = scratch();
    await Promise.all(
      [0, 1].map(() => onpar(['compare', MLP, MLP, '--cache', cache, '--reporter', 'terminal'], { cwd })),
    );
    expect(readdirSync(join(cwd, 'reports'))).toHaveLength(2);
  });
  test('an invocation that is refused leaves the earlier run', async () => {
    const out = scratch();
    await compare(out);
    const before = readFileSync(join(out, 'report.json'), 'utf8');
    expect((await compare(out, 'tiny-mlp.onnx', '--tolerance', 'nonsense')).exitCode).toBe(2);
    expect(readFileSync(join(out, 'report.json'), 'utf8')).toBe(before);
  });
  test('events.ndjson tells the run from start to end', async () => {
    const out = scratch();
    await compare(out);
    const events = readFileSync(join(out, 'events.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; exitCode?: number });
    expect([events[0]?.type, events.at(-1)]).toEqual([
      'run-start',
      expect.objectContaining({ type: 'run-end', exitCode: 0 }),
    ]);
    expect(events.filter((e) => e.type === 'case-end')).toHaveLength(1);
  });
});

/** A file system of its own with that many KiB; undefined where this user may not mount one. */
function smallDisk(kib: number): string | undefined {
  const dir = scratch();
  const mount = join(dir, 'disk');
  mkdirSync(mount);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', mount], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  onTestFinished(() => void execFileSync('umount', [mount]));
  return mount;
}

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'a full disk (needs root on Linux, to mount a small one)',
  () => {
    test('under the store: told as such, the environment’s exit code, and no half entry', async ({ skip }) => {
      const disk = smallDisk(24) ?? skip('mount is not allowed here');
      const out = scratch();
      const { exitCode, stdout } = await onpar([
        'compare',
        MLP,
        MLP,
        '--out',
        out,
        '--cache',
        join(disk, 'store'),
        '--reporter',
        'terminal',
      ]);
      expect(exitCode).toBe(3);
      expect(readReport(out).cases[0]?.findings.map((f) => f.code)).toEqual(['disk-full']);
      expect(stdout).toContain('the disk is full');
      expect(stdout).toContain('--cache DIR');
      // The same again on a disk that has room finds nothing half-written.
      expect((await onpar(['compare', MLP, MLP, '--out', out, '--cache', cache])).exitCode).toBe(0);
    });
    test('under the output folder: the fix is another --out', async ({ skip }) => {
      const disk = smallDisk(12) ?? skip('mount is not allowed here');
      const { exitCode, stderr } = await compare(join(disk, 'run'), 'tiny-mlp-faulty.onnx');
      expect(exitCode).toBe(3);
      expect(stderr).toMatch(/could not be written to|cannot be written/);
      expect(stderr).toMatch(/fix: free some space,? or name another folder/);
      expect(stderr).not.toContain('a bug in onpar');
    });
  },
);
