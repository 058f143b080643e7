import { random } from '../../../src/core/random.ts';
import type { CaseFacts, Lab, Ran } from '../../../src/investigate/lab.ts';
import type { Question } from '../../../src/investigate/scene.ts';
import { tensorFrom } from '../../../src/tensor/build.ts';
import type { NamedTensors, Tensor } from '../../../src/tensor/tensor.ts';
import { toFloat64 } from '../../../src/tensor/values.ts';

export interface Recorded {
  readonly reference: NamedTensors;
  readonly candidate: NamedTensors | null;
  readonly inputs?: NamedTensors;
  readonly failed?: boolean;
}

/**
 * A question of which only inputs and answers are known, sample by sample: neither side can be looked into. Anything that
 * would run a model answers that it cannot, but for `run`.
 */
export function recorded(
  samples: readonly Recorded[],
  { facts, ...more }: { facts?: Partial<CaseFacts> } & Partial<Omit<Lab, 'facts'>> = {},
): Question {
  const refused: Ran = { ok: false, code: 'run-failed', message: 'recorded answers only' };
  const of = (id: string): Recorded => samples[Number(id)] as Recorded;
  const lab: Lab = {
    facts: {
      id: 'recorded',
      declared: 'float32',
      outputs: [...(samples[0]?.reference.keys() ?? [])].map((name) => ({
        reference: name,
        candidate: name,
        failed: true,
        maxAbs: null,
        scale: null,
        floor: null,
      })),
      inputs: [],
      samples: samples.map(({ failed = true }, i) => ({ id: String(i), failed, elements: 1, group: null })),
      findings: [],
      failure: null,
      ...facts,
    },
    reference: null,
    candidate: null,
    graph: () => Promise.resolve({ ok: false, reason: 'recorded answers only' }),
    hasFloat64: () => false,
    run: () => Promise.resolve(refused),
    tap: () => Promise.resolve(refused),
    edit: () => Promise.reject(new Error('recorded answers only')),
    canEdit: () => false,
    cut: () => Promise.reject(new Error('recorded answers only')),
    constants: () => Promise.resolve({ ok: false, reason: 'recorded answers only' }),
    inputs: (id) => of(id).inputs ?? new Map(),
    observed: (id) => of(id),
    runtimeOptions: () => ({}),
    exporterOptions: () => ({}),
    judge: () => Promise.reject(new Error('recorded answers only')),
    otherwise: () => Promise.reject(new Error('recorded answers only')),
    keep: () => undefined,
    secondsLeft: () => 600,
    say: () => undefined,
    ...more,
  };
  return {
    divergence: null,
    scene: {
      lab,
      sample: '0',
      precision: 'deployed',
      how: { sample: '0' },
      reference: null,
      candidate: null,
      alignment: null,
      tolerance: 1e-5,
    },
  };
}

/** Standard normal float32 values, the same for the same seed. */
export function drawn(shape: readonly number[], seed: number): Tensor {
  const values = new Float64Array(shape.reduce((n, d) => n * d, 1));
  random('recorded', seed).fillNormal(values);
  return tensorFrom('float32', shape, values);
}

/** Two samples of one output: what the reference gives, and what a fault makes of it. */
export function faulty(
  shape: readonly number[],
  fault: (tensor: Tensor, sample: number) => Tensor,
  make = drawn,
): Question {
  return recorded(
    [1, 2].map((seed, i) => {
      const reference = make(shape, seed);
      return { reference: new Map([['out', reference]]), candidate: new Map([['out', fault(reference, i)]]) };
    }),
  );
}

/** Elementwise, or of an element and its flat index. */
export function changed(tensor: Tensor, at: (x: number, index: number) => number): Tensor {
  return tensorFrom('float32', tensor.shape, toFloat64(tensor).map(at));
}
