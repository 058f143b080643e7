import type { IoContract, Quantization, TensorSpec } from '../../records/contract.ts';
import { isDtype } from '../../tensor/dtype.ts';
import type { TfliteGraph, TfliteModel, TfliteSignature, TfliteTensor } from './types.ts';

/** What the converters call a signature where nobody chose a name. */
const DEFAULT_SIGNATURE = 'serving_default';

/** One way to call a model. */
export interface TfliteEndpoint {
  /** Null: the first graph, called without a signature. */
  readonly signature: string | null;
  /** Its place among the model's signatures; 0 without any. */
  readonly signatureIndex: number;
  readonly contract: IoContract;
  /** The tensors that its graph takes and gives, in the graph's order. */
  readonly inputs: readonly TfliteTensor[];
  readonly outputs: readonly TfliteTensor[];
  /** For each input of the contract its place among `inputs`; the same for outputs. */
  readonly inputPlaces: readonly number[];
  readonly outputPlaces: readonly number[];
}

/** The signature to run: the one asked for, else the default one, else the only one; a message that lists them otherwise. */
export function chooseSignature(
  { signatures }: TfliteModel,
  wanted: string | null,
): { readonly chosen: TfliteSignature | null } | { readonly refused: string } {
  const keys = signatures.map(({ key }) => key);
  const found = (key: string | null | undefined) => signatures.find((s) => s.key === key) ?? null;
  if (wanted !== null) {
    return keys.includes(wanted)
      ? { chosen: found(wanted) }
      : { refused: `it has no signature ${wanted}; it has ${keys.join(', ') || 'none'}` };
  }
  if (keys.length <= 1) return { chosen: found(keys[0]) };
  return keys.includes(DEFAULT_SIGNATURE)
    ? { chosen: found(DEFAULT_SIGNATURE) }
    : { refused: `it has several signatures: ${keys.join(', ')}` };
}

/** Names of the signature, in the order of the graph's own inputs and outputs; without one the tensors' names. */
export function endpointOf(model: TfliteModel, signature: TfliteSignature | null): TfliteEndpoint {
  const graph = model.graphs[signature?.graph ?? 0] as TfliteGraph;
  const tensorAt = (index: number) => graph.tensors[index] as TfliteTensor;
  const side = (indices: readonly number[], named: ReadonlyMap<string, number> | undefined) => {
    const own = named === undefined ? unique(indices.map((i) => [tensorAt(i).name, i])) : [...named];
    // A signature is a map sorted by name; callers by position see the graph's order.
    return own
      .map(([name, index]) => ({ place: indices.indexOf(index), spec: specOf(name, tensorAt(index)) }))
      .filter(({ place }) => place >= 0)
      .sort((a, b) => a.place - b.place);
  };
  const inputs = side(graph.inputs, signature?.inputs);
  const outputs = side(graph.outputs, signature?.outputs);
  const taken = inputs.map(({ spec }) => spec);
  const given = outputs.map(({ spec }) => spec);
  return {
    signature: signature?.key ?? null,
    signatureIndex: signature === null ? 0 : model.signatures.indexOf(signature),
    contract: { inputs: taken, outputs: given, names: signature === null ? 'generated' : namesKind(taken, given) },
    inputs: graph.inputs.map(tensorAt),
    outputs: graph.outputs.map(tensorAt),
    inputPlaces: inputs.map(({ place }) => place),
    outputPlaces: outputs.map(({ place }) => place),
  };
}

function unique(named: readonly (readonly [string, number])[]): [string, number][] {
  const seen = new Set<string>();
  return named.map(([name, index], position) => {
    const own = seen.has(name) ? `${name}_${position}` : name;
    seen.add(own);
    return [own, index];
  });
}

function specOf(name: string, tensor: TfliteTensor): TensorSpec {
  const quantization = quantizationOf(tensor);
  return {
    name,
    dtype: isDtype(tensor.type) ? tensor.type : null,
    shape: tensor.shape === null ? null : tensor.shape.map((d) => (d < 0 ? null : d)),
    ...(quantization === undefined ? {} : { quantization }),
  };
}

function quantizationOf({ scales, zeroPoints, quantizedDimension }: TfliteTensor): Quantization | undefined {
  if (scales.length === 0) return undefined;
  return {
    scales: [...scales],
    zeroPoints: [...zeroPoints],
    ...(scales.length > 1 ? { axis: quantizedDimension } : {}),
  };
}

/** Names that converters and frameworks count up; the same rule as in converters/host/onpar_host/generated_names.py. */
const AUTOMATIC =
  /^(keras_tensor|input_layer|args|Identity|(Stateful)?PartitionedCall|serving_default_.*)(_\d+)*(:\d+)?$/;
const NUMBERED_OUTPUT = /^output_\d+$/;

function namesKind(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[]): 'generated' | 'declared' {
  const isAutomatic = [...inputs, ...outputs].some(({ name }) => AUTOMATIC.test(name));
  return isAutomatic || outputs.some(({ name }) => NUMBERED_OUTPUT.test(name)) ? 'generated' : 'declared';
}
