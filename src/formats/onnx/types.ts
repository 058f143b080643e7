import type { Dim } from '../../records/contract.ts';
import { type NodeProto, TensorProto_DataType as Type } from './onnx_pb.generated.ts';
import { domainOf, type Flow, keyOf, type Scope, type Value } from './scopes.ts';
import { tensorSpecOf } from './summary.ts';

/** What the file tells, or operators imply, about tensors. */
export interface Types {
  /** Element type as in onnx.proto's TensorProto.DataType; undefined where nothing tells. */
  readonly elementType: (value: Value) => number | undefined;
  /** Null where the file does not tell. */
  readonly shape: (value: Value) => readonly Dim[] | null;
}

/** Operators whose first result has one element type, whatever they are given (onnx operator schemas). */
const RESULT: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ['Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'And', 'Or', 'Xor', 'Not', 'IsNaN', 'IsInf'].map(
      (op) => [op, Type.BOOL],
    ),
  ),
  ...Object.fromEntries(
    ['Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero', 'NonMaxSuppression', 'SequenceLength', 'StringNormalizer'].map(
      (op) => [op, Type.INT64],
    ),
  ),
  ...Object.fromEntries(
    ['TreeEnsembleRegressor', 'LinearRegressor', 'SVMRegressor', 'Scaler', 'Normalizer', 'FeatureVectorizer'].map(
      (op) => [op, Type.FLOAT],
    ),
  ),
  StringNormalizer: Type.STRING,
  MatMulInteger: Type.INT32,
  ConvInteger: Type.INT32,
  RandomNormal: Type.FLOAT,
  RandomUniform: Type.FLOAT,
  ConstantOfShape: Type.FLOAT,
  DynamicQuantizeLinear: Type.UINT8,
  Multinomial: Type.INT32,
  HannWindow: Type.FLOAT,
  HammingWindow: Type.FLOAT,
  BlackmanWindow: Type.FLOAT,
  MelWeightMatrix: Type.FLOAT,
};

/** Which operand an operator's first result has its element type from, where that is not the first. */
const FROM: Readonly<Record<string, number>> = {
  Where: 1,
  CastLike: 1,
  OneHot: 2,
  DequantizeLinear: 1,
  QuantizeLinear: 2,
  QLinearConv: 7,
  QLinearMatMul: 7,
};
/** Element types of results that differ from the first: [result, type]. */
const OTHERS: Readonly<Record<string, readonly [number, number]>> = {
  TopK: [1, Type.INT64],
  MaxPool: [1, Type.INT64],
  Dropout: [1, Type.BOOL],
  DynamicQuantizeLinear: [1, Type.FLOAT],
};
/** Attributes that name an element type. */
const NAMED = ['to', 'dtype', 'output_dtype', 'output_datatype'];

/**
 * Element types and shapes of a model's tensors. What the file declares counts; the rest follows from the operators, node
 * by node, into subgraphs. In functions element types are those of their first call.
 */
export function typesOf(flow: Flow): Types {
  const types = new Map<string, number>();
  const shapes = new Map<string, readonly Dim[]>();
  const known = new Set<string>();
  const note = (value: Value, type: number | undefined): void => {
    const key = keyOf(value);
    if (type !== undefined && type !== 0 && !types.has(key)) types.set(key, type);
  };
  for (const scope of flow.scopes) {
    const { graph } = scope;
    const declared =
      graph === null ? (scope.function?.valueInfo ?? []) : [...graph.input, ...graph.valueInfo, ...graph.output];
    for (const { name, type } of declared) {
      if (type?.value.case !== 'tensorType') continue;
      note({ scope, name }, type.value.value.elemType);
      const { shape } = tensorSpecOf({ name, type } as Parameters<typeof tensorSpecOf>[0]);
      if (shape !== null) shapes.set(keyOf({ scope, name }), shape);
    }
    for (const { name, dataType, dims } of graph?.initializer ?? []) {
      note({ scope, name }, dataType);
      shapes.set(keyOf({ scope, name }), dims.map(Number));
    }
  }
  const typeOf = (scope: Scope, name: string | undefined): number | undefined => {
    const value = name === undefined || name === '' ? undefined : flow.resolve(scope, name);
    return value === undefined ? undefined : types.get(keyOf(value));
  };
  const visit = (scope: Scope): void => {
    if (known.has(scope.id)) return;
    known.add(scope.id);
    for (const node of scope.nodes) {
      for (const index of node.input.keys()) {
        for (const inner of flow.into({ node, index, scope })) note(inner, typeOf(scope, node.input[index]));
      }
      const called = flow.callee(node);
      const bodies = called === undefined ? flow.bodies(node) : [called];
      for (const body of bodies) visit(body);
      for (const body of bodies) {
        for (const name of body.outputs) {
          const inside = flow.resolve(body, name);
          const type = typeOf(body, name);
          if (inside !== undefined) for (const outer of flow.outOf({ scope: body, name })) note(outer, type);
        }
      }
      if (bodies.length > 0) continue;
      for (const [index, name] of node.output.entries()) {
        if (name !== '')
          note(
            { scope, name },
            resultType(node, index, (i) => typeOf(scope, node.input[i])),
          );
      }
    }
  };
  for (const scope of flow.scopes) if (scope.id === '') visit(scope);
  return { elementType: (value) => types.get(keyOf(value)), shape: (value) => shapes.get(keyOf(value)) ?? null };
}

function resultType(
  { opType, domain, attribute }: NodeProto,
  index: number,
  operand: (index: number) => number | undefined,
): number | undefined {
  const other = OTHERS[opType];
  if (index > 0 && other?.[0] === index) return other[1];
  if (opType === 'Constant' || opType === 'ConstantOfShape') {
    const [value] = attribute;
    if (value?.t !== undefined) return value.t.dataType;
    if (value?.name.startsWith('value_int') === true) return Type.INT64;
    if (value?.name.startsWith('value_string') === true) return Type.STRING;
    return value?.name === 'sparse_value' ? value.sparseTensor?.values?.dataType : Type.FLOAT;
  }
  const named = attribute.find(({ name, i }) => NAMED.includes(name) && i !== 0n);
  if (named !== undefined && opType !== 'LayerNormalization') return Number(named.i);
  if (opType === 'EyeLike' || opType === 'Bernoulli') return operand(0);
  const fixed = RESULT[opType];
  if (fixed !== undefined) return fixed;
  if (opType === 'QuantizeLinear') return operand(2) ?? Type.UINT8;
  if (/^(Sequence|Split.*Sequence|Optional)/.test(opType)) return undefined;
  if (/^(TreeEnsemble|Linear|SVM)Classifier$/.test(opType)) return index === 0 ? labelType(attribute) : Type.FLOAT;
  // Its own layouts (`com.microsoft.nchwc`) hold the element types that they are given.
  const domainKnown = domainOf(domain) === '' || /^com\.microsoft(\.nchwc)?$/.test(domain);
  return domainKnown ? operand(FROM[opType] ?? 0) : undefined;
}

/** Labels are strings where a classifier names them so (onnx, ai.onnx.ml). */
const labelType = (attributes: NodeProto['attribute']): number =>
  attributes.some(({ name, strings }) => /^classlabels?_strings$/.test(name) && strings.length > 0)
    ? Type.STRING
    : Type.INT64;
