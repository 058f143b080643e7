import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { scratch, sharedScratch, write } from '../scratch.ts';
import { onlyCase, onpar } from './onpar.ts';
import { writeTinyOnnx } from './tiny-onnx.ts';

const dir = sharedScratch();

/** The mean of each channel: what a picture was turned into shows in three numbers. */
beforeAll(async () => {
  writeTinyOnnx(join(dir, 'pool.onnx'), {
    inputs: { image: ['batch', 3, 4, 4] },
    nodes: [{ opType: 'GlobalAveragePool', input: ['image'], output: ['mean'] }],
    outputs: { mean: ['batch', 3, 1, 1] },
  });
  mkdirSync(join(dir, 'photos'));
  for (const [name, background] of [
    ['red', '#ff0000'],
    ['blue', '#0000ff'],
  ] as const)
    await sharp({ create: { width: 8, height: 6, channels: 3, background } }).toFile(
      join(dir, 'photos', `${name}.png`),
    );
});

const textOf = (c: ReturnType<typeof onlyCase>): string =>
  c.findings.find(({ code }) => code === 'images-prepared')?.message ?? '';

test('--inputs takes a folder of pictures for a model with one such input, and says how they were prepared', async () => {
  const args = ['compare', 'pool.onnx', 'pool.onnx', '--inputs', 'photos', '--out', 'run'];
  expect((await onpar(args, { cwd: dir })).exitCode).toBe(0);
  const c = onlyCase(join(dir, 'run'));
  expect([...new Set(c.samples.map(({ generator }) => generator))]).toEqual(['image']);
  expect(c.samples.map(({ id }) => id)).toContain('image:photos#0');
  expect(textOf(c)).toContain('input image got 2 pictures of photos');
  expect(textOf(c)).toContain('middle 4×4 cut out; RGB; CHW; 0…255 scaled to [0, 1]');
  expect(textOf(c)).toMatch(/\(sharp [\d.]+ with libvips [\d.]+\)$/);
});

test('a suite prepares them as the model was trained, decodes once, and says so again from the store', async () => {
  const lines = ['cases:', '  pool:', '    source: pool.onnx', '    convert: { to: same }', '    samples:'];
  write(
    dir,
    'onpar.yaml',
    [
      ...lines,
      '      - portfolio:1',
      '      - { images: photos, resize: pad, channels: BGR, mean: 0.5, std: [1, 1, 2] }',
      '',
    ].join('\n'),
  );
  const run = () => onpar(['run', '--out', 'run'], { cwd: dir });
  expect((await run()).exitCode).toBe(0);
  const first = onlyCase(join(dir, 'run'));
  expect(new Set(first.samples.map(({ generator }) => generator))).toEqual(new Set(['image', 'normal']));
  expect(textOf(first)).toContain('BGR; CHW; 0…255 scaled to [0, 1]; minus mean 0.5, 0.5, 0.5; divided by std 1, 1, 2');
  expect((await run()).exitCode).toBe(0);
  const second = onlyCase(join(dir, 'run'));
  expect(second.steps.cached).toBe(second.steps.total);
  expect([textOf(second), second.samples]).toEqual([textOf(first), first.samples]);
});

test('a misspelt key is told with those that exist', async () => {
  const own = scratch();
  write(
    own,
    'onpar.yaml',
    'cases:\n  a: { source: x.onnx, samples: { images: p, sizes: [1, 1] }, convert: { to: same } }\n',
  );
  const { exitCode, text } = await onpar(['run'], { cwd: own });
  expect(exitCode).toBe(2);
  expect(text).toContain('unknown key `sizes`');
  expect(text).toContain('size');
});
