import { cause, change, type DiagnosisEntry } from './entry.ts';

/** Recurrence, positions, masks, indices and integers. */
export const SEQUENCES = {
  'gate-order': cause(
    'gates in another order',
    'The gates of an LSTM or GRU stand in another order in its weights (ifgo, iofc, zrh).',
    'Report it to the exporter with the reduced model; permute the weights by gates until then.',
    (where, a) => `${where}: the gates stand in another order${a.order === undefined ? '' : ` (${String(a.order)})`}`,
  ),
  'initial-state': cause(
    'another initial state',
    'A recurrence starts from another state: ignored, zero, kept from before, or baked in.',
    'Pass the initial state as an input of the model.',
    'the recurrence starts from another state',
  ),
  'recurrence-differs': cause(
    'another recurrence',
    'A recurrent operator runs in another direction, resets elsewhere (`linear_before_reset`), uses other activations inside, ignores sequence lengths, or restarts.',
    'Compare the attributes of the operator with the layer in the source.',
    (where, a) => `${where} computes another recurrence${change(a)}`,
  ),
  'position-offset': cause(
    'positions are shifted',
    'Positions (embeddings, sinusoids, rotary angles, time steps) start or step otherwise.',
    'Check where positions start: 0, 1, or behind the padding token.',
    (where, a) => `${where}: positions are shifted${a.offset === undefined ? '' : ` by ${String(a.offset)}`}`,
  ),
  'mask-differs': cause(
    'masked otherwise',
    'A mask is ignored, inverted, off by one, applied at another place or with another value.',
    'Feed samples with padding, and compare the mask of the source with that of the artifact.',
    'what is masked out differs',
  ),
  'index-differs': cause(
    'another index',
    'A gather, slice, scatter or top-k takes other elements: off by one, another start, end or step, negative indices.',
    'Report it to the exporter with the reduced model.',
    (where, a) => `${where} takes other elements${change(a)}`,
  ),
  ties: cause(
    'ties broken otherwise',
    'Among equal scores another one is taken.',
    'Harmless as a rule: compare scores instead of indices, or declare `ties:`.',
    'scores are equal and another of them is taken',
  ),
  'comparison-differs': cause(
    'another comparison',
    'A threshold is inclusive for exclusive or the reverse, stands elsewhere, or compares the wrong way round.',
    'Compare the threshold in the source and in the artifact.',
    (where, a) => `${where} compares otherwise${change(a)}`,
  ),
  'integer-arithmetic': cause(
    'integers computed otherwise',
    'Division, modulo, shift or rounding to whole numbers treats signs, halves or overflow otherwise.',
    'Report it to the exporter; in the source, avoid dividing negative integers.',
    (where, a) => `${where} treats whole numbers otherwise${change(a)}`,
  ),
} as const satisfies Record<string, DiagnosisEntry>;
