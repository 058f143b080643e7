import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { detectFormat } from '../../src/formats/detect.ts';
import type { Report } from '../../src/records/report.ts';
import { runSuite } from '../contracts/suite.ts';

const RECIPES: Record<string, object> = {
  // No pixel is made anew: what is left is arithmetic, the order of channels and the layout.
  whole: {
    size: [31, 17],
    resize: 'none',
    scale: [-1, 1],
    mean: [0.1, 0.2, 0.3],
    std: [0.5, 0.25, 2],
    layout: 'NHWC',
    channels: 'BGR',
  },
  linear: { size: [32, 32] },
  smooth: { size: [32, 32], antialias: true },
  rough: { size: [32, 32], antialias: false },
  box: { size: [32, 32], filter: 'area' },
  typo: { size: [32, 32], filtre: 'area' },
};
const LIBRARIES = ['opencv', 'tf-image', 'sharp'];
let dir: string;
let report: Report;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-preprocess-'));
  for (const [name, preprocess] of Object.entries(RECIPES))
    writeFileSync(join(dir, `${name}.json`), JSON.stringify({ preprocess }));
  const one = (name: string, run: readonly string[], more: object = {}) => ({
    source: `${name}.json`,
    python: 'managed',
    samples: 'portfolio',
    // Eight bits are rounded to a whole number: one step is 1/255.
    tolerance: { image: { atol: 1e-6, rtol: 1e-5 } },
    convert: { to: 'same', run },
    ...more,
  });
  report = runSuite(dir, {
    cases: {
      whole: one('whole', LIBRARIES),
      linear: one('linear', ['opencv', 'tf-image']),
      smooth: one('smooth', ['tf-image', 'opencv'], { tolerance: { image: { atol: 2.1 / 255, rtol: 0 } } }),
      rough: one('rough', ['pillow']),
      box: one('box', ['sharp']),
      typo: one('typo', ['pillow']),
    },
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const found = (id: string) => {
  const c = report.cases.find((each) => each.id.replace('/same@', '/') === id);
  if (c === undefined) throw new Error(`${id} is not in the report`);
  return c;
};

it('is told by its content', () => {
  expect(detectFormat('whole.json', { root: dir }).format).toBe('preprocess');
});

it.each(LIBRARIES)('%s: the same arithmetic, channels and layout where no pixel is made anew', (library) => {
  const { verdict, samples, findings } = found(`whole/${library}`);
  expect(findings.filter((f) => f.severity === 'error')).toEqual([]);
  expect(verdict).toBe('pass');
  const ids = samples.map((s) => s.id).join();
  for (const size of ['batch=3', 'height=97', 'width=63']) expect(ids).toContain(size);
});

it.each(['opencv', 'tf-image'])('%s: finds that a linear filter without antialias is another filter', (library) => {
  const { verdict, outputs } = found(`linear/${library}`);
  expect(verdict).toBe('fail');
  expect(outputs[0]?.metrics?.maxAbs).toBeGreaterThan(0.2);
});

it('TensorFlow with antialias is what Pillow does, but for eight bits', () => {
  expect(found('smooth/tf-image').verdict).toBe('pass');
});

it.each([
  ['smooth/opencv', 'antialias with the filter linear'],
  ['rough/pillow', 'antialias: false'],
  ['box/sharp', 'the filter area'],
  ['typo/pillow', 'filtre'],
])('%s is refused and says %s', (id, says) => {
  const { verdict, findings } = found(id);
  expect(verdict).toBe('error');
  expect(findings.find((f) => f.code === 'model-load-failed')?.message).toContain(says);
});
