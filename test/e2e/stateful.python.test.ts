import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ReportCase } from '../../src/records/report.ts';
import { sharedScratch, write } from '../scratch.ts';
import { onpar, readReport, withModels } from './onpar.ts';

const f32 = (...shape: (string | number)[]) => ({ dtype: 'float32', shape });
const STATEFUL = { python: 'managed', samples: 'portfolio:3', steps: 5 };

const SUITE = {
  cases: {
    lstm: {
      ...STATEFUL,
      source: 'stateful.py:cell',
      inputs: { x: f32('batch', 6), h: f32('batch', 16), c: f32('batch', 16) },
      state: { h_out: 'h', c_out: 'c' },
      convert: [
        { to: 'onnx', run: ['onnxruntime-node'] },
        // Under each other's name, as a mapping by hand may have it.
        {
          to: 'onnx',
          name: 'crossed',
          run: ['onnxruntime-node'],
          outputs: { h_out: 'c_out', c_out: 'h_out' },
          samples: 'portfolio:2',
        },
      ],
    },
    decoder: {
      ...STATEFUL,
      source: 'stateful.py:decoder',
      inputs: {
        tokens: { dtype: 'int64', shape: ['batch', 1], range: [0, 39] },
        mask: { ...f32('batch', 'total'), role: 'mask', range: [0, 1] },
        past_k: f32('batch', 2, 'past', 8),
        past_v: f32('batch', 2, 'past', 8),
      },
      state: { output_1: 'past_k', output_2: 'past_v' },
      steps: { count: 5, grow: { past: 0, total: 1 } },
      convert: { to: 'onnx', run: ['onnxruntime-node'] },
    },
    leaky: {
      ...STATEFUL,
      source: 'stateful.py:leaky',
      inputs: { x: f32('batch', 6), h: f32('batch', 16) },
      state: { output_1: 'h' },
      samples: 'portfolio:2',
      convert: { to: 'same' },
    },
    unknown: {
      ...STATEFUL,
      source: 'stateful.py:leaky',
      inputs: { x: f32('batch', 6), h: f32('batch', 16) },
      state: { hidden: 'h' },
      samples: 'portfolio:1',
      convert: { to: 'same' },
    },
    keras: {
      ...STATEFUL,
      source: 'keras:stateful.py:keras_cell',
      state: { h_out: 'h' },
      convert: { to: 'tflite', run: ['litert'] },
    },
  },
};

let cases: ReadonlyMap<string, ReportCase>;
const dir = sharedScratch();
beforeAll(async () => {
  withModels(dir, 'stateful.py');
  write(dir, 'onpar.json', JSON.stringify(SUITE));
  await onpar(['run', '--out', 'out'], { cwd: dir, deadlineMs: 290_000 });
  cases = new Map(readReport(join(dir, 'out')).cases.map((c) => [c.id.replace(/@.*/, ''), c]));
}, 300_000);

const found = (id: string): ReportCase => cases.get(id) as ReportCase;
const course = (id: string, output: string): string | undefined =>
  found(id)
    .outputs.find((o) => o.name === output)
    ?.steps?.map(({ state }) => state[0])
    .join('');
const messageOf = (id: string, code: string) => found(id).findings.find((f) => f.code === code)?.message;

describe('stateful models of frameworks', () => {
  test('an LSTM cell of PyTorch becomes ONNX and carries its states', () => {
    expect([found('lstm/onnx').verdict, found('lstm/onnx').grade]).toEqual(['pass', 'equivalent']);
    expect(['y', 'h_out', 'c_out'].map((name) => course('lstm/onnx', name))).toEqual(['wwwww', 'wwwww', 'wwwww']);
  });

  test('states that are mapped across fail from the second step on', () => {
    expect(found('lstm/crossed').verdict).toBe('fail');
    expect(course('lstm/crossed', 'y')).toBe('woooo');
  });

  test('a decoder’s cache grows with every token', () => {
    expect([found('decoder/onnx').verdict, found('decoder/onnx').grade]).toEqual(['pass', 'equivalent']);
    expect(course('decoder/onnx', 'output_0')).toBe('wwwww');
  });

  test('a model that keeps a state between sequences is no judge', () => {
    expect(found('leaky/same').verdict).toBe('unverifiable');
    expect(messageOf('leaky/same', 'state-not-reset')).toMatch(/reference keeps a state from one sequence to the next/);
  });

  test('an output that code does not give is told with those that it does', () => {
    expect(found('unknown/same').verdict).toBe('error');
    expect(messageOf('unknown/same', 'reference-failed')).toContain('`state` names output hidden');
  });

  test('a GRU cell of Keras becomes TFLite', () => {
    expect([found('keras/tflite').verdict, found('keras/tflite').grade]).toEqual(['pass', 'equivalent']);
    expect(course('keras/tflite', 'h_out')).toBe('wwwww');
  });
});
