import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measure } from '../../src/compare/values/measure.ts';
import type { BoundsAt } from '../../src/compare/values/measured.ts';
import { prepare } from '../../src/compare/values/operands.ts';
import { measurePieces, withinPieces } from '../../src/compare/values/pieces.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { serializeNpy } from '../../src/tensor/npy.ts';
import { makeNpyHeader } from '../../src/tensor/npy-header.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import { openTensorFile } from '../../src/tensor/stored.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { readTensorFile } from '../../src/tensor/tensor-file.ts';
import { scratch } from './helpers.ts';
import { mulberry } from './random.ts';
import { zipOf } from './zip-of.ts';

const bounds: BoundsAt = (scale) => ({ atol: 1e-6 * Math.max(1, Number.isNaN(scale) ? 0 : scale), rtol: 1e-5 });
const operands = (a: Tensor, b: Tensor) => {
  const result = prepare({ tensor: a, quantization: undefined }, { tensor: b, quantization: undefined }, false);
  if (result === null || result.storage !== 'numbers') throw new Error('not numbers');
  return result;
};

const SHAPE = [5, 500_000];

/** 20 MB a side: beyond what is read whole. */
function large(seed: number): [Tensor, Tensor] {
  const next = mulberry(seed);
  const shape = [...SHAPE];
  const values = Float64Array.from({ length: 2_500_000 }, () => (next() - 0.5) * 200);
  const other = values.map((v) => v * (1 + (next() - 0.5) * 3e-5));
  other[1234567] = Number.NaN;
  return [tensorFrom('float64', shape, values), tensorFrom('float64', shape, other)];
}

describe('large tensors stay in their files', () => {
  it.each(['npy', 'safetensors', 'npz'])('%s: the same bytes, the same answers as from memory', (kind) => {
    const dir = scratch();
    const sides = large(3);
    const small = tensorFrom('int64', [2], [1n, 2n]);
    const opened = sides.map((tensor, i) => {
      const path = join(dir, `${i}.${kind}`);
      if (kind === 'npy') writeFileSync(path, serializeNpy(tensor));
      if (kind === 'safetensors')
        writeSafetensors(
          path,
          new Map([
            ['x', tensor],
            ['small', small],
          ]),
        );
      if (kind === 'npz')
        writeFileSync(path, zipOf({ 'x.npy': serializeNpy(tensor), 'small.npy': serializeNpy(small) }));
      const there = openTensorFile(path, { verify: true });
      expect([...there.keys()]).toEqual([...readTensorFile(path).keys()]);
      if (kind !== 'npy') expect(there.get('small')).toEqual(readTensorFile(path).get('small'));
      return [...there.values()][0] as Tensor;
    }) as [Tensor, Tensor];
    for (const [i, tensor] of opened.entries()) {
      expect(tensor.place?.path).toBe(join(dir, `${i}.${kind}`));
      expect(Buffer.compare(tensor.data, (sides[i] as Tensor).data)).toBe(0);
    }
    const stored = operands(...opened);
    const fast = measure(stored, SHAPE, bounds);
    expect(fast).toEqual(measure(operands(...sides), SHAPE, bounds));
    expect(fast.moments).toMatchObject({ nanMismatches: 1, rows: 5 });
    expect(fast.moments.violations).toBeGreaterThan(1);
    // Where the kernel cannot be had, the scalar one reads piece by piece.
    const pair = stored.elements;
    if (pair === null) throw new Error('no elements');
    const slow = measurePieces(pair, stored, 500_000, bounds);
    for (const key of [
      'elements',
      'violations',
      'nanMismatches',
      'maxAbs',
      'rows',
      'rowsAgreeing',
      'counts',
      'worst',
      'worstOutside',
      'zeros',
    ] as const) {
      expect(slow.moments[key], key).toEqual(fast.moments[key]);
    }
    expect(slow.moments.scale).toBeCloseTo(fast.moments.scale, 10);
    expect(withinPieces(pair, bounds(1))).toBe(false);
  });

  it('a damaged npz member is told', () => {
    const path = join(scratch(), 'x.npz');
    const bytes = zipOf({ 'x.npy': serializeNpy(large(1)[0]) });
    bytes[5_000_000] = (bytes[5_000_000] as number) ^ 1;
    writeFileSync(path, bytes);
    expect(() => openTensorFile(path, { verify: true })).toThrow(/damaged \(checksum\)/);
  });

  it('threads change nothing: 2 × 160 MB with one value off in the last row', () => {
    const dir = scratch();
    const shape = [40, 1_000_000];
    const header = makeNpyHeader('<f4', shape);
    const sides = [0, 1].map((value) => {
      const path = join(dir, `${value}.npy`);
      // A sparse file: a hole reads as zeros.
      const fd = openSync(path, 'w');
      writeSync(fd, header);
      ftruncateSync(fd, header.length + 160_000_000);
      writeSync(fd, new Uint8Array(Float32Array.of(value).buffer), 0, 4, header.length + 4 * 39_999_998);
      closeSync(fd);
      return [...openTensorFile(path, { verify: true }).values()][0] as Tensor;
    }) as [Tensor, Tensor];
    const { moments, identical } = measure(operands(...sides), shape, bounds);
    expect(identical).toBe(false);
    expect(moments).toMatchObject({
      elements: 40_000_000,
      zeros: 39_999_999,
      violations: 1,
      maxAbs: 1,
      scale: 0,
      rows: 40,
      rowsAgreeing: 40,
    });
    expect(moments.worst).toEqual([{ at: 39_999_998, error: 1 }]);
    const same = measure(operands(sides[0], sides[0]), shape, bounds);
    expect([same.identical, same.moments.violations]).toEqual([true, 0]);
  });
});
