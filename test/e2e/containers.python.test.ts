import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import type { Report } from '../../src/records/report.ts';
import { runSuite } from '../contracts/suite.ts';

const FILES = [
  'containers.onnx',
  'containers-faulty.onnx',
  'containers-full.npz',
  'containers-empty.npz',
  'zipmap.onnx',
  'zipmap-faulty.onnx',
];
const dir = mkdtempSync(join(tmpdir(), 'onpar-containers-'));
let report: Report;

beforeAll(() => {
  for (const name of FILES) cpSync(join(packageRoot, 'fixtures', 'models', name), join(dir, name));
  const reference = { runtime: 'onnxruntime' };
  const run = ['onnxruntime', 'onnx-reference'];
  const sequences = (samples: string) => ({
    source: 'containers.onnx',
    reference,
    samples: [samples],
    convert: [
      { to: 'same', run: [...run, 'onnxruntime-node'] },
      { artifact: 'containers-faulty.onnx', name: 'faulty', run: ['onnxruntime'] },
    ],
  });
  const cases = {
    full: sequences('containers-full.npz'),
    empty: sequences('containers-empty.npz'),
    drawn: { ...sequences('portfolio'), convert: { to: 'same', run: 'onnxruntime' } },
    maps: {
      source: 'zipmap.onnx',
      reference,
      convert: [
        { to: 'same', run },
        { artifact: 'zipmap-faulty.onnx', name: 'faulty', run: ['onnxruntime'] },
      ],
    },
  };
  report = runSuite(dir, { python: 'managed', cases });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const found = (id: string) => {
  const one = report.cases.find((c) => c.id === id);
  if (one === undefined) throw new Error(`${id} is not in the report`);
  return one;
};
const errors = (id: string): string[] =>
  found(id)
    .findings.filter((f) => f.severity === 'error')
    .map((f) => f.code);
const outputs = (id: string): string[] => found(id).outputs.map((o) => o.name);

describe('sequences and optionals', () => {
  it.each(['onnxruntime', 'onnx-reference'])('travel through %s item by item', (runtime) => {
    expect(errors(`full/same@${runtime}`)).toEqual([]);
    expect([found(`full/same@${runtime}`).verdict, found(`full/same@${runtime}`).grade]).toEqual(['pass', 'identical']);
    const items = ['longer.length', 'longer[0]', 'longer[1]', 'longer[2]'];
    expect(outputs(`full/same@${runtime}`)).toEqual([
      ...items,
      'count',
      'maybe_too.present',
      'maybe_too.length',
      'maybe_too[0]',
    ]);
  });

  it('may be empty or absent', () => {
    expect(errors('empty/same@onnxruntime')).toEqual([]);
    expect(outputs('empty/same@onnxruntime')).toEqual(['longer.length', 'longer[0]', 'count', 'maybe_too.present']);
    // onnx's evaluator hands nothing on through an Identity.
    expect(errors('empty/same@onnx-reference')).toContain('candidate-failed');
  });

  it('are told apart by their items', () => {
    expect(found('full/faulty@onnxruntime').verdict).toBe('fail');
    expect(errors('full/faulty@onnxruntime')).toContain('outputs-permuted');
    expect(found('empty/faulty@onnxruntime').verdict).toBe('pass');
  });

  it('are refused with words where a runtime does not pass them, or nobody says how long they are', () => {
    expect(errors('full/same@onnxruntime-node')).toEqual(['type-unsupported']);
    expect(errors('drawn/same@onnxruntime')).toEqual(['inputs-unknown']);
    expect(
      found('drawn/same@onnxruntime')
        .findings.map((f) => f.message)
        .join(),
    ).toContain('does not draw');
  });
});

describe('maps', () => {
  it('travel as keys and values', () => {
    expect(errors('maps/same@onnxruntime')).toEqual([]);
    // onnx's evaluator has no ZipMap.
    expect(errors('maps/same@onnx-reference')).toEqual(['variant-unsupported']);
    expect(outputs('maps/same@onnxruntime')).toEqual(['named.keys', 'named.values']);
    expect(found('maps/same@onnxruntime').samples.length).toBeGreaterThan(5);
  });

  it('are told apart by their keys', () => {
    expect(found('maps/faulty@onnxruntime').verdict).toBe('fail');
    expect(errors('maps/faulty@onnxruntime')).toContain('values-differ');
  });
});
