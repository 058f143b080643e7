import { describe, expect, it } from 'vitest';
import { type DecideInput, type Decision, decide } from '../../../src/compare/rounding/decide.ts';
import { measureRounding, type RoundingInput, type Twins } from '../../../src/compare/rounding/measure.ts';

/** mulberry32 as normal numbers: small, seeded, the same on every machine. */
function normal(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

type Make = (i: number) => number;
const views = (count: number, make: Make): Float64Array => Float64Array.from({ length: count }, (_, i) => make(i));

/** A sample of one output: the reference, and how far each further view lies from it. */
function sample(
  shape: readonly number[],
  reference: Make,
  {
    error,
    floor,
    runs = 4,
    twins,
    step = 0,
  }: { error: Make; floor: Make; runs?: number; twins?: Partial<Record<keyof TwinMoves, Make>>; step?: number },
  seed = 1,
  name = `s${seed}`,
) {
  const next = normal(seed);
  const count = shape.reduce((n, d) => n * d, 1);
  const base = views(count, reference);
  const moved = (by: Make): Float64Array => base.map((v, i) => v + by(i) * next());
  const input: RoundingInput = {
    sample: name,
    shape,
    reference: base,
    candidate: base.map((v, i) => v + error(i)),
    perturbed: Array.from({ length: runs }, () => moved(floor)),
    twins: twins === undefined ? null : twinsOf(base, moved, error, twins),
    step,
  };
  return measureRounding(input);
}

interface TwinMoves {
  /** |reference64 − reference| */
  readonly reference: number;
  /** candidate64 − reference64 */
  readonly distance: number;
  readonly spread: number;
  readonly accumulated: number;
}

function twinsOf(
  base: Float64Array,
  moved: (by: Make) => Float64Array,
  _error: Make,
  { reference = () => 0, distance = () => 0, spread = () => 0, accumulated }: Partial<Record<keyof TwinMoves, Make>>,
): Twins {
  const reference64 = base.map((v, i) => v + reference(i));
  return {
    reference: reference64,
    candidate: reference64.map((v, i) => v + distance(i)),
    perturbed: [0, 1, 2].map(() => moved(spread).map((v, i) => v + reference(i))),
    accumulated: accumulated === undefined ? [] : [reference64.map((v, i) => v + accumulated(i))],
  };
}

const judged = (samples: DecideInput['samples'], more: Partial<DecideInput> = {}): Decision => {
  const decision = decide({ step: 'float32', reach: 'weights', samples, ...more });
  if (decision === null) throw new Error('nothing was measured');
  return decision;
};

const wave: Make = (i) => Math.sin(i + 1);

describe('the noise floor', () => {
  it('takes an error of its own size for rounding, and settles it', () => {
    const d = judged([sample([4, 64], wave, { error: (i) => 1e-6 * Math.cos(i), floor: () => 1e-6 })]);
    expect([d.answer, d.open, d.rounding.instrument]).toEqual(['rounding', false, 'noise-floor']);
    expect(d.rounding.ratio).toBeLessThan(3);
  });
  it('takes a hundred times as much for a fault, and asks float64', () => {
    const d = judged([sample([4, 64], wave, { error: () => 1e-4, floor: () => 1e-6 })]);
    expect([d.answer, d.cause, d.open]).toEqual(['fault', 'floor', true]);
  });
  it('needs no float64 for an error of a tenth of the scale', () => {
    expect(judged([sample([4, 64], wave, { error: () => 0.1, floor: () => 1e-6 })]).open).toBe(false);
  });
  it('is wider where inputs alone could be moved', () => {
    const samples = [sample([4, 64], wave, { error: () => 2.5e-5, floor: () => 1e-6 })];
    expect(judged(samples).answer).toBe('fault');
    expect(judged(samples, { reach: 'inputs' }).answer).toBe('rounding');
  });
  it('is no lower than what two runs of the reference lie apart', () => {
    const samples = [sample([4, 64], wave, { error: () => 4e-5, floor: () => 1e-6 })];
    expect(judged(samples, { unsteady: 1e-5 }).answer).toBe('rounding');
  });
  it('does not let a channel a thousand times smaller hide behind the others', () => {
    const small = (i: number): boolean => i % 8 === 3;
    const scale: Make = (i) => (small(i) ? 1e-3 : 1);
    const d = judged([
      sample([16, 8], (i) => scale(i) * wave(i), {
        error: (i) => (small(i) ? 2e-6 : 0),
        floor: (i) => 1e-6 * scale(i),
      }),
    ]);
    expect([d.answer, d.rounding.worst?.axis, d.rounding.worst?.index]).toEqual(['fault', 1, 3]);
  });
  it('sees a score column beside boxes of 640 pixels', () => {
    const score = (i: number): boolean => i % 5 === 4;
    const d = judged([
      sample([1, 300, 5], (i) => (score(i) ? 0.5 + 0.4 * wave(i) : 320 + 300 * wave(i)), {
        error: (i) => (score(i) ? 5e-4 : 0),
        floor: (i) => (score(i) ? 1e-6 : 5e-4),
      }),
    ]);
    expect([d.answer, d.rounding.worst?.axis, d.rounding.worst?.index]).toEqual(['fault', 2, 4]);
  });
  it('judges an output near zero by cancellation by what rounding does to it, not by its size', () => {
    const near = { error: (i: number) => 3e-6 * Math.cos(i), floor: () => 2e-6 };
    expect(judged([sample([4, 64], (i) => 1e-3 * wave(i), near)]).answer).toBe('rounding');
  });
  it('does not let few lucky draws of a small slice lower it: other samples know better', () => {
    const ordinary = Array.from({ length: 12 }, (_, k) =>
      sample([1, 4], (i) => wave(i + k), { error: () => 1e-6, floor: () => 1e-6 }, k + 1),
    );
    const lucky = sample([1, 4], wave, { error: () => 2e-6, floor: () => 1e-9 }, 99);
    expect(judged([...ordinary, lucky]).samples.get('s99')?.answer).toBe('rounding');
    expect(judged([lucky]).answer).toBe('fault');
  });
});

describe('jumps', () => {
  it('one element that jumps does not lift the floor of all others', () => {
    const d = judged([sample([4, 64], wave, { error: () => 3e-5, floor: (i) => (i === 9 ? 1 : 1e-6) })]);
    expect(d.rounding.unstable).toBeCloseTo(1 / 256);
    expect(d.answer).toBe('fault');
  });
  it('a sample that jumps in more than 5 % of its elements says nothing', () => {
    const d = judged([sample([4, 64], wave, { error: () => 0.01, floor: (i) => (i % 8 === 0 ? 1 : 1e-6) })]);
    expect(d.answer).toBe('silent');
  });
  it('a tree may jump in other rows than its perturbed reference, in about as many', () => {
    const row = (k: number) =>
      sample(
        [64, 8],
        (i) => 1 + Math.floor(i / 8),
        {
          error: (i) => (Math.floor(i / 8) === k ? 3 : 0),
          floor: (i) => (Math.floor(i / 8) === k + 1 ? 3 : 0),
        },
        k + 1,
      );
    expect(judged([row(3), row(20), row(40)]).answer).toBe('rounding');
  });
  it('but not in ten times as many', () => {
    const d = judged([
      sample([64, 8], (i) => 1 + Math.floor(i / 8), {
        error: (i) => (Math.floor(i / 8) >= 40 ? 3 : 0),
        floor: (i) => (i < 8 ? 3 : 0),
      }),
    ]);
    expect(d.answer).toBe('fault');
  });
  it('NaN under perturbation (the logarithm of 0 in a mask) is a jump, not an infinite floor', () => {
    const d = judged([
      sample([4, 64], wave, { error: (i) => (i === 5 ? 0 : 1e-3), floor: (i) => (i === 5 ? Number.NaN : 1e-6) }),
    ]);
    expect([d.answer, Number(d.rounding.unstable) > 0]).toEqual(['fault', true]);
  });
});

describe('power', () => {
  const chaotic = (steps: number, faultAt?: number) =>
    sample([4, steps, 3], wave, {
      floor: (i) => 1e-7 * 1.6 ** (Math.floor(i / 3) % steps),
      error: (i) => {
        const step = Math.floor(i / 3) % steps;
        return step === faultAt ? 0.01 : 1e-7 * 1.6 ** step * Math.cos(i);
      },
    });
  it('judges a chaotic recurrence up to its horizon, and says where that is', () => {
    const d = judged([chaotic(60)]);
    expect(d.answer).toBe('rounding');
    expect(d.rounding.horizon?.axis).toBe(1);
    expect(d.rounding.horizon?.index).toBeGreaterThan(15);
    expect(d.rounding.horizon?.index).toBeLessThan(40);
  });
  it('and sees a fault before it', () => {
    expect(judged([chaotic(60, 4)]).answer).toBe('fault');
  });
  it('is silent where nothing is left', () => {
    const d = judged([sample([4, 64], wave, { error: () => 0.1, floor: () => 0.5 })]);
    expect([d.answer, d.rounding.informative]).toEqual(['silent', 0]);
  });
});

describe('float64', () => {
  const rounding = { error: (i: number) => 4e-5 * Math.cos(i), floor: () => 1e-6 };
  it('the same function that sums in another order is rounding, forty floors away', () => {
    const d = judged([
      sample([4, 64], wave, {
        ...rounding,
        twins: { distance: () => 1e-15, spread: () => 1e-7, accumulated: () => 1e-4 },
      }),
    ]);
    expect([d.answer, d.rounding.instrument, d.cause]).toEqual(['rounding', 'float64', null]);
  });
  it('another function is a fault, however small', () => {
    const d = judged([
      sample([4, 64], wave, { ...rounding, twins: { distance: (i) => 4e-5 * Math.cos(i), spread: () => 1e-7 } }),
    ]);
    expect([d.answer, d.cause]).toEqual(['fault', 'function']);
    expect(Number(d.rounding.function?.ratio)).toBeGreaterThan(100);
  });
  it('weights written anew in float32 (folded batch-norm) are no other function', () => {
    const d = judged([
      sample([4, 64], wave, {
        ...rounding,
        twins: { distance: () => 1e-6, spread: () => 3e-7, accumulated: () => 1e-4 },
      }),
    ]);
    expect(d.answer).toBe('rounding');
  });
  it('the same function computed badly is a fault of its own', () => {
    const d = judged([
      sample([4, 64], wave, {
        error: () => 1e-3,
        floor: () => 1e-6,
        twins: { spread: () => 1e-7, accumulated: () => 1e-5 },
      }),
    ]);
    expect([d.answer, d.cause]).toEqual(['fault', 'computation']);
  });
  it('a reference that rounds as badly itself excuses it', () => {
    const d = judged([
      sample([4, 64], wave, {
        error: () => 1e-3,
        floor: () => 1e-6,
        twins: { reference: () => 2e-4, spread: () => 1e-7 },
      }),
    ]);
    expect(d.answer).toBe('rounding');
  });
  it('is not believed where both runtimes agree and it does not', () => {
    const d = judged([
      sample([4, 64], wave, {
        error: () => 1e-6,
        floor: () => 1e-6,
        twins: { distance: () => 1e-3, spread: () => 1e-7 },
      }),
    ]);
    expect([d.answer, d.distrusted, d.rounding.instrument]).toEqual(['rounding', true, 'noise-floor']);
  });
  it('nor where it is far from the reference itself', () => {
    const d = judged([
      sample([4, 64], wave, {
        error: () => 1e-6,
        floor: () => 1e-6,
        twins: { reference: () => 0.1, spread: () => 1e-7 },
      }),
    ]);
    expect(d.distrusted).toBe(true);
  });
});

describe('a quantised reference', () => {
  const step = 0.04;
  const grid: Make = (i) => step * Math.round(wave(i) / step);
  const off = (steps: number, of = step) => [
    sample([4, 64], grid, { error: (i) => (i % 9 === 0 ? steps * step : 0), floor: () => 0, step: of }),
  ];
  it('may be one output step away, which no input moves', () => {
    expect(judged(off(1)).answer).toBe('rounding');
    expect(judged(off(-1)).answer).toBe('rounding');
  });
  it('and no more', () => {
    expect(judged(off(2)).answer).toBe('fault');
    expect(judged(off(1.01)).answer).toBe('fault');
  });
  it('by its own grid alone', () => {
    expect(judged(off(1, 0)).answer).toBe('fault');
  });
});

describe('declared precisions', () => {
  const noisy = (error: number, seed: number) => {
    const next = normal(1000 + seed);
    return sample([8, 32], wave, { error: () => error * next(), floor: () => 1e-3 }, seed);
  };
  const five = (error: number) => [1, 2, 3, 4, 5].map((seed) => noisy(error, seed));
  it('int8 done well passes, compared by rms over all samples', () => {
    expect(judged(five(1.2e-3), { step: 'int8' }).answer).toBe('rounding');
  });
  it('a scale several times too coarse does not', () => {
    const d = judged(five(5e-3), { step: 'int8' });
    expect([d.answer, d.open]).toEqual(['fault', false]);
  });
  it('bfloat16 in the place of float16 does not', () => {
    expect(judged(five(7e-3), { step: 'float16' }).answer).toBe('fault');
    expect(judged(five(1.4e-3), { step: 'float16' }).answer).toBe('rounding');
  });
});

it('without any measured run there is no decision', () => {
  expect(decide({ step: 'float32', reach: 'weights', samples: [] })).toBeNull();
  const none = sample([4, 64], wave, { error: () => 1, floor: () => 0, runs: 0 });
  expect(decide({ step: 'float32', reach: 'weights', samples: [none] })).toBeNull();
});
