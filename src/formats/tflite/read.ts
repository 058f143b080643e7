import { ByteBuffer } from 'flatbuffers';
import { OnparError } from '../../core/errors.ts';
import { BUILTIN_OPERATORS } from './operators.generated.ts';
import { Model, type SignatureDef, type SubGraph, type Tensor, type TensorMap } from './schema.generated.ts';
import {
  type TfliteGraph,
  type TfliteModel,
  type TfliteOperator,
  type TfliteSignature,
  type TfliteTensor,
  tensorType,
} from './types.ts';

/** The code of a custom operator in the enum BuiltinOperator of the schema. */
const CUSTOM = BUILTIN_OPERATORS.indexOf('CUSTOM');
/** As messages call a custom operator that has no name. */
const UNNAMED = '(without a name)';

/**
 * What a TFLite file says of itself; weights are not looked at. `shown` is the file as messages call it.
 * Throws OnparError `model-load-failed` for another format and for a file that is cut short or damaged.
 */
export function readTflite(bytes: Uint8Array, shown: string): TfliteModel {
  const buffer = new ByteBuffer(bytes);
  if (bytes.length < 8 || !Model.bufferHasIdentifier(buffer)) {
    throw new OnparError({
      code: 'model-load-failed',
      message: `${shown} is no TFLite model: bytes 4 to 8 are not TFL3`,
      fix: 'check that the file was written by a TFLite converter and was not renamed',
      exitCode: 1,
    });
  }
  try {
    return modelOf(Model.getRootAsModel(buffer), bytes.length);
  } catch (cause) {
    throw new OnparError({
      code: 'model-load-failed',
      message: `${shown} is not a complete TFLite model: ${(cause as Error).message}`,
      fix: 'the file is truncated or damaged: export or copy it again',
      exitCode: 1,
      cause,
    });
  }
}

/**
 * Reading past a flatbuffer's end gives zeros or NaN instead of an error, so every count is checked against what a file of
 * `size` bytes can hold: an entry of a vector takes four bytes at least.
 */
function listOf<T>(what: string, count: number, size: number, at: (index: number) => T | null): T[] {
  if (!(count >= 0 && count * 4 <= size)) throw new Error(`it claims ${count} ${what}`);
  return Array.from({ length: count }, (_, index) => {
    const entry = at(index);
    if (entry === null || entry === undefined) throw new Error(`${what} ${index} is missing`);
    return entry;
  });
}

function modelOf(root: Model, size: number): TfliteModel {
  const graphs = listOf('graphs', root.subgraphsLength(), size, (i) => root.subgraphs(i));
  if (graphs.length === 0) throw new Error('it has no graph');
  const read = graphs.map((graph) => graphOf(graph, size));
  return {
    graphs: read,
    signatures: listOf('signatures', root.signatureDefsLength(), size, (i) => root.signatureDefs(i)).map((signature) =>
      signatureOf(signature, read, size),
    ),
    operators: operatorsOf(root, graphs, size),
  };
}

function graphOf(graph: SubGraph, size: number): TfliteGraph {
  const tensors = listOf('tensors', graph.tensorsLength(), size, (i) => graph.tensors(i)).map((t) => tensorOf(t, size));
  const ends = (what: string, count: number, at: (index: number) => number | null): number[] =>
    listOf(what, count, size, at).map((index) => checked(index, tensors.length, what));
  return {
    name: graph.name() ?? '',
    tensors,
    inputs: ends('inputs', graph.inputsLength(), (i) => graph.inputs(i)),
    outputs: ends('outputs', graph.outputsLength(), (i) => graph.outputs(i)),
  };
}

function checked(index: number, count: number, what: string): number {
  if (!(index >= 0 && index < count)) throw new Error(`one of its ${what} is tensor ${index} of ${count}`);
  return index;
}

function tensorOf(tensor: Tensor, size: number): TfliteTensor {
  const shape = listOf('dimensions', tensor.shapeLength(), size, (i) => tensor.shape(i));
  const dynamic = listOf('dimensions', tensor.shapeSignatureLength(), size, (i) => tensor.shapeSignature(i));
  const q = tensor.quantization();
  return {
    name: tensor.name() ?? '',
    type: tensorType(tensor.type()),
    // The signature has −1 where the shape has what the file was made with. Old converters leave hasRank out.
    shape: dynamic.length > 0 ? dynamic : shape,
    scales: q === null ? [] : listOf('scales', q.scaleLength(), size, (i) => q.scale(i)),
    zeroPoints: q === null ? [] : listOf('zero points', q.zeroPointLength(), size, (i) => q.zeroPoint(i)).map(Number),
    quantizedDimension: q?.quantizedDimension() ?? 0,
    isVariable: tensor.isVariable(),
  };
}

function signatureOf(signature: SignatureDef, graphs: readonly TfliteGraph[], size: number): TfliteSignature {
  const graph = signature.subgraphIndex();
  const tensors = graphs[graph]?.tensors;
  if (tensors === undefined) throw new Error(`a signature is of graph ${graph} of ${graphs.length}`);
  const named = (what: string, count: number, at: (index: number) => TensorMap | null): ReadonlyMap<string, number> =>
    new Map(listOf(what, count, size, at).map((m) => [m.name() ?? '', checked(m.tensorIndex(), tensors.length, what)]));
  return {
    key: signature.signatureKey() ?? '',
    graph,
    inputs: named('inputs', signature.inputsLength(), (i) => signature.inputs(i)),
    outputs: named('outputs', signature.outputsLength(), (i) => signature.outputs(i)),
  };
}

function operatorsOf(root: Model, graphs: readonly SubGraph[], size: number): TfliteOperator[] {
  const counts = new Map<number, number>();
  for (const graph of graphs) {
    for (const node of listOf('operators', graph.operatorsLength(), size, (i) => graph.operators(i)))
      counts.set(node.opcodeIndex(), (counts.get(node.opcodeIndex()) ?? 0) + 1);
  }
  return listOf('operator codes', root.operatorCodesLength(), size, (i) => root.operatorCodes(i)).flatMap((code, i) => {
    const count = counts.get(i);
    if (count === undefined) return [];
    // Files of before 2020 have the code in a byte of its own.
    const builtin = Math.max(code.builtinCode(), code.deprecatedBuiltinCode());
    const isCustom = builtin === CUSTOM;
    const name = isCustom ? code.customCode() || UNNAMED : BUILTIN_OPERATORS[builtin] || `BUILTIN_${builtin}`;
    return [{ name, version: code.version(), isCustom, count }];
  });
}
