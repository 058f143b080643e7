import type { OpNode } from '../../../../records/graph.ts';
import { CASTS, MOVING } from '../operators.ts';
import type { Side } from '../side.ts';

/** What an operand is for. */
export type Role =
  | 'weight'
  | 'bias'
  | 'gain'
  | 'statistic'
  | 'variance'
  | 'slope'
  | 'bound'
  | 'table'
  | 'index'
  | 'axes'
  | 'pads'
  | 'resize'
  | 'shape'
  | 'threshold'
  | 'branch'
  | 'initial-state'
  | 'lengths'
  | 'gates'
  | 'scale of quantisation'
  | 'zero point'
  | 'factor'
  | 'term'
  | 'diagonal'
  | 'position'
  | 'data'
  | 'other';

/** Operands with a meaning of their own (onnx operator schemas). Index 0 is what an operator works on, unless it is said here. */
const ROLES: Readonly<Record<string, readonly (Role | undefined)[]>> = {
  Conv: ['data', 'weight', 'bias'],
  ConvTranspose: ['data', 'weight', 'bias'],
  Gemm: ['weight', 'weight', 'bias'],
  MatMul: ['weight', 'weight'],
  Einsum: ['weight', 'weight'],
  BatchNormalization: ['data', 'gain', 'bias', 'statistic', 'variance'],
  LayerNormalization: ['data', 'gain', 'bias'],
  InstanceNormalization: ['data', 'gain', 'bias'],
  GroupNormalization: ['data', 'gain', 'bias'],
  RMSNormalization: ['data', 'gain'],
  PRelu: ['data', 'slope'],
  Clip: ['data', 'bound', 'bound'],
  Min: ['bound', 'bound', 'bound'],
  Max: ['bound', 'bound', 'bound'],
  Gather: ['table', 'index'],
  GatherElements: ['table', 'index'],
  GatherND: ['table', 'index'],
  ScatterElements: ['data', 'index', 'other'],
  ScatterND: ['data', 'index', 'other'],
  Slice: ['table', 'index', 'index', 'index', 'index'],
  Split: ['data', 'index'],
  TopK: ['data', 'index'],
  OneHot: ['index', 'other', 'other'],
  Pad: ['data', 'pads', 'pads', 'pads'],
  Resize: ['data', 'resize', 'resize', 'resize'],
  Upsample: ['data', 'resize'],
  Reshape: ['data', 'shape'],
  Expand: ['data', 'shape'],
  Tile: ['data', 'shape'],
  Squeeze: ['data', 'axes'],
  Unsqueeze: ['data', 'axes'],
  CumSum: ['data', 'axes'],
  Greater: ['threshold', 'threshold'],
  GreaterOrEqual: ['threshold', 'threshold'],
  Less: ['threshold', 'threshold'],
  LessOrEqual: ['threshold', 'threshold'],
  Equal: ['threshold', 'threshold'],
  Where: ['other', 'branch', 'branch'],
  Trilu: ['data', 'diagonal'],
  Range: ['position', 'position', 'position'],
  LSTM: ['data', 'gates', 'gates', 'gates', 'lengths', 'initial-state', 'initial-state', 'gates'],
  GRU: ['data', 'gates', 'gates', 'gates', 'lengths', 'initial-state'],
  RNN: ['data', 'gates', 'gates', 'gates', 'lengths', 'initial-state'],
  QuantizeLinear: ['data', 'scale of quantisation', 'zero point'],
  DequantizeLinear: ['weight', 'scale of quantisation', 'zero point'],
  Mul: ['factor', 'factor'],
  Div: ['factor', 'factor'],
  Add: ['term', 'term'],
  Sub: ['term', 'term'],
  Sum: ['term', 'term', 'term'],
};

/** A constant may pass such nodes before it is used. */
const MOST_STEPS = 4;

/** What the operand `index` of a node is for, through transpositions, casts and the like to where it is used. */
export function roleOf(side: Side, node: OpNode, index: number): Role {
  let [at, place]: [OpNode, number] = [node, index];
  for (let step = 0; step < MOST_STEPS; step++) {
    const role = ROLES[at.op]?.[place];
    const passing = place === 0 && (MOVING.has(at.op) || CASTS.has(at.op) || at.op === 'DequantizeLinear');
    if (/^Reduce/.test(at.op) && place === 1) return 'axes';
    if (!passing || (role !== undefined && at.op === 'Gather' && step === 0 && isDynamic(side, at, 1)))
      return role ?? 'other';
    const tensor = at.outputs[0] as string;
    const [next] = side.readers(tensor);
    // What does not only hang on constants is computed: there the operand itself is meant.
    if (next === undefined || !side.isFixed(tensor)) return role ?? 'other';
    [at, place] = [next, next.inputs.indexOf(tensor)];
  }
  return 'other';
}

const isDynamic = (side: Side, node: OpNode, index: number): boolean => !side.isFixed(node.inputs[index] ?? '');
