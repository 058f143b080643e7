import type { Dim, TensorSpec } from '../../records/contract.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import { externalDataFiles, externalDataOf } from './external-data.ts';
import {
  type GraphProto,
  type NodeProto,
  TensorProto_DataType,
  type TypeProto,
  type ValueInfoProto,
} from './onnx_pb.generated.ts';
import { parseOnnx } from './read.ts';

/** What an ONNX file says about itself, without running it. */
export interface OnnxSummary {
  readonly irVersion: number;
  /** Domain → version; the default domain is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  /** `pytorch 2.14.1`; empty when the file does not say. */
  readonly producer: string;
  readonly graphName: string;
  /** Without those inputs that an initializer gives a default. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Nodes of the graph and its subgraphs; bodies of functions are not counted. */
  readonly nodeCount: number;
  /** Operator → count, `domain::Op` outside the default domain, most frequent first. */
  readonly opTypes: Readonly<Record<string, number>>;
  /** Files beside the model that hold weights, relative to its folder. */
  readonly externalData: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Reads the summary of an ONNX file or of bytes (`name` stands for their file). Errors as `parseOnnx` and `externalDataFiles`. */
export function readOnnx(
  from: string | Uint8Array,
  name: string = typeof from === 'string' ? from : 'the model',
): OnnxSummary {
  const model = parseOnnx(from, name);
  const graph = model.graph as GraphProto;
  const weights = new Set([
    ...graph.initializer.map((tensor) => tensor.name),
    ...graph.sparseInitializer.map((tensor) => tensor.values?.name ?? ''),
  ]);
  const counts = countOperators(graph);
  return {
    irVersion: Number(model.irVersion),
    opsets: Object.fromEntries(model.opsetImport.map(({ domain, version }) => [domain || 'ai.onnx', Number(version)])),
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
    graphName: graph.name,
    inputs: graph.input.filter((input) => !weights.has(input.name)).map(tensorSpecOf),
    outputs: graph.output.map(tensorSpecOf),
    nodeCount: [...counts.values()].reduce((sum, n) => sum + n, 0),
    opTypes: Object.fromEntries([...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))),
    externalData: typeof from === 'string' ? externalDataFiles(from) : externalDataOf(from, name),
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value])),
  };
}

const DTYPES: ReadonlyMap<number, Dtype> = new Map<number, Dtype>([
  [TensorProto_DataType.DOUBLE, 'float64'],
  [TensorProto_DataType.FLOAT, 'float32'],
  [TensorProto_DataType.FLOAT16, 'float16'],
  [TensorProto_DataType.BFLOAT16, 'bfloat16'],
  [TensorProto_DataType.INT64, 'int64'],
  [TensorProto_DataType.INT32, 'int32'],
  [TensorProto_DataType.INT16, 'int16'],
  [TensorProto_DataType.INT8, 'int8'],
  [TensorProto_DataType.UINT64, 'uint64'],
  [TensorProto_DataType.UINT32, 'uint32'],
  [TensorProto_DataType.UINT16, 'uint16'],
  [TensorProto_DataType.UINT8, 'uint8'],
  [TensorProto_DataType.BOOL, 'bool'],
  [TensorProto_DataType.STRING, 'string'],
]);

/** Dtype of an ONNX element type; null for those that onpar's tensors do not have (complex, 8-bit floats, 4-bit integers). */
export const dtypeOfOnnx = (elementType: number): Dtype | null => DTYPES.get(elementType) ?? null;

/** One graph input or output. Sequences and maps (what scikit-learn's ZipMap gives) have neither dtype nor shape here. */
export function tensorSpecOf({ name, type }: ValueInfoProto): TensorSpec {
  const tensor = tensorTypeOf(type);
  if (tensor === undefined) return { name, dtype: null, shape: null };
  const shape = tensor.shape?.dim.map(({ value }): Dim => {
    if (value.case === 'dimParam') return value.value === '' ? null : value.value;
    // Some exporters write −1 for a dynamic dimension.
    return value.case === 'dimValue' && value.value >= 0n ? Number(value.value) : null;
  });
  return { name, dtype: dtypeOfOnnx(tensor.elemType), shape: shape ?? null };
}

/** The tensor behind a type; an optional tensor counts as the tensor it may hold. */
function tensorTypeOf(type: TypeProto | undefined) {
  const value = type?.value;
  if (value?.case === 'tensorType') return value.value;
  const inner = value?.case === 'optionalType' ? value.value.elemType?.value : undefined;
  return inner?.case === 'tensorType' ? inner.value : undefined;
}

function countOperators(graph: GraphProto): Map<string, number> {
  const counts = new Map<string, number>();
  const visit = (nodes: readonly NodeProto[]): void => {
    for (const { domain, opType, attribute } of nodes) {
      const name = domain === '' || domain === 'ai.onnx' ? opType : `${domain}::${opType}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      for (const { g, graphs } of attribute)
        for (const inner of g === undefined ? graphs : [g, ...graphs]) visit(inner.node);
    }
  };
  visit(graph.node);
  return counts;
}
