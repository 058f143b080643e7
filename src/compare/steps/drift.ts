import type { StepDrift } from '../../records/comparison.ts';
import type { TensorSpec } from '../../records/contract.ts';
import { toNum } from '../../records/numbers.ts';
import { STEP_AXIS } from '../../tensor/steps.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { maxBy } from '../rounding/cells.ts';
import type { Decision } from '../rounding/decide.ts';
import type { Bounds } from '../values/kernel.ts';
import { prepare } from '../values/operands.ts';
import { sameShape } from '../values/shapes.ts';

/** What one output did in one sample, step by step. */
export interface SampleSteps {
  readonly maxAbs: Float64Array;
  /** Σ reference², and the finite elements it is of. */
  readonly squares: Float64Array;
  readonly count: Float64Array;
  /** Elements outside the bounds of a tolerance. */
  readonly outside: Float64Array;
}

/** The steps of an output [batch, step, …]. Null: not numbers, another shape, or no axis of steps. */
export function stepsOf(
  reference: { readonly tensor: Tensor; readonly spec: TensorSpec },
  candidate: { readonly tensor: Tensor; readonly spec: TensorSpec },
  { atol, rtol }: Bounds,
): SampleSteps | null {
  const { shape } = reference.tensor;
  const steps = shape[STEP_AXIS];
  if (steps === undefined || !sameShape(shape, candidate.tensor.shape)) return null;
  const operands = prepare(
    { tensor: reference.tensor, quantization: reference.spec.quantization },
    { tensor: candidate.tensor, quantization: candidate.spec.quantization },
    false,
    false,
  );
  if (operands === null || operands.kind !== 'number' || operands.storage !== 'numbers') return null;
  const inner = shape.slice(STEP_AXIS + 1).reduce((n, d) => n * d, 1);
  const [maxAbs, squares, count, outside] = Array.from({ length: 4 }, () => new Float64Array(steps)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const { reference: r, candidate: c } = operands;
  for (let i = 0; i < r.length; i++) {
    const step = Math.floor(i / inner) % steps;
    const [want, got] = [r[i] as number, c[i] as number];
    if (Number.isFinite(want)) {
      squares[step] = (squares[step] as number) + want * want;
      count[step] = (count[step] as number) + 1;
    }
    if (Object.is(want, got)) continue;
    const off = Math.abs(got - want);
    // A NaN or infinity that one side alone has is larger than any number.
    const size = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
    if (size > (maxAbs[step] as number)) maxAbs[step] = size;
    if (size > atol + rtol * Math.abs(want)) outside[step] = (outside[step] as number) + 1;
  }
  return { maxAbs, squares, count, outside };
}

/**
 * How far an output is off at each step, over all samples: the largest |d|, also for the scale (rms of the reference at that
 * step), and what was allowed there. Where rounding was measured that is the floor of the sample that stands out most.
 */
export function driftOf(samples: readonly SampleSteps[], decision: Decision | null): StepDrift[] {
  const steps = Math.max(0, ...samples.map((s) => s.maxAbs.length));
  return Array.from({ length: steps }, (_, step): StepDrift => {
    const having = samples.filter((s) => step < s.maxAbs.length);
    const sum = (of: (s: SampleSteps) => Float64Array): number =>
      having.reduce((total, s) => total + (of(s)[step] as number), 0);
    const maxAbs = Math.max(0, ...having.map((s) => s.maxAbs[step] as number));
    const count = sum((s) => s.count);
    const scale = count === 0 ? 0 : Math.sqrt(sum((s) => s.squares) / count);
    const shared = { maxAbs: toNum(maxAbs), scaled: scale === 0 ? null : toNum(maxAbs / scale) };
    if (decision === null)
      return { ...shared, floor: null, limit: null, state: sum((s) => s.outside) > 0 ? 'outside' : 'within' };
    const cells = decision.cells.filter((c) => c.axis === STEP_AXIS && c.index === step);
    const told = cells.filter((c) => c.informative);
    const worst = maxBy(told, (c) => c.ratio);
    const allowed = decision.rounding.limit as number;
    if (worst === null) {
      const floor = Math.max(0, ...cells.map((c) => c.floor));
      return {
        ...shared,
        floor: cells.length === 0 ? null : toNum(floor),
        limit: null,
        state: cells.length === 0 ? 'within' : 'silent',
      };
    }
    return {
      ...shared,
      floor: toNum(worst.floor),
      limit: toNum(worst.floor * allowed),
      state: decision.answer === 'fault' && worst.ratio > allowed ? 'outside' : 'within',
    };
  });
}
