import { cause, change, type DiagnosisEntry } from './entry.ts';

/** Weights and constants, precision, quantisation, missing values. */
export const VALUES = {
  'weights-differ': cause(
    'other weights',
    'Weights (stored statistics of a normalisation, leaf values and trees of an ensemble among them) are not those of the source: an older checkpoint, another layer’s, scaled, replaced.',
    'Compare the checkpoint that was exported with the one that the source loads.',
    (where, a) =>
      `${where}: the weights are not those of the reference${a.relative === undefined ? '' : ` (apart by ${String(a.relative)} of their size)`}`,
  ),
  'bias-dropped': cause(
    'a bias is lost',
    'An additive term per channel is zero or gone.',
    'Report it to the exporter with the reduced model; `onpar repair` puts it back.',
    'the bias is lost',
  ),
  'channel-corrupted': cause(
    'one channel is wrong',
    'One channel or row of a weight, or a few, differ; all others agree.',
    'Compare that channel of the weights with the source.',
    (where, a) =>
      `${where}: ${a.channels === undefined ? 'one channel' : `channel ${String(a.channels)}`} differs, the others agree`,
  ),
  'constant-differs': cause(
    'another constant',
    'A scalar or table that is no weight has another value: an exponent, a limit, a window, a filter bank.',
    'Compare the constant in the source and in the artifact.',
    (where, a) => `${where} uses another constant${change(a)}`,
  ),
  'constant-output': cause(
    'the output is constant',
    'An output (or a part that it hangs on) does not move with the input.',
    'Look at the ranges in front of it: everything is cut off, or saturated.',
    'the output does not move with the input',
  ),
  'input-ignored': cause(
    'an input has no influence',
    'An input is declared, but the answer does not depend on it as in the reference: its value at export was baked in.',
    'Make it an argument of the exported function that no Python code turns into a number, and export again.',
    (where, a) => `${where}: the input${a.input === undefined ? '' : ` ${String(a.input)}`} has no influence`,
  ),
  'frozen-dimension': cause(
    'a size is frozen',
    'A batch size, length or picture size of the example is baked into the graph.',
    'Declare the dimension as dynamic in the export (`dynamic_shapes`), and avoid `int(x.shape[0])` in the source.',
    (where, a) => `${where}: the size ${String(a.size ?? '')} of the example is baked in`,
  ),
  'nan-source': cause(
    'NaN or infinity appears',
    'A node makes a NaN or an infinity (or treats one otherwise) that the reference does not.',
    'Look at the values in front of that node: a division by zero, the logarithm of zero, an overflow.',
    (where, a) => `${where} makes ${String(a.value ?? 'NaN or infinity')} where the reference has numbers`,
  ),
  'dtype-narrowed': cause(
    'a narrower type',
    'Values or weights go through a narrower type than declared: float16, bfloat16, int32, float32 for float64 or timestamps.',
    'Declare the precision, or keep this part in float32.',
    (where, a) => `${where}: values go through ${String(a.dtype ?? 'a narrower type')}`,
  ),
  'float16-range': cause(
    'beyond the range of float16',
    'A value exceeds 65504 or falls below 6e-8 in float16.',
    'Keep the named nodes in float32 (`onpar investigate --bisect precision` finds the smallest set).',
    (where, a) => `${where} leaves the range of float16${a.largest === undefined ? '' : ` (${String(a.largest)})`}`,
  ),
  'unstable-computation': cause(
    'computed unstably',
    'The same function in exact arithmetic, computed in a way that loses digits or overflows: softmax without its maximum, one-pass variance, naive long sums.',
    'Use the operator of the framework instead of its formula, or sum in float32 or better.',
    'the same function, but computed so that digits are lost',
  ),
  saturation: cause(
    'values are cut by quantisation',
    'The calibrated range is too narrow: many values lie at the limits of the integer type.',
    'Calibrate on data like those of production, or with a wider method (min-max).',
    (where, a) =>
      `${where} saturates${a.share === undefined ? '' : `: ${String(a.share)} of its values lie at the limits`}`,
  ),
  'quantisation-coarse': cause(
    'quantised too coarsely',
    'Steps are too large: a range far wider than the values, too few bits, one scale for channels of very different size.',
    'Quantise per channel; calibrate without outliers (percentile, entropy).',
    (where, a) =>
      `${where}: the steps of its quantisation are too large${a.times === undefined ? '' : ` (${String(a.times)} times what its values need)`}`,
  ),
  'quantisation-parameters': cause(
    'wrong scale or zero point',
    'A scale or zero point cannot follow from the weights or the calibrated range: rolled between channels, off by a factor, another zero point, signed bytes read as unsigned.',
    'Report it to the quantiser; compare with its parameters before and after export.',
    (where, a) => `${where}: its scale or zero point does not fit what it quantises${change(a)}`,
  ),
} as const satisfies Record<string, DiagnosisEntry>;
