import { erf } from './erf.ts';
import { halfAway, halfEven, halfUp } from './rounding.ts';

export type Family = 'activation' | 'bounds' | 'rounding' | 'function' | 'identity';

/** A function of one number, as frameworks have it. */
export interface Unary {
  readonly name: string;
  readonly family: Family;
  /** What operators that compute it are called, in lower case without punctuation: parts of their names. */
  readonly words: readonly string[];
  readonly at: (x: number) => number;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const clip = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);

const activation = (name: string, words: readonly string[], at: (x: number) => number): Unary => ({
  name,
  family: 'activation',
  words,
  at,
});
const rounding = (name: string, words: readonly string[], at: (x: number) => number): Unary => ({
  name,
  family: 'rounding',
  words,
  at,
});
const other = (name: string, words: readonly string[], at: (x: number) => number): Unary => ({
  name,
  family: 'function',
  words,
  at,
});
const bounds = (name: string, words: readonly string[], low: number, high: number): Unary => ({
  name,
  family: 'bounds',
  words,
  at: (x) => clip(x, low, high),
});

/** Functions without free parameters. Formulas: torch.nn.functional, keras.activations, ONNX operators. */
export const UNARY: readonly Unary[] = [
  { name: 'identity', family: 'identity', words: ['identity', 'linear', 'dropout', 'clone'], at: (x) => x },
  activation('ReLU', ['relu'], (x) => Math.max(x, 0)),
  activation('sigmoid', ['sigmoid', 'logistic'], sigmoid),
  activation('tanh', ['tanh'], Math.tanh),
  activation('GELU (erf)', ['gelu'], (x) => (x * (1 + erf(x / Math.SQRT2))) / 2),
  activation(
    'GELU (tanh)',
    ['gelu'],
    (x) => (x / 2) * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  ),
  activation('GELU (sigmoid)', ['gelu', 'quickgelu'], (x) => x * sigmoid(1.702 * x)),
  activation('SiLU', ['silu', 'swish'], (x) => x * sigmoid(x)),
  activation('Mish', ['mish'], (x) => x * Math.tanh(softplus(x))),
  activation('softplus', ['softplus'], softplus),
  activation('softsign', ['softsign'], (x) => x / (1 + Math.abs(x))),
  activation('SELU', ['selu'], (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))),
  activation('hard swish', ['hardswish', 'hardsilu'], (x) => (x * clip(x + 3, 0, 6)) / 6),
  activation('hard sigmoid (x/6 + 0.5)', ['hardsigmoid'], (x) => clip(x / 6 + 0.5, 0, 1)),
  activation('hard sigmoid (0.2x + 0.5)', ['hardsigmoid'], (x) => clip(0.2 * x + 0.5, 0, 1)),
  activation('log-sigmoid', ['logsigmoid'], (x) => -softplus(-x)),
  activation('tanhshrink', ['tanhshrink'], (x) => x - Math.tanh(x)),
  activation('erf', ['erf'], erf),
  bounds('ReLU6', ['relu6', 'hardtanh', 'clip', 'clamp', 'relu'], 0, 6),
  bounds('bounds 0 … 1', ['hardtanh', 'clip', 'clamp'], 0, 1),
  bounds('bounds −1 … 1', ['hardtanh', 'clip', 'clamp', 'relun1to1'], -1, 1),
  rounding('floor', ['floor'], Math.floor),
  rounding('ceil', ['ceil'], Math.ceil),
  rounding('truncation', ['trunc', 'fix', 'cast', 'toint', 'tocopy'], Math.trunc),
  rounding('rounding half to even', ['round', 'rint'], halfEven),
  rounding('rounding half away from zero', ['round'], halfAway),
  rounding('rounding half up', ['round'], halfUp),
  other('abs', ['abs'], Math.abs),
  other('negation', ['neg'], (x) => -x),
  other('exp', ['exp'], Math.exp),
  other('log', ['log'], Math.log),
  other('log(1 + x)', ['log1p'], Math.log1p),
  other('square root', ['sqrt'], Math.sqrt),
  other('square', ['square', 'pow'], (x) => x * x),
  other('reciprocal', ['reciprocal'], (x) => 1 / x),
  other('reciprocal square root', ['rsqrt'], (x) => 1 / Math.sqrt(x)),
  other('sin', ['sin'], Math.sin),
  other('cos', ['cos'], Math.cos),
  other('sign', ['sign'], Math.sign),
];
