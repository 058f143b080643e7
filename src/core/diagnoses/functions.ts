import { cause, change, type DiagnosisEntry } from './entry.ts';

/** Another function is computed: scaling, activations, normalisation, operators and their attributes. */
export const FUNCTIONS = {
  'scaling-differs': cause(
    'scaled otherwise',
    'A value is multiplied by or shifted by constants that the reference does not have, or has twice: ÷255, mean and standard deviation, the scale of attention, a temperature.',
    'Put the scaling in one place: into the model, or into the code before it.',
    (where, a) =>
      `${where}: scaled otherwise than in the reference${a.factor === undefined ? '' : ` (×${String(a.factor)}${a.offset === undefined || a.offset === 0 ? '' : ` + ${String(a.offset)}`})`}`,
  ),
  'preprocessing-differs': cause(
    'prepared otherwise',
    'The difference is made before the model: decoding, resizing, cropping, padding or text preparation, not the model itself.',
    'Compare the prepared inputs; pack the preparation with the model.',
    'the difference is made while the input is prepared, not in the model',
  ),
  'activation-missing': cause(
    'an activation is left out',
    'A softmax, sigmoid, tanh, ReLU, log or the like of the reference is not applied.',
    'Compare logits with logits: export the model with the activation, or leave it out on both sides.',
    (where, a) => `${where}: ${String(a.activation ?? 'an activation')} of the reference is not applied`,
  ),
  'activation-added': cause(
    'an activation too many',
    'An activation is applied that the reference does not have at that place, or applied twice.',
    'Leave it out in the wrapper or in the export.',
    (where, a) => `${where}: ${String(a.activation ?? 'an activation')} is applied that the reference does not have`,
  ),
  'activation-variant': cause(
    'another variant of the activation',
    'Another function of the same family: GELU by tanh or by erf, SiLU for Mish, another slope or alpha, log-softmax for softmax.',
    'Choose the variant explicitly in the source (`approximate=` of GELU), or an opset that has the operator.',
    (where, a) => `${where} computes another variant of the activation${change(a)}`,
  ),
  'clipping-differs': cause(
    'bounded otherwise',
    'Values are cut at other bounds: a bound lost, added or moved (ReLU6, clip).',
    'Compare the bounds in the source and in the artifact.',
    (where, a) => `${where}: values are cut at other bounds${change(a)}`,
  ),
  'epsilon-differs': cause(
    'another epsilon',
    'The small number that keeps a normalisation, a quotient, a root or a logarithm away from zero is another one, lost, or added.',
    'Pass the epsilon explicitly in the source; defaults differ between frameworks.',
    (where, a) => `${where} has another epsilon${change(a)}`,
  ),
  'batchnorm-training': cause(
    'batch normalisation in training mode',
    'Statistics of the batch are used instead of the stored ones.',
    'Call `model.eval()` before the export, `training=False` in Keras.',
    'normalises by the statistics of the batch, as in training, not by the stored ones',
  ),
  'normalisation-differs': cause(
    'another normalisation',
    'Another formula: biased or unbiased variance, a deviation where a variance belongs, the mean not subtracted, other groups.',
    'Report it to the exporter with the reduced model.',
    'the normalisation computes another formula',
  ),
  'axis-differs': cause(
    'another axis',
    'A softmax, reduction, normalisation, concatenation, arg-max, split or running sum works along another axis, or along several flattened ones (softmax before opset 13).',
    'Export with opset 13 or later; name the axis explicitly in the source.',
    (where, a) => `${where} works along another axis${change(a)}`,
  ),
  'padding-differs': cause(
    'padded otherwise',
    'A convolution or padding pads by another amount, at the other side, or with another mode or value.',
    'Write the padding out in the source (`padding="same"` is not the same everywhere).',
    (where, a) => `${where} pads otherwise${change(a)}`,
  ),
  'pool-border': cause(
    'pooling differs at the border',
    'A pooling counts padding otherwise (`count_include_pad`) or rounds its size otherwise (`ceil_mode`).',
    'Avoid `ceil_mode` with padding in the source, or pad explicitly before pooling.',
    (where, a) => `${where} treats the border otherwise${change(a)}`,
  ),
  'window-differs': cause(
    'another window',
    'Stride, dilation, kernel size or groups of a convolution or pooling, or the phase of the stride, are others.',
    'Report it to the exporter with the reduced model.',
    (where, a) => `${where} moves its window otherwise${change(a)}`,
  ),
  'resize-mode': cause(
    'resized otherwise',
    'A resize or grid sample maps coordinates, rounds, interpolates, or treats the border otherwise.',
    'Set the mode explicitly (`align_corners`, `antialias`), or try the other coordinate mode in the artifact.',
    (where, a) => `${where} maps coordinates or interpolates otherwise${change(a)}`,
  ),
  'operator-missing': cause(
    'an operator is left out',
    'An operator other than an activation is not there: a residual addition, a normalisation, a scale, an absolute value. Only where no code says more precisely what it does.',
    'Report it to the exporter with the reduced model.',
    (where, a) => `${where}: ${String(a.operator ?? 'an operator')} of the reference is left out`,
  ),
  'operator-added': cause(
    'an operator too many',
    'An operator other than an activation is applied that the reference does not have. Only where no code says more precisely what it does.',
    'Report it to the exporter with the reduced model.',
    (where, a) => `${where}: ${String(a.operator ?? 'an operator')} is applied that the reference does not have`,
  ),
  'operator-differs': cause(
    'another operator',
    'Another operator stands in its place: a sum for a mean, a maximum for an average, floor for round. Only where no code says more precisely what it does.',
    'Report it to the exporter with the reduced model.',
    (where, a) => `${where} computes another operator${change(a)}`,
  ),
  'attribute-differs': cause(
    'another attribute',
    'An attribute of the operator that has no code of its own differs.',
    'Set it explicitly in the source, or mend the artifact with `onpar repair`.',
    (where, a) => `${where}: ${String(a.attribute ?? 'an attribute')} differs${change(a)}`,
  ),
} as const satisfies Record<string, DiagnosisEntry>;
