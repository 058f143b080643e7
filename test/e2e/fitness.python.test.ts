import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/records/report.ts';
import { sharedScratch, write } from '../scratch.ts';
import { BAD, type Finished, onpar, readReport } from './onpar.ts';

const TORCH = [
  ...['draws', 'drops', 'counts', 'counts_silently', 'remembers', 'updates', 'trains', 'mixes'],
  ...['born_at_random', 'second_time_raises', 'grows', 'steady'],
];
const KERAS = ['counts', 'draws', 'steady'];

/** One run of every model that is no judge: starting the frameworks is what costs, so it is shared. */
const SUITE = `cases:
${TORCH.map((f) => `  torch-${f}: { source: "torch_models.py:${f}", inputs: { x: { dtype: float32, shape: [batch, 6] } }, samples: "portfolio:12", convert: { to: same } }`).join('\n')}
${KERAS.map((f) => `  keras-${f}: { source: "keras:keras_models.py:${f}", samples: "portfolio:12", convert: { to: same } }`).join('\n')}
`;

const dir = sharedScratch();
let finished: Finished;
let report: Report;

beforeAll(async () => {
  cpSync(join(BAD, 'unfit'), dir, { recursive: true });
  write(dir, 'onpar.yaml', SUITE);
  finished = await onpar(['run', '--out', 'run', '--jobs', '2', '--python', 'managed'], {
    cwd: dir,
    deadlineMs: 590_000,
  });
  report = readReport(join(dir, 'run'));
});

function caseOf(name: string) {
  const found = report.cases.find((c) => c.case === name);
  if (found === undefined) throw new Error(`no case ${name}:\n${finished.text}`);
  const told = found.findings.map((f) => `${f.severity} ${f.code}`);
  return { ...found, told, says: found.findings.map((f) => f.message).join('\n') };
}

test('the run ends with 1 and is no bug of onpar', () => {
  expect([finished.exitCode, report.cases.length]).toEqual([1, TORCH.length + KERAS.length]);
  expect(finished.text).not.toContain('a bug in onpar');
});

describe('no judge', () => {
  test.each<[string, string, RegExp]>([
    ['torch-draws', 'reference-not-deterministic', /when it is run again: .*draws from the random generator of torch/],
    ['torch-drops', 'reference-not-deterministic', /random generator of torch .*\.eval\(\) does not reach/],
    ['torch-counts', 'reference-changes-itself', /its own state \(runs\), and its answers drift/],
    ['torch-remembers', 'reference-not-deterministic', /state that is kept between runs/],
    ['torch-updates', 'reference-changes-itself', /\(mean, variance\), and its answers drift/],
    ['torch-trains', 'reference-training', /training mode \(1\)/],
    ['torch-born_at_random', 'reference-not-deterministic', /in a new process: .*load trained weights/],
    ['torch-second_time_raises', 'reference-not-deterministic', /cannot be run a second time .*seen before/],
    ['keras-counts', 'reference-changes-itself', /counts\/runs.*its answers drift/],
    ['keras-draws', 'reference-not-deterministic', /when it is run again: output draws/],
  ])('%s: %s', (name, code, says) => {
    const c = caseOf(name);
    expect([c.verdict, c.grade, c.told[0]]).toEqual(['unverifiable', null, `error ${code}`]);
    expect(c.says).toMatch(says);
    expect(c.outputs.every((o) => o.verdict === 'unverifiable')).toBe(true);
  });
});

describe('fit', () => {
  test.each<[string, string[]]>([
    ['torch-steady', []],
    ['torch-grows', []],
    ['torch-counts_silently', ['warning reference-changes-itself']],
    ['torch-mixes', ['warning reference-mixes-rows']],
    ['keras-steady', []],
  ])('%s', (name, told) => {
    expect(caseOf(name)).toMatchObject({ verdict: 'pass', grade: 'identical', told });
  });
});
