import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { detectFormat } from '../../src/formats/detect.ts';
import type { Report } from '../../src/records/report.ts';
import { runSuite } from '../contracts/suite.ts';

const RECIPES: Record<string, object> = {
  power: { mels: null, log: null },
  symmetric: { mels: null, log: null, periodic: false, center: false, window: 'hamming', power: 1 },
  decibel: { mels: null, log: 'db', floor: 1e-4, pad: 'constant' },
  // Both say HTK without a norm; librosa's triangles are straight in Hz, TensorFlow's in mel.
  htk: { mels: 40, melScale: 'htk', norm: null, floor: 1e-5 },
  // A window that is shorter than the transform: librosa centres it, TensorFlow pads behind it and finds one frame more.
  shorter: { mels: null, log: null, winLength: 240 },
  slaney: {},
  normed: { melScale: 'htk' },
  typo: { melscale: 'htk' },
  wide: { fmax: 9000 },
};
let dir: string;
let report: Report;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-audio-'));
  for (const [name, audio] of Object.entries(RECIPES))
    writeFileSync(join(dir, `${name}.json`), JSON.stringify({ audio }));
  const one = (name: string, run: string, atol = 1e-2) => ({
    source: `${name}.json`,
    python: 'managed',
    samples: 'portfolio',
    // Sums of 400 squares in float32: a bin without sound holds the rounding of one with it, up to 200² where all is at 1.
    tolerance: { features: { atol, rtol: 1e-4 } },
    convert: { to: 'same', run },
  });
  report = runSuite(dir, {
    cases: {
      ...Object.fromEntries(Object.keys(RECIPES).map((name) => [name, one(name, 'tf-signal')])),
      // Refused by the reference already: no second library has to start.
      typo: one('typo', 'librosa'),
      wide: one('wide', 'librosa'),
      // Rounding alone is below a thousandth of a decibel (`decibel`), this many decades are a hundredth.
      htk: one('htk', 'tf-signal', 1e-3),
      itself: one('slaney', 'librosa'),
      short: { ...one('slaney', 'librosa'), dims: { samples: [200] } },
    },
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const found = (id: string) => {
  const c = report.cases.find((each) => each.case === id);
  if (c === undefined) throw new Error(`${id} is not in the report`);
  return c;
};

it('is told by its content', () => {
  expect(detectFormat('power.json', { root: dir }).format).toBe('audio');
});

it.each(['power', 'symmetric', 'decibel'])('%s: the same frames, window and transform in both libraries', (id) => {
  const { verdict, samples, findings } = found(id);
  expect(findings.filter((f) => f.severity === 'error')).toEqual([]);
  expect(verdict).toBe('pass');
  const ids = samples.map((s) => s.id).join();
  for (const size of ['batch=3', 'samples=2048', 'samples=4099']) expect(ids).toContain(size);
});

it('finds that mel filters of the same name are others', () => {
  const { verdict, outputs } = found('htk');
  expect(verdict).toBe('fail');
  expect(outputs[0]?.metrics?.maxAbs).toBeGreaterThan(5e-3);
});

it('finds one frame more', () => {
  const { verdict, findings } = found('shorter');
  expect(verdict).toBe('fail');
  const [first] = findings.filter((f) => f.severity === 'error');
  expect(first?.code).toBe('shape-differs');
  expect(first?.message).toContain('[2, 201, 27] instead of [2, 201, 26]');
});

it('librosa on the filters that only it has', () => {
  expect([found('itself').verdict, found('itself').grade]).toEqual(['pass', 'identical']);
});

it.each([
  ['slaney', 'melScale: slaney'],
  ['normed', 'norm: slaney'],
  ['typo', 'the key melscale'],
  ['wide', 'fmax: 9000'],
])('%s is refused and says %s', (id, says) => {
  const { verdict, findings } = found(id);
  expect(verdict).toBe('error');
  expect(findings.find((f) => f.code === 'model-load-failed')?.message).toContain(says);
});

it('a sound that is too short for a frame is refused', () => {
  const { verdict, findings } = found('short');
  expect(verdict).toBe('error');
  expect(findings.map((f) => f.message).join()).toContain('200 samples is too short');
});
