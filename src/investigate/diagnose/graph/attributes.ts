import type { AttributeValue } from '../../../records/graph.ts';

/** What an attribute is when it is not written down (onnx operator schemas); for those whose absence is common. */
const DEFAULTS: Readonly<Record<string, AttributeValue>> = {
  approximate: 'none',
  auto_pad: 'NOTSET',
  ceil_mode: 0,
  count_include_pad: 0,
  group: 1,
  storage_order: 0,
  fmod: 0,
  batch_dims: 0,
  exclusive: 0,
  reverse: 0,
  largest: 1,
  sorted: 1,
  select_last_index: 0,
  keepdims: 1,
  noop_with_empty_axes: 0,
  transA: 0,
  transB: 0,
  beta: 1,
  direction: 'forward',
  linear_before_reset: 0,
  layout: 0,
  input_forget: 0,
  allowzero: 0,
  mode: '',
  reduction: 'none',
  upper: 1,
  align_corners: 0,
  antialias: 0,
  exclude_outside: 0,
  training_mode: 0,
  saturate: 1,
  p: 2,
  stash_type: 1,
};

/** Defaults that depend on the operator. */
const OF_OPERATOR: Readonly<Record<string, AttributeValue>> = {
  'Gemm.alpha': 1,
  'LeakyRelu.alpha': 0.01,
  'Elu.alpha': 1,
  'Celu.alpha': 1,
  'Selu.alpha': 1.6732631921768188,
  'Selu.gamma': 1.0507010221481323,
  'HardSigmoid.alpha': 0.2,
  'HardSigmoid.beta': 0.5,
  'ThresholdedRelu.alpha': 1,
  'BatchNormalization.epsilon': 1e-5,
  'InstanceNormalization.epsilon': 1e-5,
  'LayerNormalization.epsilon': 1e-5,
  'GroupNormalization.epsilon': 1e-5,
  'LayerNormalization.axis': -1,
  'Softmax.axis': -1,
  'LogSoftmax.axis': -1,
  'Hardmax.axis': -1,
  'LpNormalization.axis': -1,
  'Flatten.axis': 1,
  'Gather.axis': 0,
  'GatherElements.axis': 0,
  'ScatterElements.axis': 0,
  'ArgMax.axis': 0,
  'ArgMin.axis': 0,
  'TopK.axis': -1,
  'OneHot.axis': -1,
  'Split.axis': 0,
  'DequantizeLinear.axis': 1,
  'QuantizeLinear.axis': 1,
  'DepthToSpace.mode': 'DCR',
  'Pad.mode': 'constant',
  'Resize.mode': 'nearest',
  'Resize.coordinate_transformation_mode': 'half_pixel',
  'Resize.nearest_mode': 'round_prefer_floor',
  'Resize.cubic_coeff_a': -0.75,
  'GridSample.mode': 'linear',
  'GridSample.padding_mode': 'zeros',
  'LRN.alpha': 0.0001,
  'LRN.beta': 0.75,
  'LRN.bias': 1,
};

/** The value that counts: what is written, else the operator's default; undefined: it cannot be told. */
export function effective(op: string, name: string, value: AttributeValue | undefined): AttributeValue | undefined {
  if (value !== undefined && value !== null) return value;
  return OF_OPERATOR[`${op}.${name}`] ?? DEFAULTS[name];
}

/** Whether two attributes mean the same. Numbers count as float32 has them: that is how ONNX stores them. */
export function sameAttribute(
  op: string,
  name: string,
  a: AttributeValue | undefined,
  b: AttributeValue | undefined,
): boolean {
  const [x, y] = [effective(op, name, a), effective(op, name, b)];
  if (Array.isArray(x) && Array.isArray(y)) return x.length === y.length && x.every((v, i) => sameScalar(v, y[i]));
  // A list of defaults (no dilation, stride 1, no padding) says what its absence says.
  if (Array.isArray(x) && y === undefined) return isIdle(name, x);
  if (Array.isArray(y) && x === undefined) return isIdle(name, y);
  return sameScalar(x as Scalar | undefined, y as Scalar | undefined);
}

type Scalar = number | string | boolean | null;

const sameScalar = (a: Scalar | undefined, b: Scalar | undefined): boolean =>
  typeof a === 'number' && typeof b === 'number' ? a === b || Math.fround(a) === Math.fround(b) : a === b;

const isIdle = (name: string, values: readonly Scalar[]): boolean =>
  (name === 'pads' && values.every((v) => v === 0)) ||
  ((name === 'dilations' || name === 'strides') && values.every((v) => v === 1)) ||
  // The shape of the kernel follows from the weight where it is not written.
  name === 'kernel_shape';
