import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ReportCase } from '../../src/records/report.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import { scratch, sharedScratch, write } from '../scratch.ts';
import { codesOf, type Finished, onpar, readReport, withModels } from './onpar.ts';

const CELL = { source: 'state/cell.onnx', state: { h_out: 'h', c_out: 'c' } };
const RENAMED = {
  inputs: { x: 'frame', h: 'hidden', c: 'memory' },
  outputs: { y: 'scores', h_out: 'next_hidden', c_out: 'next_memory' },
};
const CACHE = {
  source: 'state/cache.onnx',
  state: { present_k: 'past_k', present_v: 'past_v' },
  steps: { count: 5, grow: { past: 0, total: 1 } },
  samples: 'portfolio:4',
};
const CHAOS = { source: 'state/chaos.onnx', state: { s_out: 's' }, steps: 40, samples: 'portfolio:3' };
const artifact = (name: string, more: object = {}) => ({ artifact: `state/${name}.onnx`, name, ...more });

const SUITE = {
  cases: {
    cell: {
      ...CELL,
      samples: 'portfolio:4',
      convert: [
        artifact('cell'),
        artifact('cell-renamed', RENAMED),
        artifact('cell-gate'),
        artifact('cell-crossed'),
        artifact('cell-single'),
      ],
    },
    cache: { ...CACHE, convert: [artifact('cache'), artifact('cache-reversed')] },
    chaos: { ...CHAOS, convert: [artifact('chaos-reordered'), artifact('chaos-wrong')] },
    alone: { ...CHAOS, steps: { count: 30, forced: true }, convert: artifact('chaos-reordered') },
    data: { ...CELL, samples: 'rows.safetensors', convert: artifact('cell-gate') },
  },
};

/** Five sequences of three steps, and where their states start. */
function rows(path: string): void {
  const some = (count: number) => Array.from({ length: count }, (_, i) => Math.sin(i));
  const x = tensorFrom('float32', [5, 3, 6], some(90));
  writeSafetensors(
    path,
    new Map([
      ['x', x],
      ['h', tensorFrom('float32', [5, 8], some(40))],
      ['c', tensorFrom('float32', [5, 8], some(40))],
    ]),
  );
}

let finished: Finished;
let cases: ReadonlyMap<string, ReportCase>;
const dir = sharedScratch();
beforeAll(async () => {
  withModels(dir, 'state');
  rows(join(dir, 'rows.safetensors'));
  write(dir, 'onpar.json', JSON.stringify(SUITE));
  finished = await onpar(['run', '--out', 'out'], { cwd: dir });
  cases = new Map(readReport(join(dir, 'out')).cases.map((c) => [c.id.replace(/@.*/, ''), c]));
}, 60_000);

const found = (id: string): ReportCase => cases.get(id) as ReportCase;
const outcome = (id: string) => [found(id).verdict, found(id).grade];
/** `w` within, `o` outside, `s` silent, one letter a step. */
const course = (id: string, output: string): string | undefined =>
  found(id)
    .outputs.find((o) => o.name === output)
    ?.steps?.map(({ state }) => state[0])
    .join('');
const messageOf = (id: string, code: string) => found(id).findings.find((f) => f.code === code)?.message;

describe('a model with state, run as sequences', () => {
  test('agrees with itself, and with a copy whose states are called differently', () => {
    expect(outcome('cell/cell')).toEqual(['pass', 'identical']);
    expect(outcome('cell/cell-renamed')).toEqual(['pass', 'identical']);
    expect(found('cell/cell').samples[0]?.inputs).toMatchObject([
      { name: 'x', shape: [2, 8, 6] },
      { name: 'h', shape: [2, 8] },
      { name: 'c', shape: [2, 8] },
    ]);
  });

  test('a fault behind a state of zeros shows from the second step on, and is made there', () => {
    expect(outcome('cell/cell-gate')).toEqual(['fail', 'broken']);
    expect(course('cell/cell-gate', 'y')).toBe('wooooooo');
    expect(messageOf('cell/cell-gate', 'drifts-from-step')).toContain(
      'agrees up to step 1, drifts from step 2 of 8 on',
    );
    expect(messageOf('cell/cell-gate', 'steps-by-themselves')).toContain('step 2 is off by itself');
    expect(finished.text).toContain('step by step: agrees up to step 1, drifts from step 2 of 8 on');
  });

  test('states that leave under each other’s name fail, and are told as crossed', () => {
    expect(outcome('cell/cell-crossed')).toEqual(['fail', 'broken']);
    expect(course('cell/cell-crossed', 'y')).toBe('wooooooo');
    expect(course('cell/cell-crossed', 'h_out')).toBe('oooooooo');
    expect(messageOf('cell/cell-crossed', 'drifts-from-step')).toBeDefined();
  });

  test('a candidate that lacks a state cannot go on, and says which', () => {
    expect(found('cell/cell-single').verdict).toBe('fail');
    expect(messageOf('cell/cell-single', 'candidate-failed')).toContain('c_out');
  });

  test('a cache grows from nothing, and a mask with it', () => {
    expect(outcome('cache/cache')).toEqual(['pass', 'identical']);
    expect(course('cache/cache-reversed', 'y')).toBe('woooo');
    expect(course('cache/cache-reversed', 'present_v')).toBe('wwwww');
    expect(found('cache/cache').coverage?.dims).toMatchObject({ past: [0, 1, 2, 3, 4], total: [1, 2, 3, 4, 5] });
  });

  test('chaos is judged up to its horizon, and past it from the reference’s state', () => {
    expect(found('chaos/chaos-reordered').verdict).toBe('pass');
    expect(course('chaos/chaos-reordered', 's_out')).toMatch(/^w{15,}s{8,}$|^w{15,}[ws]+s{8,}$/);
    expect(messageOf('chaos/chaos-reordered', 'steps-by-themselves')).toContain('past the horizon');
    expect(found('chaos/chaos-wrong').verdict).toBe('fail');
  });

  test('every step by itself, where the suite asks for nothing else', () => {
    const alone = found('alone/chaos-reordered');
    expect(alone.verdict).toBe('pass');
    expect(alone.samples.map((s) => s.id)).toContain('normal@step30');
    expect(alone.samples).toHaveLength(90);
    expect(alone.samples[0]?.inputs).toMatchObject([{ shape: [2, 4] }, { shape: [2, 4] }]);
  });

  test('the user’s sequences have their own length, and the states that they hold', () => {
    const data = found('data/cell-gate');
    expect(data.samples[0]?.inputs).toMatchObject([{ shape: [5, 3, 6] }, { shape: [5, 8] }, { shape: [5, 8] }]);
    // The gate reads a state that is there from the first step on.
    expect(course('data/cell-gate', 'y')).toBe('ooo');
  });
});

test('what `state` and `steps` name must be there and fit: each error lists what is', async () => {
  const dir = withModels(scratch(), 'state');
  const convert = artifact('cell');
  const wrong = {
    input: { ...CELL, state: { h_out: 'hh' }, convert },
    output: { ...CELL, state: { hout: 'h' }, convert },
    misfit: { ...CELL, state: { y: 'h' }, convert },
    dim: { ...CELL, steps: { grow: { past: 0 } }, convert },
  };
  write(dir, 'onpar.json', JSON.stringify({ cases: wrong }));
  const { exitCode } = await onpar(['run', '--out', 'out'], { cwd: dir });
  expect(exitCode).toBe(1);
  const told = new Map(
    readReport(join(dir, 'out')).cases.map((c) => [
      c.case,
      [codesOf(c)[0], c.reference.failure?.message, c.reference.failure?.fix],
    ]),
  );
  expect(told.get('input')).toEqual([
    'state-unknown',
    'case `input`: `state` names input `hh`, which state/cell.onnx does not take',
    'did you mean `h`? allowed: x, h, c',
  ]);
  expect(told.get('output')).toEqual([
    'state-unknown',
    'case `output`: `state` names output `hout`, which state/cell.onnx does not give',
    'did you mean `h_out`? allowed: y, h_out, c_out',
  ]);
  expect(told.get('misfit')?.[1]).toContain('output y has shape [batch, 3], input h [batch, 8]');
  expect(told.get('dim')?.[1]).toContain('`steps.grow` names the dimension `past`');
}, 60_000);
