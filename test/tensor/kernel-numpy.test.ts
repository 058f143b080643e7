import { expect, it } from 'vitest';
import { elementsOf } from '../../src/tensor/kernel/elements.ts';
import { runPass, runRms } from '../../src/tensor/kernel/pass.ts';
import type { NumericDtype } from '../../src/tensor/views.ts';
import content from './kernel-vectors.json' with { type: 'json' };

/** make-kernel-vectors.py says how numpy measured each. */
const { shape, atol, rtol, vectors } = content;
const count = shape.reduce((n, d) => n * d, 1);
const EXACT = ['violations', 'zeros', 'nonFinite', 'nanMismatches', 'infMismatches', 'maxAbs'];

it.each(Object.entries(vectors))('%s is measured as numpy does', (dtype, { reference, candidate, measures }) => {
  const exact = !/float/.test(dtype);
  const side = (text: string) =>
    elementsOf(dtype as NumericDtype, count, { bytes: new Uint8Array(Buffer.from(text, 'base64')) });
  const bounds = exact ? { atol: 0, rtol: 0 } : { atol, rtol };
  const stats = runPass({ reference: side(reference), candidate: side(candidate), ...bounds, exact, columns: 0 });
  if (stats === null) throw new Error('no kernel');
  const measured = { ...stats, counts: [...stats.counts], rms: runRms(side(reference)) } as Record<string, unknown>;
  const { maxAbsExact, maxAbsAt, ...others } = measures as Record<string, number | string | number[]>;
  for (const [name, value] of Object.entries(others)) {
    if (EXACT.includes(name) || Array.isArray(value)) expect(measured[name], name).toEqual(value);
    else expect(Math.abs((measured[name] as number) / (value as number) - 1), name).toBeLessThan(1e-13);
  }
  if (maxAbsExact !== undefined) expect(String(stats.maxAbsExact ?? stats.maxAbs)).toBe(maxAbsExact);
  if (maxAbsAt !== undefined)
    expect(stats.worst.find(({ error }) => error < Number.POSITIVE_INFINITY)?.at ?? maxAbsAt).toBe(maxAbsAt);
});
