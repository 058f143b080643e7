import type { DiagnosisCode } from '../../../../core/diagnosis-catalogue.ts';
import type { AttributeValue } from '../../../../records/graph.ts';
import { effective } from '../attributes.ts';
import type { Difference } from '../difference.ts';
import { ACTIVATIONS, NORMALISATIONS } from '../operators.ts';
import type { Named } from './cause.ts';
import { narrowing } from './narrowing.ts';

type AttributeDifference = Extract<Difference, { kind: 'attribute' }>;

const isPool = (op: string): boolean => /Pool$/.test(op);
const isResize = (op: string): boolean => ['Resize', 'Upsample', 'GridSample', 'AffineGrid'].includes(op);
const isRecurrent = (op: string): boolean => ['LSTM', 'GRU', 'RNN'].includes(op);
const isTree = (op: string): boolean => op.includes('TreeEnsemble');

/** Attributes that mean the same whichever operator has them. */
const BY_NAME: Readonly<Record<string, DiagnosisCode>> = {
  epsilon: 'epsilon-differs',
  eps: 'epsilon-differs',
  axis: 'axis-differs',
  axes: 'axis-differs',
  dim: 'axis-differs',
  pads: 'padding-differs',
  padding: 'padding-differs',
  auto_pad: 'padding-differs',
  output_padding: 'padding-differs',
  count_include_pad: 'pool-border',
  ceil_mode: 'pool-border',
  strides: 'window-differs',
  dilations: 'window-differs',
  kernel_shape: 'window-differs',
  group: 'window-differs',
  fmod: 'integer-arithmetic',
  batch_dims: 'index-differs',
  largest: 'index-differs',
  sorted: 'index-differs',
  select_last_index: 'ties',
  training_mode: 'batchnorm-training',
  perm: 'layout-permuted',
  blocksize: 'layout-permuted',
  equation: 'layout-permuted',
  transA: 'layout-permuted',
  transB: 'layout-permuted',
  is_causal: 'mask-differs',
  unidirectional: 'mask-differs',
  scale: 'scaling-differs',
  upper: 'mask-differs',
};

/** The cause behind an attribute that was proven to make the difference. */
export function nameAttribute({ reference, name, from, to }: AttributeDifference): Named {
  const { op } = reference;
  const args = {
    attribute: name,
    from: shown(effective(op, name, from) ?? 'nothing'),
    to: shown(effective(op, name, to) ?? 'nothing'),
  };
  return { code: codeOf(op, name, effective(op, name, from), effective(op, name, to)), args };
}

function codeOf(
  op: string,
  name: string,
  from: AttributeValue | undefined,
  to: AttributeValue | undefined,
): DiagnosisCode {
  if (isTree(op)) return ofTree(name, from, to);
  if (isRecurrent(op)) return 'recurrence-differs';
  if (isResize(op)) return name === 'axes' ? 'axis-differs' : 'resize-mode';
  if (op === 'Gemm' && (name === 'alpha' || name === 'beta')) return 'scaling-differs';
  if (op === 'Pad' && name === 'mode') return 'padding-differs';
  if (op === 'DepthToSpace' || op === 'SpaceToDepth') return 'layout-permuted';
  if (op === 'BitShift' && name === 'direction') return 'integer-arithmetic';
  if (op === 'Scaler' && (name === 'scale' || name === 'offset')) return 'scaling-differs';
  if (op.startsWith('Cast') && name === 'to') return 'dtype-narrowed';
  if (op.startsWith('Scatter') && name === 'reduction') return 'operator-differs';
  if (NORMALISATIONS.has(op) && !(name in BY_NAME)) return 'normalisation-differs';
  if (ACTIVATIONS.has(op) && !(name in BY_NAME)) return 'activation-variant';
  if (isPool(op) && name === 'p') return 'operator-differs';
  if (op === 'Clip') return 'clipping-differs';
  return BY_NAME[name] ?? 'attribute-differs';
}

/** Attributes of tree ensembles hold what are weights and constants elsewhere (ai.onnx.ml). */
function ofTree(name: string, from: AttributeValue | undefined, to: AttributeValue | undefined): DiagnosisCode {
  if (/modes|nodes_values|splits/.test(name)) return isHalf(from, to) ? 'dtype-narrowed' : 'comparison-differs';
  if (/weights|base_values/.test(name)) {
    if (isHalf(from, to)) return 'dtype-narrowed';
    return name === 'base_values' && isZero(to) ? 'bias-dropped' : 'weights-differ';
  }
  if (/featureids/.test(name)) return 'index-differs';
  if (/post_transform/.test(name))
    return to === 'NONE' ? 'activation-missing' : from === 'NONE' ? 'activation-added' : 'activation-variant';
  if (/aggregate_function/.test(name)) return 'operator-differs';
  if (/missing_value/.test(name)) return 'comparison-differs';
  return 'attribute-differs';
}

const isZero = (value: AttributeValue | undefined): boolean =>
  value === undefined || (Array.isArray(value) && value.every((v) => v === 0));

function isHalf(from: AttributeValue | undefined, to: AttributeValue | undefined): boolean {
  if (!Array.isArray(from) || !Array.isArray(to) || from.length !== to.length) return false;
  const [a, b] = [from, to].map((list) => Float64Array.from(list as number[])) as [Float64Array, Float64Array];
  return narrowing(a, b)?.kind === 'float' && !b.every((v) => Number.isInteger(v));
}

/** Long lists are told by their first elements. */
const MOST_SHOWN = 8;
const shown = (value: AttributeValue): AttributeValue =>
  Array.isArray(value) && value.length > MOST_SHOWN ? [...value.slice(0, MOST_SHOWN), '…'] : value;
