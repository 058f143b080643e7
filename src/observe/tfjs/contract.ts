import type { TfjsModelJson, TfjsSignature, TfjsTensorInfo } from '../../formats/tfjs/model-json.ts';
import type { Dim, IoContract, TensorSpec } from '../../records/contract.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { TfGraphModel, TfLayersModel } from './tf.ts';

/** DataType of tensorflow/core/framework/types.proto: some converters write its numbers. */
const NUMBERED: Readonly<Record<number, string>> = {
  1: 'DT_FLOAT',
  2: 'DT_DOUBLE',
  3: 'DT_INT32',
  4: 'DT_UINT8',
  5: 'DT_INT16',
  6: 'DT_INT8',
  7: 'DT_STRING',
  8: 'DT_COMPLEX64',
  9: 'DT_INT64',
  10: 'DT_BOOL',
  19: 'DT_HALF',
};

/**
 * TensorFlow.js has four dtypes that compare: every float is float32 there and every integer int32
 * (tfjs-converter, src/operations/operation_mapper.ts, parseDtypeParam). Complex numbers have no dtype here.
 */
const DTYPES: Readonly<Record<string, Dtype>> = {
  DT_FLOAT: 'float32',
  DT_DOUBLE: 'float32',
  DT_HALF: 'float32',
  DT_INT32: 'int32',
  DT_INT64: 'int32',
  DT_INT16: 'int32',
  DT_INT8: 'int32',
  DT_UINT8: 'int32',
  DT_BOOL: 'bool',
  DT_STRING: 'string',
  float32: 'float32',
  int32: 'int32',
  bool: 'bool',
  string: 'string',
};

/** Names that a framework counted up, as in converters/host/onpar_host/generated_names.py, and those of TensorFlow.js' layers. */
const AUTOMATIC =
  /^(keras_tensor|input_layer|args|Identity|(Stateful)?PartitionedCall|serving_default_.*)(_\d+)*(:\d+)?$|^input_?\d+$|^[a-z][a-z0-9_]*_[A-Z][A-Za-z0-9]*\d+(_input)?$/;
const NUMBERED_OUTPUT = /^output_\d+$/;

/** What TensorFlow.js makes of a dtype by TensorFlow's name or number; null for what it does not compute with. */
export const tfjsDtype = (dtype: string | number | undefined): Dtype | null =>
  DTYPES[(typeof dtype === 'number' ? NUMBERED[dtype] : dtype) ?? ''] ?? null;

const signatureOf = ({ signature, userDefinedMetadata }: TfjsModelJson): TfjsSignature | undefined =>
  userDefinedMetadata?.signature ?? signature;

/** A graph's contract, and by which name each of its outputs is asked for. */
export interface GraphContract {
  readonly contract: IoContract;
  readonly fetched: readonly string[];
  /** The node that each input and output of the contract is. */
  readonly ends: { readonly inputs: readonly string[]; readonly outputs: readonly string[] };
}

/**
 * From the signature where the file has one, else from the placeholders and ends of the graph. Names that `predict` gives its
 * results (`structuredOutputKeys`) belong to the tensors of the signature by place, as TensorFlow.js has it.
 */
export function contractOfGraph(json: TfjsModelJson, model: TfGraphModel): GraphContract {
  const signature = signatureOf(json);
  if (signature?.inputs === undefined || signature.outputs === undefined) {
    const [inputs, outputs] = [model.inputs.map(specOfNode), model.outputs.map(specOfNode)];
    const [taken, fetched] = [inputs, outputs].map((side) => side.map(({ name }) => name)) as [string[], string[]];
    return { contract: kindOf(inputs, outputs), fetched, ends: { inputs: taken, outputs: fetched } };
  }
  const inputs = Object.entries(signature.inputs)
    .filter(([, { resourceId }]) => resourceId === undefined)
    .map(specOf);
  const outputs = Object.entries(signature.outputs);
  const keys = json.userDefinedMetadata?.structuredOutputKeys;
  const isNamed = Array.isArray(keys) && keys.length === outputs.length;
  const { names } = kindOf(inputs, outputs.map(specOf));
  // A map is written in no order; tensors that the converter counted up stand in the order of the model's outputs.
  if (names === 'generated' && !isNamed) outputs.sort(([, a], [, b]) => countOf(a) - countOf(b));
  const specs = outputs.map(([name, info], i) => specOf([isNamed ? String(keys[i]) : name, info]));
  const ends = {
    inputs: inputs.map(({ name }) => signature.inputs?.[name]?.name ?? name),
    outputs: outputs.map(([name, info]) => info.name ?? name),
  };
  return { contract: kindOf(inputs, specs), fetched: outputs.map(([name]) => name), ends };
}

const specOf = ([name, info]: readonly [string, TfjsTensorInfo]): TensorSpec => ({
  name,
  dtype: tfjsDtype(info.dtype),
  shape: shapeOf(info),
});

const specOfNode = ({ name, dtype, shape }: TfGraphModel['inputs'][number]): TensorSpec => ({
  name,
  dtype: tfjsDtype(dtype),
  shape: shape?.map((d): Dim => (d < 0 ? null : d)) ?? null,
});

/** 2 of `Identity_2:0`, 0 of `Identity:0`. */
const countOf = ({ name }: TfjsTensorInfo): number => Number(/_(\d+)(?::\d+)?$/.exec(name ?? '')?.[1] ?? 0);

export function contractOfLayers(model: TfLayersModel): IoContract {
  const specs = (names: readonly string[], tensors: TfLayersModel['inputs']): TensorSpec[] =>
    tensors.map(({ name, dtype, shape }, i) => ({
      name: names[i] ?? name,
      dtype: tfjsDtype(dtype),
      shape: [...shape],
    }));
  return kindOf(specs(model.inputNames, model.inputs), specs(model.outputNames, model.outputs));
}

/** A contract whose names are `generated` when any of them is a framework's. */
export function kindOf(inputs: readonly TensorSpec[], outputs: readonly TensorSpec[]): IoContract {
  const automatic =
    [...inputs, ...outputs].some(({ name }) => AUTOMATIC.test(name)) ||
    outputs.some(({ name }) => NUMBERED_OUTPUT.test(name));
  return { inputs: [...inputs], outputs: [...outputs], names: automatic ? 'generated' : 'declared' };
}

/** A dimension of −1 is open; a shape that is not there has an unknown rank, one without dimensions is a scalar. */
function shapeOf({ tensorShape }: TfjsTensorInfo): Dim[] | null {
  if (tensorShape === undefined || tensorShape.unknownRank === true) return null;
  return (tensorShape.dim ?? []).map(({ size }): Dim => {
    const number = Number(size ?? 0);
    return number < 0 ? null : number;
  });
}
