import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratch, write } from '../scratch.ts';
import { onpar, readReport, withModels } from './onpar.ts';

/** A machine on which nothing can be installed: no package index, no uv cache, an empty toolchains folder. */
const cutOff = (dir: string): Record<string, string> => ({
  ONPAR_TOOLCHAINS: join(dir, 'toolchains'),
  UV_DEFAULT_INDEX: 'http://127.0.0.1:9',
  UV_CACHE_DIR: join(dir, 'uv-cache'),
  UV_HTTP_TIMEOUT: '2',
  UV_HTTP_RETRIES: '0',
  PIP_INDEX_URL: 'http://127.0.0.1:9',
  PIP_RETRIES: '0',
  PIP_DEFAULT_TIMEOUT: '2',
  PIP_NO_CACHE_DIR: '1',
});
/** A machine without Python. */
const noPython = (dir: string): Record<string, string> => ({
  ONPAR_TOOLCHAINS: join(dir, 'toolchains'),
  ONPAR_PYTHON: join(dir, 'python3'),
});

async function run(suite: string, environment: (dir: string) => Record<string, string>) {
  const dir = withModels(scratch(), 'tiny-mlp.onnx');
  write(dir, 'onpar.yaml', suite);
  const finished = await onpar(['run', '--out', 'run', '--reporter', 'terminal'], { cwd: dir, env: environment(dir) });
  return { ...finished, report: readReport(join(dir, 'run')) };
}

const PYTHON = 'python: { source: tiny-mlp.onnx, convert: { to: same, run: onnxruntime } }';
const OPTIONAL = 'python: { source: tiny-mlp.onnx, convert: { to: same, run: onnxruntime, optional: true } }';
const NODE = 'node: { source: tiny-mlp.onnx, convert: { to: same } }';

test('nothing can be installed: exit code 3, what pip or uv said, and how to mend it', async () => {
  const { exitCode, stdout, report } = await run(`cases:\n  ${PYTHON}\n`, cutOff);
  expect([exitCode, report.cases[0]?.verdict, report.run.exitCode]).toEqual([3, 'error', 3]);
  expect(report.cases[0]?.findings.map((f) => f.code).join()).toMatch(/^(toolchain-install-failed|uv-missing)$/);
  expect(stdout).toMatch(/UV_DEFAULT_INDEX|install uv/);
  expect(stdout).toContain('No case could run: the environment failed');
});

describe('there is no Python', () => {
  test('exit code 3 when no case could run', async () => {
    const { exitCode, stdout, report } = await run(`cases:\n  ${PYTHON}\n`, noPython);
    expect([exitCode, report.cases[0]?.findings.map((f) => f.code)]).toEqual([3, ['python-missing']]);
    expect(stdout).toMatch(/no Python 3\.11 or 3\.12 was found \(.*python3: not found\)/);
    expect(stdout.replace(/\s+/g, ' ')).toContain('set ONPAR_PYTHON to its path');
  });
  test('exit code 1 when another case ran', async () => {
    const { exitCode, report } = await run(`cases:\n  ${PYTHON}\n  ${NODE}\n`, noPython);
    expect([exitCode, report.cases.map((c) => c.verdict)]).toEqual([1, ['error', 'pass']]);
  });
  test('`optional: true` skips it, told; alone it still proves nothing', async () => {
    const beside = await run(`cases:\n  ${OPTIONAL}\n  ${NODE}\n`, noPython);
    expect([beside.exitCode, beside.report.cases.map((c) => c.verdict)]).toEqual([0, ['skipped', 'pass']]);
    expect(beside.stdout).toMatch(/python\/same@onnxruntime +skipped +optional: /);
    const alone = await run(`cases:\n  ${OPTIONAL}\n`, noPython);
    expect([alone.exitCode, alone.report.totals.skipped]).toEqual([1, 1]);
  });
});

test('--python that is no Python: named, with what could be named instead', async () => {
  const dir = withModels(scratch(), 'tiny-mlp.onnx');
  write(
    dir,
    'onpar.yaml',
    `cases:\n  a: { source: tiny-mlp.onnx, reference: { runtime: onnxruntime }, python: ./not-python, convert: { to: same } }\n`,
  );
  const { exitCode, stdout } = await onpar(['run', '--out', 'run', '--reporter', 'terminal'], { cwd: dir });
  expect(exitCode).toBe(3);
  expect(stdout).toContain(`${join(dir, 'not-python')} is not a Python interpreter that runs`);
  expect(stdout.replace(/\s+/g, ' ')).toContain('or of a virtual environment’s folder, or `managed`');
});
