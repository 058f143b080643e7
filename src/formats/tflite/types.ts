import type { Dtype } from '../../tensor/dtype.ts';

/**
 * The enum TensorType of the schema, by code: dtypes of records, and under their own name the types that records lack.
 * tflite/converter/schema/schema.fbs
 */
const TENSOR_TYPES: readonly (Dtype | Uppercase<string>)[] = [
  'float32',
  'float16',
  'int32',
  'uint8',
  'int64',
  'string',
  'bool',
  'int16',
  'COMPLEX64',
  'int8',
  'float64',
  'COMPLEX128',
  'uint64',
  'RESOURCE',
  'VARIANT',
  'uint32',
  'uint16',
  'INT4',
  'bfloat16',
  'INT2',
  'UINT4',
  'FLOAT8_E4M3FN',
  'FLOAT8_E5M2',
];

/** A tensor's element type: a dtype, or the schema's name in capitals of one that records lack. */
export const tensorType = (code: number): string => TENSOR_TYPES[code] ?? `TYPE_${code}`;

/** An operator of a model; built-in ones by the schema's name, custom ones by their own. */
export interface TfliteOperator {
  readonly name: string;
  /** Its version, which built-in operators count up when they learn something new. */
  readonly version: number;
  readonly isCustom: boolean;
  /** How many nodes use it. */
  readonly count: number;
}

export interface TfliteTensor {
  readonly name: string;
  /** See `tensorType`. */
  readonly type: string;
  /** −1 where a dimension is dynamic; null where not even the rank is known. */
  readonly shape: readonly number[] | null;
  readonly scales: readonly number[];
  readonly zeroPoints: readonly number[];
  readonly quantizedDimension: number;
  /** Keeps its value from one run to the next. */
  readonly isVariable: boolean;
}

export interface TfliteGraph {
  readonly name: string;
  readonly tensors: readonly TfliteTensor[];
  /** Indices into `tensors`. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** One way to call the model: names for inputs and outputs of one of its graphs. */
export interface TfliteSignature {
  readonly key: string;
  readonly graph: number;
  /** Name → index of the tensor. */
  readonly inputs: ReadonlyMap<string, number>;
  readonly outputs: ReadonlyMap<string, number>;
}

export interface TfliteModel {
  readonly graphs: readonly TfliteGraph[];
  readonly signatures: readonly TfliteSignature[];
  readonly operators: readonly TfliteOperator[];
}
