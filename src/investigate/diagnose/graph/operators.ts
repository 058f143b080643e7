/** Operators of two operands whose order does not matter, and those of any number (onnx operator schemas). */
const COMMUTATIVE: ReadonlySet<string> = new Set([
  ...['Add', 'Mul', 'Min', 'Max', 'Sum', 'Mean', 'And', 'Or', 'Xor', 'Equal', 'BitwiseAnd', 'BitwiseOr', 'BitwiseXor'],
]);

export const isCommutative = (op: string): boolean => COMMUTATIVE.has(op);

/** Applied to each element for itself, with parameters that are attributes or constants. */
export const ACTIVATIONS: ReadonlySet<string> = new Set([
  ...['Relu', 'LeakyRelu', 'PRelu', 'ThresholdedRelu', 'Elu', 'Celu', 'Selu', 'Gelu', 'Sigmoid', 'HardSigmoid', 'Tanh'],
  ...['Softplus', 'Softsign', 'HardSwish', 'Mish', 'Swish', 'Softmax', 'LogSoftmax', 'Hardmax', 'Erf', 'Exp', 'Log'],
  ...['QuickGelu', 'FastGelu', 'BiasGelu', 'Shrink'],
]);

/** Softmax and its kin are activations, but no functions of one element. */
const ALONG_AN_AXIS: ReadonlySet<string> = new Set(['Softmax', 'LogSoftmax', 'Hardmax']);

/** Computes each element of its result from the elements at the same place, and nothing else. */
const ELEMENTWISE: ReadonlySet<string> = new Set([
  ...[...ACTIVATIONS].filter((op) => !ALONG_AN_AXIS.has(op)),
  ...[
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Pow',
    'Min',
    'Max',
    'Sum',
    'Mean',
    'Neg',
    'Abs',
    'Sqrt',
    'Reciprocal',
    'Sign',
    'Clip',
  ],
  ...['Floor', 'Ceil', 'Round', 'Where', 'Cast', 'CastLike', 'Identity', 'Mod', 'Greater', 'GreaterOrEqual', 'Less'],
  ...['LessOrEqual', 'Equal', 'Not', 'And', 'Or', 'Xor', 'Sin', 'Cos', 'Tan', 'Atan', 'Asin', 'Acos', 'Sinh', 'Cosh'],
  ...['IsNaN', 'IsInf', 'BitShift', 'BitwiseAnd', 'BitwiseOr', 'BitwiseXor', 'BitwiseNot', 'Asinh', 'Acosh', 'Atanh'],
]);
export const isElementwise = (op: string): boolean => ELEMENTWISE.has(op);

export const CASTS: ReadonlySet<string> = new Set(['Cast', 'CastLike']);
export const NORMALISATIONS: ReadonlySet<string> = new Set([
  ...['BatchNormalization', 'LayerNormalization', 'InstanceNormalization', 'GroupNormalization', 'RMSNormalization'],
  ...['SkipLayerNormalization', 'SimplifiedLayerNormalization', 'LpNormalization', 'MeanVarianceNormalization', 'LRN'],
]);
/** Move elements about and compute nothing. */
export const MOVING: ReadonlySet<string> = new Set([
  ...['Transpose', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity', 'Expand', 'Tile', 'DepthToSpace'],
  ...['SpaceToDepth', 'Slice', 'Gather', 'GatherElements', 'GatherND', 'Concat', 'Split', 'ReverseSequence'],
]);
export const isReduction = (op: string): boolean => /^Reduce|^Arg(Max|Min)$|^Global.*Pool$/.test(op);

/** Operands that say how an operator works, not what it works on (onnx operator schemas). */
const CONTROL: Readonly<Record<string, number>> = {
  Reshape: 1,
  Expand: 1,
  Tile: 1,
  Slice: 1,
  Gather: 1,
  GatherElements: 1,
  GatherND: 1,
  Pad: 1,
  Resize: 1,
  Squeeze: 1,
  Unsqueeze: 1,
  CumSum: 1,
  TopK: 1,
  Clip: 1,
  Trilu: 1,
  QuantizeLinear: 1,
  DequantizeLinear: 1,
  Dropout: 1,
};
/** Whether an operand is a parameter. The condition of a choice is one as well. */
export const isControl = (op: string, index: number): boolean =>
  (op === 'Where' && index === 0) || (index > 0 && (/^Reduce/.test(op) || index >= (CONTROL[op] ?? Infinity)));
