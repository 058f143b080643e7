import type { Reach } from './draft.ts';

type Sizes = readonly (number | string | null)[];

/** The same sizes, each of them known or of the same name. */
export const sameShape = (a: Sizes, b: Sizes): boolean =>
  a.length === b.length && a.every((size, i) => size !== null && size === b[i]);

/** Attributes that change values alone (onnx operator schemas). */
const VALUE = new Set([
  ...['epsilon', 'alpha', 'beta', 'gamma', 'momentum', 'approximate', 'mode', 'coordinate_transformation_mode'],
  ...['nearest_mode', 'cubic_coeff_a', 'count_include_pad', 'exclude_outside', 'extrapolation_value', 'lambd', 'bias'],
  ...[
    'activations',
    'activation_alpha',
    'activation_beta',
    'clip',
    'linear_before_reset',
    'fmod',
    'ratio',
    'min',
    'max',
  ],
  ...[
    'reverse',
    'exclusive',
    'rounding',
    'antialias',
    'padding_mode',
    'align_corners',
    'scale',
    'softcap',
    'is_causal',
  ],
  ...['coefficients', 'intercepts', 'offset', 'post_transform', 'norm', 'scale'],
]);
const RANK = new Set(['keepdims', 'axes', 'layout', 'perm', 'new_axis']);

/** How far a change of an attribute reaches. */
export const reachOfAttribute = (name: string): Reach =>
  VALUE.has(name) ? 'value' : RANK.has(name) ? 'rank' : 'shape';

/** Operators of one operand whose result is of its shape and type (onnx operator schemas). */
const SAME = new Set([
  ...['Identity', 'Relu', 'LeakyRelu', 'Elu', 'Selu', 'Celu', 'Gelu', 'HardSigmoid', 'HardSwish', 'Mish', 'Sigmoid'],
  ...['Tanh', 'Softplus', 'Softsign', 'Softmax', 'LogSoftmax', 'Hardmax', 'Exp', 'Log', 'Sqrt', 'Erf', 'Neg', 'Abs'],
  ...['Floor', 'Ceil', 'Round', 'Sign', 'Reciprocal', 'Clip', 'Sin', 'Cos', 'LayerNormalization', 'PRelu'],
]);
const CHANGES_RANK = new Set([
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Flatten',
  'Gather',
  'GatherND',
  'OneHot',
  'Split',
  'Einsum',
]);
/** How far an operator reaches that is put behind a tensor. */
export function reachOfOperator(op: string): Reach {
  if (SAME.has(op)) return 'value';
  return CHANGES_RANK.has(op) || /^Reduce|^Arg/.test(op) ? 'rank' : 'shape';
}
