import { cause, change, type DiagnosisEntry } from './entry.ts';

/** The values are there, but elsewhere. */
export const ORDER = {
  'layout-permuted': cause(
    'axes in another order',
    'Axes of an input, an output, a weight or an intermediate value are permuted (NCHW and NHWC, a transposed matrix), or elements are regrouped by a reshape without its transpose (attention heads, pixel shuffle, depth to space).',
    'Look for a layout option of the exporter, or transpose in the wrapper around the model.',
    (where, a) =>
      `${where}: the values are right but laid out otherwise${a.permutation === undefined ? '' : ` (axes ${String(a.permutation)})`}`,
  ),
  'channel-order': cause(
    'slices along an axis in another order',
    'Along one axis of a value or a weight the slices stand in another order: RGB and BGR, swapped or rolled channels, heads or classes, operands of a concatenation exchanged, a flipped kernel.',
    'Check the channel order that the model was trained with (RGB or BGR), and the order in which parts are joined.',
    (where, a) =>
      `${where}: the slices along axis ${String(a.axis ?? '?')} come in another order${a.order === undefined ? '' : ` (${String(a.order)})`}`,
  ),
  'output-order': cause(
    'outputs exchanged',
    'An output of the candidate holds the values of another output of the reference.',
    'Map them in the suite (`outputs:`), and tell whoever reads the artifact by position.',
    'the outputs are exchanged',
  ),
  'operands-swapped': cause(
    'operands exchanged',
    'The operands of an operator that is not commutative are exchanged: a−b, a÷b, branches of a choice, keys and values of attention.',
    'Report it to the exporter with the reduced model; until then write the expression the other way round.',
    'the operands are exchanged',
  ),
  'wiring-differs': cause(
    'another tensor is read',
    'An operator reads another tensor than in the reference: the skip connection starts elsewhere, one branch is used twice.',
    'Report it to the exporter with the reduced model.',
    (where, a) => `${where} reads another value than in the reference${change(a)}`,
  ),
  'batch-mixed': cause(
    'rows of a batch influence each other',
    'A row of a batch gets another answer than alone, where in the reference it does not.',
    'Look for a reshape or a reduction that joins the batch with another axis.',
    'a row of a batch gets another answer than the same row alone',
  ),
} as const satisfies Record<string, DiagnosisEntry>;
