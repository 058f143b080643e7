import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ReportCase } from '../../src/records/report.ts';
import { scratch, sharedScratch, write } from '../scratch.ts';
import { codesOf, type Finished, onpar, readReport, withModels } from './onpar.ts';

const stage = (source: string, artifact: string, more: object = {}) => ({
  source: `pipeline/${source}.onnx`,
  convert: { artifact: `pipeline/${artifact}.onnx`, name: 'copy', run: 'onnxruntime-node' },
  ...more,
});
const PRE = stage('scale', 'scale');
const NET = stage('network', 'network', { from: { x: 'pre.scaled' } });
const POST = stage('probabilities', 'probabilities', {
  from: { scores: 'net.logits' },
  inputs: { bias: { range: [-1, 1] } },
});
const RENAMED = {
  ...NET,
  convert: { ...NET.convert, artifact: 'pipeline/network-renamed.onnx', outputs: { logits: 'scores' } },
};

const pipeline = (stages: object) => ({ samples: 'portfolio:4', stages });
const SUITE = {
  pipelines: {
    healthy: pipeline({ pre: PRE, net: RENAMED, post: POST }),
    first: pipeline({ pre: stage('scale', 'scale-wrong'), net: NET, post: POST }),
    last: pipeline({
      pre: PRE,
      net: NET,
      post: { ...POST, convert: { ...POST.convert, artifact: 'pipeline/probabilities-axis.onnx' } },
    }),
    // One percent of one feature is within what this stage is allowed, and too much for the chain.
    adding: pipeline({
      pre: { ...stage('scale', 'scale-wrong'), tolerance: { relative: '5%' } },
      net: NET,
      post: POST,
    }),
  },
};

const dir = sharedScratch();
let finished: Finished;
let cases: readonly ReportCase[];
beforeAll(async () => {
  withModels(dir, 'pipeline');
  write(dir, 'onpar.json', JSON.stringify(SUITE));
  finished = await onpar(['run', '--out', 'out'], { cwd: dir });
  cases = readReport(join(dir, 'out')).cases;
}, 60_000);

const found = (id: string): ReportCase => cases.find((c) => c.id.replace(/@.*/, '') === id) as ReportCase;
const verdicts = (id: string) =>
  Object.fromEntries(cases.filter((c) => c.id.startsWith(`${id}/`)).map((c) => [c.id.split('/')[1], c.verdict]));

describe('a pipeline', () => {
  test('passes at every joint and at the end, through renamed outputs', () => {
    expect(verdicts('healthy')).toEqual({ pre: 'pass', net: 'pass', post: 'pass', end: 'pass' });
    expect(found('healthy/end').outputs.map((o) => [o.name, o.grade])).toEqual([
      ['share', 'identical'],
      ['label', 'identical'],
    ]);
  });

  test('every stage is fed what the reference hands on, with the ids of the samples', () => {
    const ids = found('healthy/pre/copy').samples.map((s) => s.id);
    expect(ids).toHaveLength(4);
    expect(found('healthy/post/copy').samples.map((s) => s.id)).toEqual(ids);
    expect(found('healthy/post/copy').samples[0]?.inputs).toMatchObject([
      { name: 'scores', shape: [2, 4] },
      { name: 'bias', shape: [2, 4] },
    ]);
  });

  test('a stage that is wrong fails by itself, the others do not, and the end names it', () => {
    expect(verdicts('first')).toEqual({ pre: 'fail', net: 'pass', post: 'pass', end: 'fail' });
    expect(found('first/end').findings.find((f) => f.code === 'joint-broken')?.message).toMatch(
      /^the chain pre → net → post breaks at stage pre, which by itself ends with fail/,
    );
    expect(finished.text).toContain('breaks at stage pre');
    expect(verdicts('last')).toEqual({ pre: 'pass', net: 'pass', post: 'fail', end: 'fail' });
    expect(found('last/end').findings.find((f) => f.code === 'joint-broken')?.args).toMatchObject({ stage: 'post' });
  });

  test('what every stage is allowed can be too much for the chain', () => {
    expect(verdicts('adding')).toEqual({ pre: 'pass', net: 'pass', post: 'pass', end: 'fail' });
    expect(codesOf(found('adding/end'))).toContain('joints-add-up');
  });
});

describe('a pipeline that cannot be meant', () => {
  const refused = async (stages: object) => {
    const own = withModels(scratch(), 'pipeline');
    write(own, 'onpar.json', JSON.stringify({ pipelines: { chain: { samples: 'portfolio:1', stages } } }));
    return onpar(['run', '--out', 'out'], { cwd: own });
  };

  test('is refused before anything runs, with what is allowed', async () => {
    const wired = { ...NET, from: { x: 'per.scaled' } };
    const { exitCode, stderr } = await refused({ pre: PRE, net: wired });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('stage `net` takes `x` from `per.scaled`, which is no output of a stage before it');
    expect(stderr).toContain('did you mean `pre`?');
    expect((await refused({ pre: PRE, end: NET })).stderr).toContain('a stage is called `end`');
    expect((await refused({ pre: PRE })).stderr).toContain('has one stage');
    expect((await refused({ pre: PRE, net: { ...NET, from: {} } })).stderr).toContain('takes nothing from the stages');
  }, 30_000);

  test('names that no model has, and shapes that do not fit, are told with those that do', async () => {
    const { text } = await refused({ pre: PRE, net: { ...NET, from: { x: 'pre.sclaed' } } });
    expect(text).toContain('`from` names output `sclaed`, which the stage before does not give');
    expect(text).toContain('did you mean `scaled`? allowed: scaled');
    expect((await refused({ pre: PRE, net: { ...NET, from: { y: 'pre.scaled' } } })).text).toContain(
      '`from` names input `y`, which pipeline/network.onnx does not take',
    );
    const misfit = await refused({ pre: PRE, net: NET, post: { ...POST, from: { scores: 'net.hidden' } } });
    expect(misfit.text).toContain('input `scores` [batch, 4] is fed `hidden` of shape [2, 16]');
  }, 30_000);
});
