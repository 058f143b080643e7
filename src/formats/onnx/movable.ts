import type { FinalUse } from './constants.ts';
import { domainOf } from './scopes.ts';

/**
 * Float operands that say how to compute instead of what with: scales, zero points, bounds, regions. Rounding does not
 * happen to them in a conversion; one that differs is a fault.
 */
const PARAMETERS: Readonly<Record<string, readonly number[] | 'all'>> = {
  QuantizeLinear: [1, 2],
  DequantizeLinear: [1, 2],
  Resize: [1, 2],
  Upsample: [1],
  Slice: [1, 2, 3, 4],
  Pad: [1, 2],
  Clip: [1, 2],
  OneHot: [1, 2],
  Range: 'all',
  Dropout: [1],
  NonMaxSuppression: [2, 3, 4],
  CastLike: [1],
  // com.microsoft (onnxruntime, docs/ContribOperators.md)
  QGemm: 'all',
  QAttention: [3, 4],
  DynamicQuantizeMatMul: [2, 3],
  DynamicQuantizeLSTM: [8, 9, 10, 11],
  MatMulIntegerToFloat: [2, 3, 4, 5],
  MatMulNBits: [2, 3],
  MatMulBnb4: [2],
  MatMulFpQ4: [1, 2],
  GatherBlockQuantized: [2, 3],
};

/** Whether an operand is a parameter of its operator. Operators on quantised numbers have no other float operands. */
export function isParameter({ node: { opType }, index }: FinalUse): boolean {
  const operands = PARAMETERS[opType];
  if (operands !== undefined) return operands === 'all' || operands.includes(index);
  return /^(QLinear|QOrdered)/.test(opType);
}

/** Operators whose result jumps at integers, so that a whole number an ulp lower is another number to them. */
const DISCRETE = new Set([
  ...['Cast', 'Equal', 'Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual', 'Floor', 'Ceil', 'Round', 'Mod', 'Sign'],
]);

/** Whether an operand is counted or compared, as tables of positions and thresholds of whole numbers are. */
export const isDiscrete = ({ node: { opType, domain } }: FinalUse): boolean =>
  domainOf(domain) === '' && DISCRETE.has(opType);

/** The output channel of the element at flat index i is ⌊i / inner⌋ mod count. */
export interface Channels {
  readonly inner: number;
  readonly count: number;
}

export const PER_TENSOR: Channels = { inner: 1, count: 1 };

/** Which axis of a weight of `rank` axes an operator's output channels lie on; `recurrent` for the first two together. */
function channelAxis({ node, index }: FinalUse, rank: number): number | 'recurrent' | undefined {
  const flag = (name: string): boolean => Number(node.attribute.find((a) => a.name === name)?.i ?? 0) !== 0;
  switch (node.opType) {
    case 'Conv':
    case 'FusedConv':
    case 'DeformConv':
    case 'NhwcFusedConv':
      return index === 1 ? 0 : undefined;
    case 'QLinearConv':
      return index === 3 ? 0 : undefined;
    case 'QLinearMatMul':
      return index === 3 ? rank - 1 : undefined;
    case 'ConvTranspose':
      return index === 1 ? 1 : undefined;
    case 'Gemm':
    case 'FusedGemm':
      if (index === 0) return flag('transA') ? 1 : 0;
      return index === 1 ? (flag('transB') ? 0 : 1) : undefined;
    case 'MatMul':
      if (index === 0) return rank > 1 ? rank - 2 : 0;
      return rank - 1;
    case 'FusedMatMul':
      return index === 1 ? rank - (flag('transB') && rank > 1 ? 2 : 1) : undefined;
    case 'Attention':
    case 'DynamicQuantizeMatMul':
      return index === 1 ? rank - 1 : undefined;
    case 'Gather':
      return index === 0
        ? (Number(node.attribute.find((a) => a.name === 'axis')?.i ?? 0) + rank) % Math.max(rank, 1)
        : undefined;
    case 'EmbedLayerNormalization':
      return index >= 2 && index <= 4 ? 0 : undefined;
    case 'LSTM':
    case 'GRU':
    case 'RNN':
      return index === 1 || index === 2 ? 'recurrent' : undefined;
    default:
      return undefined;
  }
}

/**
 * The output channels of a weight of shape `dims`, as per-channel quantisation scales them; the first use that has some
 * counts, and a weight without is one channel. A vector that is multiplied has one output channel.
 */
export function channelsOf(uses: readonly FinalUse[], dims: readonly number[]): Channels {
  for (const use of uses) {
    const { axes } = use;
    if (axes === null) continue;
    const axis = channelAxis(use, axes.length);
    const inner = (from: number): number => dims.slice(from + 1).reduce((n, d) => n * d, 1);
    if (axis === 'recurrent') {
      if (dims.length === 3) return { inner: inner(1), count: (dims[0] ?? 1) * (dims[1] ?? 1) };
      continue;
    }
    const own = axis === undefined ? undefined : axes[axis];
    if (own === undefined || dims.length < 2) continue;
    return { inner: inner(own), count: dims[own] ?? 1 };
  }
  return PER_TENSOR;
}
