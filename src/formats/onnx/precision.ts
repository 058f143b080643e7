import type { FloatDtype } from '../../tensor/move.ts';
import { constantsOf, finalUses } from './constants.ts';
import { type HalfFormat, halfFormatOf } from './half-weights.ts';
import { isParameter } from './movable.ts';
import { TensorProto_DataType as Type } from './onnx_pb.generated.ts';
import { parseOnnx } from './read.ts';
import { type Flow, flowOf, nodeNameOf, operatorOf, type Scope } from './scopes.ts';
import { elementsOf, elementTypeName, floatDtypeOf, withTensorBytes } from './tensor-data.ts';
import { typesOf } from './types.ts';

/** A node that turns numbers into a 16-bit format which something computes with. */
export interface CastDown {
  readonly node: string;
  readonly to: HalfFormat;
  /** Operators that compute with the result, each once, in graph order. */
  readonly feeds: readonly string[];
}

/** Float32 weights that have the precision of a 16-bit format. */
export interface HalfWeight {
  readonly name: string;
  readonly format: HalfFormat;
  readonly elements: number;
}

/** The precision that a graph really works in, whatever its inputs and outputs are declared as. */
export interface Precision {
  /** The float dtype that most elements of floating weights are stored in; null where there are no such weights. */
  readonly weights: FloatDtype | null;
  /** Elements of floating weights by dtype. */
  readonly stored: Readonly<Partial<Record<FloatDtype, number>>>;
  readonly halfWeights: readonly HalfWeight[];
  readonly castsDown: readonly CastDown[];
  /** Nodes that compute with floats, quantisers left out, by the dtype of their result, as far as the file and its operators tell. */
  readonly computeTypes: Readonly<Partial<Record<FloatDtype, number>>>;
  readonly quantised: {
    /** Nodes that quantise, dequantise or compute on quantised numbers, by operator. */
    readonly operators: Readonly<Record<string, number>>;
    /** Elements of integer weights that are dequantised or computed with as quantised numbers, by ONNX element type. */
    readonly weights: Readonly<Record<string, number>>;
  };
}

/** Fewer elements are biases of small layers and tables, not weights whose precision matters. */
const MIN_ELEMENTS = 64;

/** Operators that hand numbers on or move them about. What is left computes. */
const MOVING = new Set([
  ...['Identity', 'Cast', 'CastLike', 'Reshape', 'Transpose', 'Squeeze', 'Unsqueeze', 'Flatten', 'Expand', 'Tile'],
  ...['Concat', 'Split', 'Slice', 'Gather', 'GatherElements', 'GatherND', 'ScatterND', 'ScatterElements', 'Pad'],
  ...['Shape', 'Size', 'Constant', 'ConstantOfShape', 'Where', 'Dropout', 'DepthToSpace', 'SpaceToDepth', 'Range'],
  ...['If', 'Loop', 'Scan', 'SequenceConstruct', 'SequenceAt', 'ConcatFromSequence', 'NonZero', 'EyeLike', 'OneHot'],
]);

const QUANTISED =
  /^(QLinear|QOrdered|QGemm|QAttention|QuantizeLinear|DequantizeLinear|DynamicQuantize|MatMulInteger|ConvInteger|MatMulNBits|MatMulBnb4|GatherBlockQuantized|QMoE)/;

/**
 * Reads the precision of an ONNX file, weights in other files included, subgraphs and functions too. Weights of full
 * precision cost a glance each; those that may be halves are read once. Errors as `withTensorBytes` and `parseOnnx`.
 */
export function readPrecision(from: string): Precision {
  const model = parseOnnx(from);
  const flow = flowOf(model);
  const stored: Partial<Record<FloatDtype, number>> = {};
  const halfWeights: HalfWeight[] = [];
  const integers: Record<string, number> = {};
  for (const { held, key: name, value } of constantsOf(flow)) {
    if (held.kind === 'floats') continue;
    const { tensor } = held;
    const elements = elementsOf(tensor);
    if (elements < MIN_ELEMENTS) continue;
    const dtype = floatDtypeOf(tensor);
    if (dtype === null) {
      const type = elementTypeName(tensor.dataType);
      if (flow.usesOf(value).some(({ node }) => QUANTISED.test(node.opType)))
        integers[type] = (integers[type] ?? 0) + elements;
      continue;
    }
    // Scales are often made simple on purpose.
    if (finalUses(flow, value, tensor.dims.length).some(isParameter)) continue;
    stored[dtype] = (stored[dtype] ?? 0) + elements;
    const format = dtype === 'float32' ? withTensorBytes(tensor, from, halfFormatOf) : null;
    if (format !== null) halfWeights.push({ name, format, elements });
  }
  const [most] = Object.entries(stored).sort(([, a], [, b]) => b - a);
  return {
    weights: most === undefined ? null : (most[0] as FloatDtype),
    stored,
    halfWeights,
    ...computation(flow),
    quantised: { operators: quantisedOperators(flow), weights: integers },
  };
}

function computation(flow: Flow): Pick<Precision, 'castsDown' | 'computeTypes'> {
  const types = typesOf(flow);
  const castsDown: CastDown[] = [];
  const computeTypes: Partial<Record<FloatDtype, number>> = {};
  for (const scope of flow.scopes) {
    for (const node of scope.nodes) {
      const [result] = node.output;
      if (result === undefined || result === '') continue;
      const dtype = floatDtypeOf({ dataType: types.elementType({ scope, name: result }) ?? Type.UNDEFINED });
      if (dtype === null || flow.callee(node) !== undefined) continue;
      if (!MOVING.has(node.opType) && !QUANTISED.test(node.opType))
        computeTypes[dtype] = (computeTypes[dtype] ?? 0) + 1;
      if ((dtype !== 'float16' && dtype !== 'bfloat16') || !/^Cast(Like)?$/.test(node.opType)) continue;
      if (!isWider(operandType(scope, node.input[0] ?? '', flow, types), dtype)) continue;
      const feeds = computingUses(flow, scope, result);
      if (feeds.length > 0) castsDown.push({ node: nodeNameOf(node, scope), to: dtype, feeds });
    }
  }
  return { castsDown, computeTypes };
}

function operandType(scope: Scope, name: string, flow: Flow, types: ReturnType<typeof typesOf>): number | undefined {
  const value = flow.resolve(scope, name);
  return value === undefined ? undefined : types.elementType(value);
}

/** Whether a cast from an element type loses digits: a mask of truth values does not, and an unknown type may. */
function isWider(from: number | undefined, to: HalfFormat): boolean {
  if (from === undefined) return true;
  const dtype = floatDtypeOf({ dataType: from });
  return dtype !== null && dtype !== to;
}

/** The operators that compute with a tensor, through those that hand it on or move it about. */
function computingUses(flow: Flow, scope: Scope, name: string): string[] {
  const found = new Set<string>();
  const seen = new Set<string>();
  const visit = (at: Scope, tensor: string): void => {
    const state = `${at.id}\0${tensor}`;
    if (seen.has(state)) return;
    seen.add(state);
    for (const outer of flow.outOf({ scope: at, name: tensor })) visit(outer.scope, outer.name);
    for (const use of flow.usesOf({ scope: at, name: tensor })) {
      const inside = flow.into(use);
      for (const inner of inside) visit(inner.scope, inner.name);
      if (inside.length > 0) continue;
      const { node } = use;
      if (!MOVING.has(node.opType)) found.add(operatorOf(node));
      // Shapes and positions have lost the numbers.
      else if (!['Shape', 'Size', 'NonZero', 'CastLike'].includes(node.opType) || use.index === 0)
        for (const output of handsOn(node.opType) ? node.output : []) if (output !== '') visit(use.scope, output);
    }
  };
  visit(scope, name);
  return [...found];
}

const handsOn = (opType: string): boolean =>
  !['Shape', 'Size', 'NonZero', 'EyeLike', 'ConstantOfShape'].includes(opType);

function quantisedOperators({ scopes }: Flow): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { nodes } of scopes) {
    for (const node of nodes) {
      if (QUANTISED.test(node.opType)) counts[operatorOf(node)] = (counts[operatorOf(node)] ?? 0) + 1;
    }
  }
  return counts;
}

/** What a candidate has of lower precision that its reference does not have. Empty arrays and null: nothing. */
export interface LowerPrecision {
  /** Weights stored in a coarser dtype: [reference's, candidate's] main dtype. */
  readonly weights: readonly [FloatDtype, FloatDtype] | null;
  /** Of the reference's weights none, or not as many elements, are halves of that format. */
  readonly halfWeights: readonly HalfWeight[];
  readonly castsDown: readonly CastDown[];
  /** Float dtypes coarser than any the reference computes in. */
  readonly computeTypes: readonly FloatDtype[];
  /** Operators on quantised numbers, where the reference has none at all. */
  readonly quantised: readonly string[];
}

/** From fine to coarse, by bits of the significand. */
const FINENESS: readonly FloatDtype[] = ['float64', 'float32', 'float16', 'bfloat16'];
const coarseness = (dtype: FloatDtype): number => FINENESS.indexOf(dtype);

/**
 * What of `candidate` is of lower precision than anything in `reference`: a model that was trained or saved in half
 * precision has half-precision weights in its conversion too, and rightly so. Names may differ between the two, so half
 * weights count as known when the reference holds at least as many elements of that format, as such or in float32; else
 * those of the candidate are given that the reference does not have under the same name.
 */
export function lowerThan(reference: Precision, candidate: Precision): LowerPrecision {
  const coarser =
    reference.weights !== null &&
    candidate.weights !== null &&
    coarseness(candidate.weights) > coarseness(reference.weights);
  const coarsestIn = (types: Precision['computeTypes']): number =>
    Math.max(-1, ...Object.keys(types).map((type) => coarseness(type as FloatDtype)));
  const known = new Set(reference.halfWeights.map(({ name, format }) => `${format}\0${name}`));
  const halves = candidate.halfWeights.filter(
    ({ format, name }) =>
      !known.has(`${format}\0${name}`) && halfElements(reference, format) < halfElements(candidate, format),
  );
  const casts = new Set(reference.castsDown.map(({ to }) => to));
  const works = coarsestIn(reference.computeTypes);
  return {
    weights: coarser ? [reference.weights as FloatDtype, candidate.weights as FloatDtype] : null,
    halfWeights: halves,
    castsDown: candidate.castsDown.filter(({ to }) => !casts.has(to) && coarseness(to) > works),
    computeTypes:
      works < 0
        ? []
        : (Object.keys(candidate.computeTypes) as FloatDtype[]).filter((type) => coarseness(type) > works).sort(),
    quantised:
      Object.keys(reference.quantised.operators).length > 0 ? [] : Object.keys(candidate.quantised.operators).sort(),
  };
}

/** Elements whose precision is that of a 16-bit format, stored as such or not. */
function halfElements({ stored, halfWeights }: Precision, format: HalfFormat): number {
  const held = halfWeights
    .filter((weight) => weight.format === format)
    .reduce((sum, { elements }) => sum + elements, 0);
  return held + (stored[format] ?? 0);
}
