import { constantsOf } from './constants.ts';
import { type TensorProto, TensorProto_DataType as Type } from './onnx_pb.generated.ts';
import { parseOnnx } from './read.ts';
import { domainOf, type Flow, flowOf, keyOf, nodeNameOf, operatorOf, type Place, type Value } from './scopes.ts';
import { elementTypeName, floatDtypeOf, numbersIn } from './tensor-data.ts';

/** Integers of a quantised type. */
export interface IntegerRange {
  readonly low: number;
  readonly high: number;
}

/** Limits of the integer types that QuantizeLinear and its kin have (onnx operator schemas). */
const INTEGERS: Readonly<Record<number, IntegerRange>> = {
  [Type.INT8]: { low: -128, high: 127 },
  [Type.UINT8]: { low: 0, high: 255 },
  [Type.INT16]: { low: -32768, high: 32767 },
  [Type.UINT16]: { low: 0, high: 65535 },
  [Type.INT32]: { low: -(2 ** 31), high: 2 ** 31 - 1 },
  [Type.INT4]: { low: -8, high: 7 },
  [Type.UINT4]: { low: 0, high: 15 },
};

/** How one tensor is quantised: real value = (integer − zero point) · scale. */
export interface Quantised {
  /** The node that quantises, dequantises or computes with the integers. */
  readonly node: string;
  readonly operator: string;
  /** The quantised tensor, or the float one that QuantizeLinear is given. */
  readonly tensor: string;
  readonly role: 'weight' | 'activation';
  /** `int8`, `uint8`, `int4`, …; null where the file does not tell. */
  readonly dtype: string | null;
  /** One, or one a channel; null when computed while the model runs. */
  readonly scales: readonly number[] | null;
  /** As many as scales; zeros where the operator leaves them out, null when computed. */
  readonly zeroPoints: readonly number[] | null;
  /** The axis of the channels; null for one scale. */
  readonly axis: number | null;
  /** Elements along the axis that share a scale, as DequantizeLinear's `block_size` has it; 0 for none. */
  readonly blockSize: number;
  /** Real values that the integers stand for, lowest and highest over all channels; null where something is unknown. */
  readonly range: readonly [number, number] | null;
}

/** A quantised tensor with what its judges need. */
export interface QuantisedPlace extends Quantised {
  /** The integers of a weight. */
  readonly integers: TensorProto | null;
  readonly limits: IntegerRange | null;
  readonly value: Value | null;
}

/** Operands [tensor, scale, zero point] of operators on quantised numbers; a negative tensor is result −n − 1. */
const OPERANDS: Readonly<Record<string, readonly (readonly [number, number, number])[]>> = {
  QuantizeLinear: [[0, 1, 2]],
  DequantizeLinear: [[0, 1, 2]],
  QLinearConv: [
    [0, 1, 2],
    [3, 4, 5],
    [-1, 6, 7],
  ],
  QLinearMatMul: [
    [0, 1, 2],
    [3, 4, 5],
    [-1, 6, 7],
  ],
  QLinearAdd: [
    [0, 1, 2],
    [3, 4, 5],
    [-1, 6, 7],
  ],
  QLinearMul: [
    [0, 1, 2],
    [3, 4, 5],
    [-1, 6, 7],
  ],
  QGemm: [
    [0, 1, 2],
    [3, 4, 5],
    [-1, 7, 8],
  ],
  QLinearGlobalAveragePool: [
    [0, 1, 2],
    [-1, 3, 4],
  ],
  QLinearAveragePool: [
    [0, 1, 2],
    [-1, 3, 4],
  ],
  QLinearLeakyRelu: [
    [0, 1, 2],
    [-1, 3, 4],
  ],
  QLinearSigmoid: [
    [0, 1, 2],
    [-1, 3, 4],
  ],
  QLinearSoftmax: [
    [0, 1, 2],
    [-1, 3, 4],
  ],
};

/**
 * All quantised tensors of an ONNX file, in graph order, subgraphs and functions too: QuantizeLinear and DequantizeLinear
 * of ai.onnx and com.microsoft, QLinearConv, QLinearMatMul and onnxruntime's QLinear operators. One that several nodes
 * share is listed by each. Errors as `parseOnnx` and `withTensorBytes`.
 */
export function readQuantisation(from: string): Quantised[] {
  return quantisedPlaces(from).map(({ integers, limits, value, ...plain }) => plain);
}

export function quantisedPlaces(from: string, flow: Flow = flowOf(parseOnnx(from))): QuantisedPlace[] {
  const tensors = constantTensors(flow);
  return flow.scopes.flatMap((scope) =>
    scope.nodes.flatMap((node) => {
      const known = ['', 'com.microsoft'].includes(domainOf(node.domain)) ? OPERANDS[node.opType] : undefined;
      return (known ?? []).map(
        (operands): QuantisedPlace => readPlace({ node, scope, index: 0 }, operands, from, flow, tensors),
      );
    }),
  );
}

function readPlace(
  { node, scope }: Place,
  [tensor, scale, zeroPoint]: readonly [number, number, number],
  file: string,
  flow: Flow,
  tensors: Constants,
): QuantisedPlace {
  const name = (tensor < 0 ? node.output[-tensor - 1] : node.input[tensor]) ?? '';
  const constant = (operand: number): TensorProto | undefined =>
    tensors(flow.resolve(scope, node.input[operand] ?? ''));
  const integers = tensor < 0 ? undefined : constant(tensor);
  const scaleTensor = constant(scale);
  const zeroTensor = constant(zeroPoint);
  const scales = scaleTensor === undefined ? null : numbersIn(scaleTensor, file);
  const hasZero = (node.input[zeroPoint] ?? '') !== '';
  const zeros = hasZero ? (zeroTensor === undefined ? null : numbersIn(zeroTensor, file)) : [0];
  const type = elementType(node, integers, zeroTensor, hasZero);
  const limits = type === undefined ? null : (INTEGERS[type] ?? null);
  const weight = integers !== undefined && floatDtypeOf(integers) === null;
  return {
    node: nodeNameOf(node, scope),
    operator: operatorOf(node),
    tensor: name,
    role: integers === undefined ? 'activation' : 'weight',
    dtype: type === undefined ? null : elementTypeName(type),
    scales: scales === null ? null : Array.from(scales),
    zeroPoints:
      zeros === null || scales === null ? null : Array.from(scales, (_, i) => zeros[zeros.length > 1 ? i : 0] ?? 0),
    axis: scales !== null && scales.length > 1 ? axisOf(node, integers, scales.length) : null,
    blockSize: Number(node.attribute.find(({ name: n }) => n === 'block_size')?.i ?? 0n),
    range: rangeOf(scales, zeros, limits),
    integers: weight ? integers : null,
    limits,
    value: flow.resolve(scope, name) ?? null,
  };
}

function elementType(
  { opType, attribute }: Place['node'],
  integers: TensorProto | undefined,
  zeroPoint: TensorProto | undefined,
  hasZero: boolean,
): number | undefined {
  if (zeroPoint !== undefined) return zeroPoint.dataType;
  if (integers !== undefined && opType !== 'QuantizeLinear') return integers.dataType;
  const named = attribute.find(({ name }) => name === 'output_dtype')?.i;
  if (named !== undefined && named !== 0n) return Number(named);
  // QuantizeLinear without a zero point gives uint8.
  return hasZero || opType !== 'QuantizeLinear' ? undefined : Type.UINT8;
}

/** The axis of per-channel scales: that of the attribute; axis 0 of a Conv's weight and the last one of a matrix. */
function axisOf({ opType, attribute }: Place['node'], integers: TensorProto | undefined, count: number): number | null {
  const rank = integers?.dims.length;
  if (opType === 'QLinearConv') return 0;
  if (opType === 'QLinearMatMul' || opType === 'QGemm') {
    if (rank === undefined) return null;
    return opType === 'QGemm' && Number(integers?.dims[0]) === count && Number(integers?.dims[1]) !== count
      ? 0
      : rank - 1;
  }
  const given = Number(attribute.find(({ name }) => name === 'axis')?.i ?? 1n);
  if (rank === 1) return 0;
  return given < 0 && rank !== undefined ? given + rank : given;
}

type Numbers = ArrayLike<number>;

function rangeOf(
  scales: Numbers | null,
  zeros: Numbers | null,
  limits: IntegerRange | null,
): readonly [number, number] | null {
  if (scales === null || zeros === null || limits === null || scales.length === 0) return null;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scales.length; i++) {
    const scale = scales[i] as number;
    const zero = zeros[zeros.length > 1 ? i : 0] ?? 0;
    low = Math.min(low, (limits.low - zero) * scale);
    high = Math.max(high, (limits.high - zero) * scale);
  }
  return Number.isFinite(low) && Number.isFinite(high) ? [low, high] : null;
}

type Constants = (value: Value | undefined) => TensorProto | undefined;

/** The constant that a value is, seen through Identity. */
export function constantTensors(flow: Flow): Constants {
  const tensors = new Map(
    constantsOf(flow).flatMap(({ key, held }) => (held.kind === 'tensor' ? [[key, held.tensor] as const] : [])),
  );
  const find: Constants = (value) => {
    if (value === undefined) return undefined;
    const own = tensors.get(keyOf(value));
    const producer = own === undefined ? flow.producerOf(value) : undefined;
    if (producer === undefined || producer.node.opType !== 'Identity') return own;
    return find(flow.resolve(producer.scope, producer.node.input[0] ?? ''));
  };
  return find;
}

/** The values that a quantised graph was calibrated for, of one of its inputs. */
export interface CalibratedInput {
  readonly input: string;
  /** Lowest and highest real value that the input's integers stand for; where several nodes quantise it, all of them. */
  readonly range: readonly [number, number];
}

/** Operators through which an input's values reach QuantizeLinear unchanged. */
const UNCHANGED = new Set(['Identity', 'Transpose', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Cast', 'CastLike']);

/**
 * The calibrated range of each graph input that is quantised with constant scale and zero point before anything is computed
 * with it. Values outside are clipped. Ranges of several quantisers are intersected: only there none of them clips.
 */
export function calibratedInputs(from: string): CalibratedInput[] {
  const flow = flowOf(parseOnnx(from));
  const [main] = flow.scopes;
  if (main === undefined) return [];
  const held = new Set(main.graph?.initializer.map(({ name }) => name));
  const ranges = new Map(
    quantisedPlaces(from, flow)
      .filter(
        ({ operator, range }) => /QuantizeLinear$/.test(operator) && !/Dequantize/.test(operator) && range !== null,
      )
      .map(({ node, range }) => [node, range as readonly [number, number]]),
  );
  return main.inputs.flatMap((input) => {
    if (held.has(input)) return [];
    const found: (readonly [number, number])[] = [];
    const seen = new Set<string>();
    const visit = (value: Value): void => {
      if (seen.has(keyOf(value))) return;
      seen.add(keyOf(value));
      for (const use of flow.usesOf(value)) {
        if (use.index !== 0) continue;
        const inside = flow.into(use);
        for (const inner of inside) visit(inner);
        const range = use.node.opType === 'QuantizeLinear' ? ranges.get(nodeNameOf(use.node, use.scope)) : undefined;
        if (range !== undefined) found.push(range);
        const [output] = use.node.output;
        if (inside.length === 0 && UNCHANGED.has(use.node.opType) && output !== undefined)
          visit({ scope: use.scope, name: output });
      }
    };
    visit({ scope: main, name: input });
    if (found.length === 0) return [];
    const low = Math.max(...found.map(([from]) => from));
    const high = Math.min(...found.map(([, to]) => to));
    return [{ input, range: low <= high ? [low, high] : (found[0] as readonly [number, number]) }];
  });
}
