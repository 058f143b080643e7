import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/records/report.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import { sharedScratch, write } from '../scratch.ts';
import { BAD, type Finished, onpar, readReport } from './onpar.ts';

/** One run of everything that can be wrong with a user's PyTorch code: starting torch is what costs, so it is shared. */
const SUITE = `
cases:
  healthy: { source: broken.py:build, inputs: &x { x: { dtype: float32, shape: [batch, 4] } }, weights: good.safetensors, convert: { to: onnx } }
  raises: { source: broken.py:raises, inputs: *x, convert: { to: onnx } }
  list: { source: broken.py:returns_a_list, inputs: *x, convert: { to: onnx } }
  nothing: { source: broken.py:returns_nothing, inputs: *x, convert: { to: onnx } }
  argument: { source: broken.py:needs_an_argument, inputs: *x, convert: { to: onnx } }
  misspelt: { source: broken.py:biuld, inputs: *x, convert: { to: onnx } }
  import: { source: unimportable.py, inputs: *x, convert: { to: onnx } }
  syntax: { source: syntax_error.py, inputs: *x, convert: { to: onnx } }
  misfit: { source: broken.py:build, inputs: *x, weights: misfit.safetensors, convert: { to: onnx } }
  noinputs: { source: broken.py:build, convert: { to: onnx } }
  wronginput: { source: broken.py:build, inputs: { y: { dtype: float32, shape: [batch, 4] }, x: { dtype: float32, shape: [batch, 4] } }, convert: { to: onnx } }
  ones: { source: broken.py:raises_on_ones, inputs: *x, convert: { to: same } }
  greedy: { source: broken.py:greedy, inputs: *x, convert: { to: same } }
  training: { source: broken.py:training, inputs: *x, convert: { to: same } }
  aborts: { source: broken.py:aborts, inputs: *x, convert: { to: same } }
  hangs: { source: broken.py:hangs, inputs: *x, samples: "portfolio:1", timeout: 20, convert: { to: same } }
  after: { source: broken.py:build, inputs: *x, convert: { to: same } }
`;

const dir = sharedScratch();
let finished: Finished;
let report: Report;

beforeAll(async () => {
  cpSync(join(BAD, 'models'), dir, { recursive: true });
  const weight = (columns: number) =>
    tensorFrom(
      'float32',
      [2, columns],
      Array.from({ length: 2 * columns }, (_, i) => i),
    );
  writeSafetensors(
    join(dir, 'good.safetensors'),
    new Map([
      ['layer.weight', weight(4)],
      ['layer.bias', tensorFrom('float32', [2], [0, 1])],
    ]),
  );
  writeSafetensors(
    join(dir, 'misfit.safetensors'),
    new Map([
      ['layer.weight', weight(6)],
      ['head.bias', tensorFrom('float32', [2], [0, 1])],
    ]),
  );
  write(dir, 'onpar.yaml', SUITE);
  finished = await onpar(['run', '--out', 'run', '--reporter', 'terminal', '--jobs', '1', '--python', 'managed'], {
    cwd: dir,
    deadlineMs: 590_000,
  });
  report = readReport(join(dir, 'run'));
});

function caseOf(name: string): Report['cases'][number] {
  const found = report.cases.find((c) => c.case === name);
  if (found === undefined) throw new Error(`no case ${name}:\n${finished.text}`);
  return found;
}

describe('the user’s code', () => {
  test('the run ends with 1, tells every case, and is no bug of onpar', () => {
    expect([finished.exitCode, report.cases.length]).toEqual([1, 17]);
    expect(finished.text).not.toContain('a bug in onpar');
    expect(report.cases.filter((c) => c.verdict === 'pass').map((c) => c.case)).toEqual(['healthy', 'after']);
  });
  test.each<[string, string, RegExp, RegExp]>([
    [
      'raises',
      'model-code-failed',
      /broken\.py: raises\(\) raised RuntimeError: the checkpoint is from 2019 at broken\.py:\d+$/,
      /^/,
    ],
    [
      'list',
      'model-not-returned',
      /broken\.py:returns_a_list returned list, not a torch\.nn\.Module$/,
      /return a torch\.nn\.Module/,
    ],
    [
      'nothing',
      'model-not-returned',
      /broken\.py:returns_nothing returned None, not a torch\.nn\.Module$/,
      /return a torch\.nn\.Module/,
    ],
    ['argument', 'model-code-failed', /needs arguments \(size\)/, /give them defaults/],
    ['misspelt', 'callable-missing', /broken\.py has no biuld; it has .*\bbuild\b/, /name one of them/],
    [
      'import',
      'package-missing',
      /unimportable\.py:3 imports a_package_that_nobody_has, which this environment lacks/,
      /pip install a_package_that_nobody_has/,
    ],
    ['syntax', 'model-code-failed', /syntax_error\.py.*SyntaxError.* at syntax_error\.py:1$/, /^/],
    ['misfit', 'weights-mismatch', /misfit\.safetensors.*layer\.weight.*|layer\.bias/, /^/],
    [
      'noinputs',
      'inputs-unknown',
      /case `noinputs`: nothing tells which inputs broken\.py:build takes/,
      /example_inputs\(\)/,
    ],
    ['wronginput', 'unknown-input', /case `wronginput`: `inputs` names `y`, which broken\.py:build does not take/, /x/],
  ])('%s: %s', (name, code, message, fix) => {
    const { verdict, findings, reference } = caseOf(name);
    expect(verdict).toBe('error');
    expect(findings.map((f) => f.code)).toEqual([code]);
    expect(findings[0]?.message).toMatch(message);
    expect(reference.failure?.fix ?? '').toMatch(fix);
  });
  test('every missing and unexpected weight is named', () => {
    const text = `${caseOf('misfit').findings[0]?.message} ${caseOf('misfit').reference.failure?.detail ?? ''}`;
    for (const key of ['layer.weight', 'layer.bias', 'head.bias']) expect(text).toContain(key);
  });
  test('a traceback shows the user’s own frames and no others', () => {
    const detail = caseOf('raises').reference.failure?.detail ?? '';
    expect(detail.match(/File "[^"]+", line \d+, in \w+/g)).toEqual([
      expect.stringMatching(/"broken\.py", line \d+, in raises/),
      expect.stringMatching(/"broken\.py", line \d+, in _helper/),
    ]);
    expect(detail).not.toMatch(/onpar_host|site-packages/);
  });
});

describe('a model that fails on one sample leaves the others judged', () => {
  const failing = (name: string) =>
    caseOf(name)
      .samples.filter((s) => s.failure !== undefined)
      .map((s) => [s.id, s.failure?.code]);
  test('by raising', () => {
    expect(failing('ones')).toEqual([['ones', 'run-failed']]);
    expect(caseOf('ones')).toMatchObject({ verdict: 'unverifiable' });
    expect(caseOf('ones').samples.filter((s) => s.verdict === 'pass').length).toBe(caseOf('ones').samples.length - 1);
  });
  test('by os.abort(): the process is gone, the sample is known, the rest is observed in a new one', () => {
    expect(failing('aborts')).toEqual([['ones', 'worker-crashed']]);
    expect(caseOf('aborts').samples.find((s) => s.id === 'ones')?.failure?.message).toBe(
      'pytorch worker: crashed with SIGABRT',
    );
    expect(caseOf('aborts').samples.filter((s) => s.verdict === 'pass').length).toBe(
      caseOf('aborts').samples.length - 1,
    );
  });
  test('by asking for all memory', () => {
    expect(failing('greedy').length).toBe(caseOf('greedy').samples.length);
    expect(caseOf('greedy').samples[0]?.failure?.message).toMatch(/memory/);
  });
  test('a hang ends at the case’s timeout', () => {
    expect(new Set(failing('hangs').map(([, code]) => code))).toEqual(new Set(['worker-timeout']));
    expect(caseOf('hangs').samples[0]?.failure?.message).toBe('pytorch worker: gave no answer to `run` within 20 s');
  });
  test('training mode cannot judge', () => {
    expect(caseOf('training').verdict).toBe('unverifiable');
    expect(caseOf('training').findings.map((f) => f.message)).toContainEqual(
      expect.stringMatching(/training mode .*call \.eval\(\)/),
    );
  });
});

test('what crashed is not kept: the next run tries again, and takes everything else from the store', async () => {
  await onpar(
    [
      'run',
      '--out',
      'again',
      '--reporter',
      'terminal',
      '--python',
      'managed',
      '--case',
      'aborts',
      '--case',
      'after',
      '--case',
      'healthy',
    ],
    { cwd: dir, deadlineMs: 590_000 },
  );
  const steps = Object.fromEntries(readReport(join(dir, 'again')).cases.map((c) => [c.case, c.steps]));
  expect(steps.after?.cached).toBe(steps.after?.total);
  expect(steps.healthy?.cached).toBe(steps.healthy?.total);
  expect(steps.aborts?.cached).toBeLessThan(steps.aborts?.total ?? 0);
});
