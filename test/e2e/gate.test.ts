import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/records/report.ts';
import { scratch, sharedScratch, write } from '../scratch.ts';
import { codesOf, onpar, readReport, withModels } from './onpar.ts';

const cache = sharedScratch();
const ALL = [
  'tiny-mlp.onnx',
  'tiny-mlp-faulty.onnx',
  'tiny-mlp-int32.onnx',
  'two-outputs.onnx',
  'two-outputs-swapped.onnx',
];

async function run(suite: string, ...more: readonly string[]) {
  const dir = withModels(scratch(), ...ALL);
  write(dir, 'onpar.yaml', suite);
  const finished = await onpar(['run', '--out', 'run', '--reporter', 'terminal', '--cache', cache, ...more], {
    cwd: dir,
  });
  return { ...finished, dir, report: readReport(join(dir, 'run')) };
}

const faulty = (expectation: string): string =>
  `cases:\n  a: { source: tiny-mlp.onnx, samples: "portfolio:3", convert: { artifact: tiny-mlp-faulty.onnx, expect: ${expectation} } }\n`;
const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);

describe('a failure that the suite expects', () => {
  test('is met: it keeps its verdict, is counted apart and does not gate', async () => {
    const { exitCode, report, stdout } = await run(faulty(`{ fail: "exporter drops the bias", until: ${tomorrow} }`));
    expect([exitCode, report.totals]).toEqual([
      0,
      { pass: 0, fail: 0, unverifiable: 0, error: 0, skipped: 0, expectedFail: 1 },
    ]);
    expect(report.cases[0]).toMatchObject({
      verdict: 'fail',
      expected: { reason: 'exporter drops the bias', until: tomorrow, met: true },
    });
    expect(stdout).toContain('exporter drops the bias');
  });
  test('is expired: it gates, and says since when', async () => {
    const { exitCode, report } = await run(faulty('{ fail: "exporter drops the bias", until: 2020-01-31 }'));
    expect([exitCode, report.totals.fail, report.totals.expectedFail]).toEqual([1, 1, 0]);
    expect(report.cases[0]?.findings.find((f) => f.code === 'expected-failure-expired')?.message).toBe(
      'the expected failure (exporter drops the bias) expired on 2020-01-31',
    );
  });
  test('passes: told, so that the mark is removed; nothing is broken', async () => {
    const { exitCode, report, stdout } = await run(
      'cases:\n  a: { source: tiny-mlp.onnx, samples: "portfolio:3", convert: { to: same, expect: { fail: "was broken once" } } }\n',
    );
    expect([exitCode, report.totals.pass, report.cases[0]?.expected]).toEqual([
      0,
      1,
      { reason: 'was broken once', met: false },
    ]);
    expect(codesOf(report.cases[0] as Report['cases'][number])).toContain('expected-failure-passed');
    expect(stdout).toContain(
      'a/same@onnxruntime-node: expected to fail (was broken once), but it passes: remove `expect: fail`',
    );
  });
  test('does not excuse what the environment did not allow', async () => {
    const dir = withModels(scratch(), 'tiny-mlp.onnx');
    write(
      dir,
      'onpar.yaml',
      'cases:\n  a: { source: tiny-mlp.onnx, convert: { to: same, run: onnxruntime, expect: { fail: "differs" } } }\n',
    );
    const { exitCode } = await onpar(['run', '--out', 'run', '--reporter', 'terminal', '--cache', cache], {
      cwd: dir,
      env: { ONPAR_PYTHON: '/nowhere/python3', ONPAR_TOOLCHAINS: join(dir, 'empty') },
    });
    expect([exitCode, readReport(join(dir, 'run')).totals]).toEqual([
      3,
      expect.objectContaining({ error: 1, expectedFail: 0 }),
    ]);
  });
});

describe('nothing compared is not a success', () => {
  test('--case and --tag that leave nothing', async () => {
    const { exitCode, report, stdout } = await run(
      'cases:\n  a: { source: tiny-mlp.onnx, tags: [x], convert: { to: same } }\n  b: { source: tiny-mlp.onnx, convert: { to: same } }\n',
      '--case',
      'b',
      '--tag',
      'x',
    );
    expect([exitCode, report.run.findings.map((f) => f.code)]).toEqual([1, ['no-conversion']]);
    expect(stdout).toContain('no conversion was selected, so nothing is proven');
  });
  test('a shard without a case is no failure of the others, but passes nothing by itself', async () => {
    const { exitCode, report } = await run(
      'cases:\n  a: { source: tiny-mlp.onnx, convert: { to: same } }\n',
      '--shard',
      '2/2',
    );
    expect([exitCode, report.cases]).toEqual([1, []]);
  });
});

describe('selection', () => {
  const SUITE =
    'cases:\n  mlp: { source: tiny-mlp.onnx, samples: "portfolio:2", tags: [fast], convert: [{ to: same }, { artifact: tiny-mlp-int32.onnx }] }\n  two: { source: two-outputs.onnx, samples: "portfolio:2", convert: { artifact: two-outputs-swapped.onnx } }\n';
  test('--case by glob and by the id that the report prints, --tag', async () => {
    const ids = async (...args: readonly string[]): Promise<string[]> =>
      (await run(SUITE, ...args)).report.cases.map((c) => c.id);
    expect(await ids('--case', 'mlp/same*')).toEqual(['mlp/same@onnxruntime-node']);
    expect(await ids('--case', 'two/two-outputs-swapped.onnx@onnxruntime-node', '--case', 'mlp/same@*')).toEqual([
      'mlp/same@onnxruntime-node',
      'two/two-outputs-swapped.onnx@onnxruntime-node',
    ]);
    expect(await ids('--tag', 'fast')).toHaveLength(2);
  });
});

describe('shards', () => {
  const SUITE = `cases:
  one: { source: tiny-mlp.onnx, samples: "portfolio:2", convert: { artifact: tiny-mlp-faulty.onnx } }
  two: { source: two-outputs.onnx, samples: "portfolio:2", convert: { to: same } }
  three: { source: tiny-mlp.onnx, samples: "portfolio:2", convert: { artifact: tiny-mlp-int32.onnx, expect: { fail: known } } }
  four: { source: two-outputs.onnx, samples: "portfolio:2", convert: { artifact: two-outputs-swapped.onnx } }
`;
  /** A case without what no two runs share: times, and which steps came from the store. */
  const comparable = (c: Report['cases'][number]): unknown =>
    JSON.parse(
      JSON.stringify({ ...c, steps: null, reproduce: null }, (key, value: unknown) =>
        /Milliseconds|Bytes|^log$/.test(key) ? null : value,
      ),
    );

  test('merged by `onpar report`, they equal the whole: cases in suite order, totals, files, exit code', async () => {
    const dir = withModels(scratch(), ...ALL);
    write(dir, 'onpar.yaml', SUITE);
    const go = (out: string, ...args: readonly string[]) =>
      onpar(['run', '--out', out, '--reporter', 'terminal', '--cache', cache, ...args], { cwd: dir });
    const whole = await go('whole');
    const exitCodes = [(await go('s1', '--shard', '1/2')).exitCode, (await go('s2', '--shard', '2/2')).exitCode];
    const merge = await onpar(['report', 's2', 's1', '--out', 'merged'], { cwd: dir });
    const [merged, one] = [readReport(join(dir, 'merged')), readReport(join(dir, 'whole'))];
    expect(merged.cases.map((c) => c.id)).toEqual(one.cases.map((c) => c.id));
    expect(merged.cases.map(comparable)).toEqual(one.cases.map(comparable));
    expect([merged.totals, merged.run.shard, merged.run.partial, merged.run.plan]).toEqual([
      one.totals,
      null,
      false,
      one.run.plan,
    ]);
    expect([whole.exitCode, merged.run.exitCode, exitCodes]).toEqual([1, 1, [1, 1]]);
    expect(merge.exitCode).toBe(whole.exitCode);
    for (const c of merged.cases)
      if (c.tensors !== null) expect(existsSync(join(dir, 'merged', c.tensors.inputs))).toBe(true);
    expect(existsSync(join(dir, 'merged', 'index.html'))).toBe(true);
  });
  test('one shard short: partial, and no success', async () => {
    const dir = withModels(scratch(), ...ALL);
    write(dir, 'onpar.yaml', SUITE);
    const go = (out: string, shard: string) =>
      onpar(
        [
          'run',
          '--out',
          out,
          '--reporter',
          'terminal',
          '--cache',
          cache,
          '--shard',
          shard,
          '--case',
          'two',
          '--case',
          'three',
        ],
        { cwd: dir },
      );
    await go('s1', '1/3');
    await go('s2', '2/3');
    const merge = await onpar(['report', 's1', 's2', '--out', 'merged'], { cwd: dir });
    expect([readReport(join(dir, 'merged')).run.partial, merge.exitCode]).toEqual([true, 1]);
  });
  test('what does not belong together is refused', async () => {
    const dir = withModels(scratch(), ...ALL);
    write(dir, 'onpar.yaml', SUITE);
    const go = (out: string, ...args: readonly string[]) =>
      onpar(['run', '--out', out, '--reporter', 'terminal', '--cache', cache, '--case', 'two', ...args], { cwd: dir });
    await go('a');
    await go('b', '--seed', '5');
    const other = await onpar(['report', 'a', 'b', '--out', 'merged'], { cwd: dir });
    expect([other.exitCode, other.stderr]).toEqual([
      2,
      `onpar: ${join(dir, 'b')} is a run of another plan than ${join(dir, 'a')}\n  fix: merge only shards of one suite, run with the same options\n`,
    ]);
    const twice = await onpar(['report', 'a', 'a', '--out', 'merged'], { cwd: dir });
    expect([twice.exitCode, twice.stderr]).toEqual([
      2,
      `onpar: ${join(dir, 'a')} has \`two/same@onnxruntime-node\` again\n  fix: name each shard once\n`,
    ]);
    expect(existsSync(join(dir, 'merged'))).toBe(false);
  });
  test('a damaged, a newer and a foreign report are told apart', async () => {
    const dir = scratch();
    write(dir, 'cut/report.json', '{"schemaVersion": 1, "tool"');
    write(dir, 'newer/report.json', '{"schemaVersion": 99}');
    write(dir, 'foreign/report.json', '{"tests": 3}');
    mkdirSync(join(dir, 'empty'));
    const told = async (name: string): Promise<string> => (await onpar(['report', name], { cwd: dir })).stderr;
    expect(await told('cut')).toMatch(/cut\/report\.json is not JSON: .*\n {2}fix: the file is half-written/);
    expect(await told('newer')).toMatch(
      /newer\/report\.json has schemaVersion 99; this onpar reads up to 1\n {2}fix: use the onpar that wrote it/,
    );
    expect(await told('foreign')).toMatch(/foreign\/report\.json is not a report: schemaVersion/);
    expect(await told('empty')).toMatch(/empty is not a run: empty\/report\.json does not exist/);
  });
  test('rendering a run again needs nothing but its folder; it was judged when it ran', async () => {
    const { dir } = await run(
      'cases:\n  a: { source: tiny-mlp.onnx, samples: "portfolio:2", convert: { artifact: tiny-mlp-int32.onnx } }\n',
    );
    const again = await onpar(['report', join(dir, 'run'), '--reporter', 'junit']);
    expect([again.exitCode, readReport(join(dir, 'run')).run.exitCode]).toEqual([0, 1]);
    expect(readFileSync(join(dir, 'run', 'junit.xml'), 'utf8')).toContain(
      'output label changed dtype from int64 to int32',
    );
  });
});
