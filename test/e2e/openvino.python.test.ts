import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportCase } from '../../src/records/report.ts';
import { runSuite } from '../contracts/suite.ts';
import { MODELS } from './onpar.ts';

/** ONNX to IR to the runtime to a verdict, in every precision; then the same IR damaged in ways that still load. */
let dir: string;
let cases: readonly ReportCase[];

const under = (options: object) => ({ runtime: 'openvino', options });
const inFull = under({ inferencePrecision: 'f32' });
const mlp = { source: 'tiny-mlp.onnx' };

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-e2e-openvino-'));
  for (const name of ['tiny-mlp.onnx', 'int-input.onnx', 'strings.onnx'])
    copyFileSync(join(MODELS, name), join(dir, name));
  copyFileSync(join(MODELS, 'tflite', 'dense-int8.tflite'), join(dir, 'dense-int8.tflite'));
  cases = runSuite(dir, {
    cases: {
      mlp: {
        ...mlp,
        convert: [
          { to: 'openvino', name: 'default', run: 'openvino' },
          { to: 'openvino', name: 'full', run: inFull },
          { to: 'openvino', name: 'accuracy', run: under({ executionMode: 'accuracy' }) },
          { to: 'openvino', name: 'asked', run: under({ inferencePrecision: 'bf16' }) },
          { to: 'openvino', name: 'declared', run: 'openvino', tolerance: 'bfloat16' },
          { to: 'openvino', name: 'half', options: { precision: 'float16' }, run: inFull },
          { to: 'openvino', name: 'undeclared', options: { precision: 'float16' }, run: 'openvino' },
          { to: 'same', name: 'onnx', run: inFull },
        ],
      },
      tokens: { source: 'int-input.onnx', convert: { to: 'openvino', run: inFull } },
      int8: {
        source: 'dense-int8.tflite',
        inputs: { x: { dtype: 'float32', shape: ['batch', 8], range: [-2, 2] } },
        convert: { to: 'same', run: inFull },
      },
      strings: { source: 'strings.onnx', convert: { to: 'openvino', run: 'openvino' } },
    },
  }).cases;
  // The next run's report takes this one's place.
  const made = join(dir, 'out', only('mlp/full').artifact?.path ?? 'missing');
  for (const ending of ['xml', 'bin']) copyFileSync(made.replace(/xml$/, ending), join(dir, `made.${ending}`));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function only(name: string): ReportCase {
  const found = cases.find((c) => c.id === `${name}@openvino`);
  if (found === undefined) throw new Error(`${name} is not in the report: ${cases.map((c) => c.id).join(', ')}`);
  return found;
}

const errors = (c: ReportCase) => c.findings.filter((f) => f.severity === 'error').map((f) => f.code);

describe('the precision of the device', () => {
  it('fails by name where it is lower than declared, and passes where it is not', () => {
    const c = only('mlp/default');
    const { computesIn, nodePrecisions } = c.candidate.facts as Record<string, object | string>;
    if (computesIn === 'float32') {
      expect(Object.keys(nodePrecisions as object)).not.toContain('bf16');
      expect([c.verdict, errors(c)]).toEqual(['pass', []]);
      return;
    }
    expect(c.verdict).toBe('fail');
    expect(errors(c)).toContain('precision-lower');
    const told = c.findings.find((f) => f.code === 'precision-lower');
    expect(told?.message).toContain(String(computesIn));
  });

  it.each(['full', 'accuracy', 'onnx'])('%s: agrees in float32', (name) => {
    const c = only(`mlp/${name}`);
    expect([c.verdict, errors(c)]).toEqual(['pass', []]);
    expect(['identical', 'equivalent']).toContain(c.grade);
    expect(c.candidate.facts.computesIn).toBe('float32');
  });

  it.each(['asked', 'declared'])('%s: a half precision that somebody declared passes by its own rounding', (name) => {
    const c = only(`mlp/${name}`);
    expect([c.verdict, errors(c)]).toEqual(['pass', []]);
  });

  it('weights in float16 pass in float32, and fail where the device lowers them further', () => {
    const half = only('mlp/half');
    expect([half.verdict, errors(half)]).toEqual(['pass', []]);
    // The constants are really halved, and rounding shows.
    expect(half.artifact?.precision).toBe('float16');
    expect(half.artifact?.facts.weights).toHaveProperty('f16');
    expect(half.grade).not.toBe('identical');
    const further = only('mlp/undeclared');
    const lower = further.candidate.facts.computesIn === 'bfloat16';
    expect(errors(further).includes('precision-lower')).toBe(lower);
    expect(further.verdict).toBe(lower ? 'fail' : 'pass');
  });
});

it('takes floats for the integers of a TFLite file, and gives them back, by the scales of the file', () => {
  const c = only('int8/same');
  expect([c.verdict, errors(c)]).toEqual(['pass', []]);
  const of = (side: 'reference' | 'candidate') => c.contract.flatMap((row) => row[side]?.quantization ?? []);
  expect(of('candidate').map(({ scales, zeroPoints }) => [scales.length, zeroPoints])).toEqual([
    [1, [0]],
    [1, [-128]],
  ]);
  expect(of('candidate')).toEqual(of('reference'));
});

it('sweeps the batch and keeps int64 inputs', () => {
  const c = only('tokens/openvino');
  expect([c.verdict, errors(c)]).toEqual(['pass', []]);
  const sizes = new Set(c.samples.map((s) => s.shape?.[0]?.[0] ?? JSON.stringify(s.shape)));
  expect(sizes.size).toBeGreaterThan(1);
});

it('refuses a model that would crash it', () => {
  const c = only('strings/openvino');
  expect(c.verdict).not.toBe('pass');
  expect(errors(c)).toContain('model-load-failed');
});

describe('an IR that somebody changed', () => {
  const compare = (name: string, change: (bytes: Buffer) => Buffer): ReportCase => {
    copyFileSync(join(dir, 'made.xml'), join(dir, `${name}.xml`));
    writeFileSync(join(dir, `${name}.bin`), change(readFileSync(join(dir, 'made.bin'))));
    const suite = { cases: { mlp: { ...mlp, convert: { artifact: `${name}.xml`, run: inFull } } } };
    const [c] = runSuite(dir, suite).cases;
    if (c === undefined) throw new Error('nothing was compared');
    return c;
  };

  it('is run again when only its weights changed, and one weight is enough to fail', () => {
    const same = compare('changed', (bytes) => bytes);
    expect([same.verdict, errors(same)]).toEqual(['pass', []]);
    const broken = compare('changed', (bytes) => {
      bytes.writeFloatLE(bytes.readFloatLE(0) + 0.25, 0);
      return bytes;
    });
    expect(broken.verdict).toBe('fail');
    expect(errors(broken)).toContain('beyond-noise-floor');
  });

  it('cannot be loaded when its weights are cut short', () => {
    const cut = compare('cut', (bytes) => bytes.subarray(0, 100));
    expect(cut.verdict).toBe('error');
    expect(errors(cut)).toContain('model-load-failed');
  });
});
