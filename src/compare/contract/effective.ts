import { type Dim, type IoContract, isPart, type TensorSpec } from '../../records/contract.ts';
import type { Observation } from '../../records/observation.ts';
import type { Sample, TensorInfo } from '../../records/sample.ts';

/** The inputs or outputs of one side as far as they are known. */
export interface Signature {
  readonly specs: readonly TensorSpec[];
  readonly names: IoContract['names'];
  /** Taken from what was seen, because the model declares nothing: a constant size says nothing about other sizes. */
  readonly derived: boolean;
  /** False when the model declares nothing and nothing was seen: nothing follows from that. */
  readonly known: boolean;
}

export function outputsOf(contract: IoContract | null, observation: Observation): Signature {
  const seen = observation.samples.filter((run) => run.failure === undefined).map((run) => run.outputs);
  if (contract === null || contract.outputs.length === 0) return derive(seen);
  const specs = contract.outputs.flatMap((spec) => (spec.container === undefined ? spec : partsOf(spec, seen)));
  return { specs, names: contract.names, derived: false, known: true };
}

/** The tensors that a sequence, map or optional was seen as: how many there are is known only from what was run. */
function partsOf({ name, container }: TensorSpec, seen: readonly (readonly TensorInfo[])[]): TensorSpec[] {
  const parts = new Map(seen.flat().flatMap((each) => (isPart(each.name, name) ? [[each.name, each]] : [])));
  return [...parts.values()].map((each) => ({ name: each.name, dtype: each.dtype, shape: null, container }));
}

export function inputsOf(contract: IoContract | null, samples: readonly Sample[]): Signature {
  if (contract !== null && contract.inputs.length > 0) {
    return { specs: contract.inputs, names: contract.names, derived: false, known: true };
  }
  return derive(samples.map((sample) => sample.inputs).filter((inputs) => inputs.length > 0));
}

/** One spec per name in order of first appearance; sizes that vary over the samples are dynamic. */
function derive(seen: readonly (readonly TensorInfo[])[]): Signature {
  const byName = new Map<string, TensorInfo[]>();
  for (const tensor of seen.flat()) byName.set(tensor.name, [...(byName.get(tensor.name) ?? []), tensor]);
  const specs = [...byName].map(([name, tensors]): TensorSpec => {
    const dtypes = new Set(tensors.map((t) => t.dtype));
    return {
      name,
      dtype: dtypes.size === 1 ? (tensors[0]?.dtype ?? null) : null,
      shape: generalise(tensors.map((t) => t.shape)),
    };
  });
  return { specs, names: 'none', derived: true, known: seen.length > 0 };
}

function generalise(shapes: readonly (readonly number[])[]): Dim[] | null {
  const [first] = shapes;
  if (first === undefined || shapes.some((shape) => shape.length !== first.length)) return null;
  return first.map((size, axis) => (shapes.every((shape) => shape[axis] === size) ? size : null));
}
