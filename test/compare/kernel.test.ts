import { describe, expect, it } from 'vitest';
import { measure } from '../../src/compare/metrics/registry.ts';
import { binOf } from '../../src/compare/values/histogram.ts';
import { type Bounds, compareViews, type NumericView, rms, within } from '../../src/compare/values/kernel.ts';
import { compareWide } from '../../src/compare/values/kernel-wide.ts';
import { addMoments, type Moments, newMoments } from '../../src/compare/values/moments.ts';
import { unravel } from '../../src/compare/values/operands.ts';

/** mulberry32: small, seeded, and the same on every machine. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SPECIAL = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-45, 1e38, -1e38, 1, -1];

/** Pairs that are mostly near, sometimes equal, sometimes special on either side. */
function pairs(
  seed: number,
  length: number,
  View: typeof Float32Array | typeof Float64Array,
): [NumericView, NumericView] {
  const next = random(seed);
  const [a, b] = [new View(length), new View(length)];
  const special = () => SPECIAL[Math.floor(next() * SPECIAL.length)] as number;
  for (let i = 0; i < length; i++) {
    const value = (next() - 0.5) * 10 ** Math.floor(next() * 8 - 4);
    const kind = next();
    a[i] = kind < 0.1 ? special() : value;
    b[i] =
      kind < 0.05
        ? special()
        : kind < 0.4
          ? (a[i] as number)
          : (a[i] as number) * (1 + (next() - 0.5) * 10 ** -Math.floor(next() * 9));
  }
  return [a, b];
}

/** The definitions, one by one, with no thought for speed. */
function oracle(a: NumericView, b: NumericView, { atol, rtol }: Bounds) {
  const all = [...a].map((r, i) => ({ r, c: b[i] as number, i }));
  const finite = all
    .filter(({ r, c }) => Number.isFinite(r) && Number.isFinite(c))
    .map((e) => ({ ...e, d: Math.abs(e.c - e.r) }));
  const nan = all.filter(({ r, c }) => Number.isNaN(r) !== Number.isNaN(c));
  const inf = all.filter(
    ({ r, c }) => !Number.isNaN(r) && !Number.isNaN(c) && !(Number.isFinite(r) && Number.isFinite(c)) && r !== c,
  );
  const outside = finite.filter(({ r, d }) => d > atol + rtol * Math.abs(r));
  const errors = [
    ...finite.filter((e) => e.d > 0).map(({ i, d }) => ({ at: i, error: d })),
    ...[...nan, ...inf].map(({ i }) => ({ at: i, error: Number.POSITIVE_INFINITY })),
  ];
  errors.sort((x, y) => (x.error === y.error ? x.at - y.at : y.error - x.error));
  const sum = (f: (e: (typeof finite)[number]) => number) => finite.reduce((s, e) => s + f(e), 0);
  const references = all.filter(({ r }) => Number.isFinite(r));
  return {
    worst: errors.slice(0, 5),
    violations: outside.length + nan.length + inf.length,
    nanMismatches: nan.length,
    infMismatches: inf.length,
    nonFinite: all.length - finite.length,
    finiteReference: references.length,
    zeros: all.filter(({ r, c }) => r === c || (Number.isNaN(r) && Number.isNaN(c))).length,
    maxAbs: Math.max(0, ...finite.map((e) => e.d)),
    maxRel: Math.max(0, ...finite.filter((e) => e.r !== 0).map((e) => e.d / Math.abs(e.r))),
    sumAbs: sum((e) => e.d),
    sumSquares: sum((e) => e.d ** 2),
    sumProduct: sum((e) => e.r * e.c),
    sumReference: sum((e) => e.r ** 2),
    sumCandidate: sum((e) => e.c ** 2),
    rms: Math.sqrt(references.reduce((s, { r }) => s + r * r, 0) / references.length),
    largestOutside: nan.length + inf.length > 0 ? Number.POSITIVE_INFINITY : Math.max(-1, ...outside.map((e) => e.d)),
  };
}

const EXACT = [
  'violations',
  'nanMismatches',
  'infMismatches',
  'nonFinite',
  'finiteReference',
  'zeros',
  'maxAbs',
] as const;
const SUMS = ['maxRel', 'sumAbs', 'sumSquares', 'sumProduct', 'sumReference', 'sumCandidate'] as const;

const near = (actual: number, expected: number) =>
  Math.abs(actual - expected) <= 1e-12 * Math.max(1e-300, Math.abs(expected));

describe('the kernel agrees with its definitions', () => {
  for (const View of [Float32Array, Float64Array]) {
    it(`on ${View.name}`, () => {
      for (let seed = 0; seed < 200; seed++) {
        const length = seed < 20 ? seed : Math.floor(random(seed)() * 300);
        const [a, b] = pairs(seed, length, View);
        const bounds = { atol: 10 ** -(seed % 7), rtol: seed % 3 === 0 ? 0 : 10 ** -(seed % 5) };
        const m = compareViews(a, b, bounds);
        const o = oracle(a, b, bounds);
        const context = `seed ${seed}`;
        for (const key of EXACT) expect(m[key], `${context} ${key}`).toBe(o[key]);
        for (const key of SUMS) expect(near(m[key], o[key]), `${context} ${key}: ${m[key]} ${o[key]}`).toBe(true);
        expect(m.worst, context).toEqual(o.worst);
        expect(m.worstOutside?.error ?? -1, context).toBe(o.largestOutside);
        expect(within(a, b, bounds), context).toBe(o.violations === 0);
        if (o.finiteReference > 0) expect(near(rms(a), o.rms), `${context} rms`).toBe(true);
        expect(m.counts.reduce((s, n) => s + n, 0) + m.zeros + m.nanMismatches + m.infMismatches, context).toBe(length);
      }
    });
  }

  it('keeps the worst of those outside, though a larger one is within', () => {
    const m = compareViews(Float64Array.of(1000, 1), Float64Array.of(1005, 2), { atol: 0, rtol: 0.01 });
    expect(m.worst[0]).toEqual({ at: 0, error: 5 });
    expect(m.worstOutside).toEqual({ at: 1, error: 1 });
  });

  it('takes a difference that overflows a double for a violation', () => {
    const m = compareViews(Float64Array.of(1e308), Float64Array.of(-1e308), { atol: Number.MAX_VALUE, rtol: 0 });
    expect(m).toMatchObject({
      violations: 1,
      maxAbs: Number.POSITIVE_INFINITY,
      nonFinite: 0,
      infMismatches: 0,
      finiteReference: 1,
    });
    expect(within(Float64Array.of(1e308), Float64Array.of(-1e308), { atol: Number.POSITIVE_INFINITY, rtol: 0 })).toBe(
      false,
    );
  });

  it('has no scale without a finite reference, and a careful one for extremes', () => {
    expect(rms(Float64Array.of(Number.NaN, Number.POSITIVE_INFINITY))).toBeNaN();
    expect(rms(new Float64Array(0))).toBeNaN();
    expect(rms(Float64Array.of(0, 0))).toBe(0);
    expect(rms(Float64Array.of(1e200, -1e200))).toBe(1e200);
    expect(rms(Float64Array.of(3e-200, 3e-200))).toBe(3e-200);
    expect(rms(Float64Array.of(Number.NaN, 2))).toBe(2);
  });
});

describe('moments over samples', () => {
  it('add up to those of all samples at once', () => {
    const [a, b] = pairs(7, 500, Float64Array);
    const bounds = { atol: 1e-3, rtol: 1e-3 };
    const total = newMoments('number');
    for (const [from, to] of [
      [0, 100],
      [100, 101],
      [101, 500],
    ] as const) {
      const part = compareViews(a.subarray(from, to), b.subarray(from, to), bounds);
      part.scale = rms(a.subarray(from, to));
      addMoments(total, part);
    }
    const whole: Moments = { ...compareViews(a, b, bounds), scale: rms(a) };
    for (const key of EXACT) expect(total[key], key).toBe(whole[key]);
    for (const key of [...SUMS, 'scale'] as const) expect(near(total[key], whole[key]), key).toBe(true);
    expect([...total.counts]).toEqual([...whole.counts]);
  });
});

describe('metrics', () => {
  it('are those of the textbooks', () => {
    const [a, b] = [Float64Array.of(3, 4), Float64Array.of(4, 4)];
    const m = compareViews(a, b, { atol: 0, rtol: 0 });
    m.scale = rms(a);
    const values = measure(m);
    expect(values).toMatchObject({
      maxAbs: 1,
      maxRel: 1 / 3,
      meanAbs: 0.5,
      rmse: Math.SQRT1_2,
      mismatchFraction: 0.5,
      elements: 2,
      argmaxAgreement: null,
    });
    expect(values.scale).toBeCloseTo(Math.sqrt(12.5), 12);
    expect(values.scaled).toBeCloseTo(1 / Math.sqrt(12.5), 12);
    expect(values.cosine).toBeCloseTo(28 / (5 * Math.sqrt(32)), 12);
    expect(values.sqnrDb).toBeCloseTo(10 * Math.log10(25), 12);
  });

  it('are null where they are not defined', () => {
    expect(measure(newMoments('number'))).toMatchObject({
      maxAbs: null,
      scaled: null,
      cosine: null,
      rmse: null,
      mismatchFraction: null,
      elements: 0,
    });
  });
});

describe('64-bit integers', () => {
  it('are counted and measured exactly', () => {
    const base = 2n ** 60n;
    const m = compareWide(BigInt64Array.of(base, 1n, -5n), BigInt64Array.of(base + 1n, 1n, 5n));
    expect(m).toMatchObject({ zeros: 1, violations: 2, maxAbsExact: 10n, elements: 3, kind: 'integer' });
    expect(m.worst).toEqual([
      { at: 2, error: 10 },
      { at: 0, error: 1 },
    ]);
  });
});

describe('places', () => {
  it('bins by half decades, exactly at their edges', () => {
    for (let i = 0; i < 48; i++) {
      const edge = 10 ** (-16 + i / 2);
      expect(binOf(edge)).toBe(i);
      if (i > 0) expect(binOf(edge * (1 - Number.EPSILON))).toBe(i - 1);
    }
    expect([binOf(5e-324), binOf(1e-17), binOf(1e300)]).toEqual([0, 0, 47]);
  });

  it('turns flat places into indices', () => {
    expect(unravel(23, [2, 3, 4])).toEqual([1, 2, 3]);
    expect(unravel(5, [2, 3])).toEqual([1, 2]);
    expect(unravel(0, [])).toEqual([]);
  });
});
