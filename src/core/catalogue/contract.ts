import { type CatalogueEntry, entry } from './entry.ts';
import { list } from './words.ts';

/** Findings on names, order, dtypes and dimensions. */
export const CONTRACT = {
  'output-missing': entry(
    'error',
    'The candidate lacks an output of the reference. Map it with `outputs:` if it was renamed.',
    (w, a) => `${w} is missing from the candidate, which has ${list(a.candidates)}`,
  ),
  'output-extra': entry(
    'error',
    'The candidate has an output that the reference does not have.',
    (w, a) => `${w} exists in the candidate only; the reference has ${list(a.references)}`,
  ),
  'input-missing': entry(
    'error',
    'The candidate lacks an input of the reference: it was dropped or folded into a constant.',
    (w, a) => `${w} is missing from the candidate, which takes ${list(a.candidates)}`,
  ),
  'input-extra': entry(
    'error',
    'The candidate wants an input that the reference does not have.',
    (w, a) => `${w} exists in the candidate only; the reference takes ${list(a.references)}`,
  ),
  'name-changed': entry(
    'error',
    'A declared name changed. Map it with `outputs: {reference: candidate}` or `--map-output`.',
    (w, a) => `${w} is called ${String(a.candidate)} in the candidate`,
  ),
  'order-changed': entry(
    'error',
    'The same names in another order: positional callers get the wrong tensor.',
    (w, a) => `${w}: order changed from ${list(a.reference)} to ${list(a.candidate)}`,
  ),
  'dtype-changed': entry(
    'error',
    'The dtype changed and neither the exporter nor the suite declared it.',
    (w, a) => `${w} changed dtype from ${String(a.reference)} to ${String(a.candidate)}`,
  ),
  'dtype-declared': entry(
    'info',
    'The dtype changed, as the exporter or the suite declares.',
    (w, a) =>
      `${w} changed dtype from ${String(a.reference)} to ${String(a.candidate)}, as declared: ${String(a.reason)}`,
  ),
  'rank-changed': entry(
    'error',
    'The number of dimensions changed.',
    (w, a) => `${w} changed rank from ${String(a.reference)} to ${String(a.candidate)}`,
  ),
  'dim-frozen': entry(
    'error',
    'A dimension that is dynamic in the reference is a fixed number in the candidate. An error where the suite asks for it to be dynamic or the format stays the same, else a warning.',
    (w, a) =>
      `${w}: dimension ${String(a.axis)} (${String(a.reference)}) is frozen to ${String(a.candidate)} in the candidate`,
  ),
  'dim-unsupported': entry(
    'warning',
    'The exporter makes models of fixed sizes only: what the suite calls dynamic was exported at the size of the example. Give the sizes as numbers, or take another exporter.',
    (_, a) =>
      `the exporter fixes every size; ${Array.isArray(a.dims) ? a.dims.map((dim: unknown, i: number) => `${String(dim)} = ${String((a.sizes as unknown[])[i])}`).join(', ') : ''} in the exported model`,
  ),
  'layout-declared': entry(
    'info',
    'An input has its axes in another order, as the exporter declares; samples are transposed for the candidate.',
    (w, a) => `${w} is fed with its axes in the order [${list(a.layout)}], as declared: ${String(a.reason)}`,
  ),
  'dim-changed': entry(
    'error',
    'A fixed dimension has another size.',
    (w, a) => `${w}: dimension ${String(a.axis)} changed from ${String(a.reference)} to ${String(a.candidate)}`,
  ),
  'contract-contradicted': entry(
    'error',
    'A server answers otherwise than its own metadata says. An error of a candidate, a warning for a reference.',
    (w, a) =>
      `${w}: the metadata says ${String(a.declared)}, the server answers ${String(a.observed)} (sample ${String(a.sample)})`,
  ),
  'shape-declared': entry(
    'info',
    'The rank changed, as the exporter declares.',
    (w, a) =>
      `${w} changed shape from [${list(a.reference)}] to [${list(a.candidate)}], as declared: ${String(a.reason)}`,
  ),
  'outputs-permuted': entry(
    'error',
    'The outputs come in another order than the reference’s: the candidate’s values fit when they are paired differently. Positional callers get the wrong tensor. Map them with `outputs:` if the order is meant.',
    (w, a) => `${w} are permuted: ${list(a.pairs)} fit by ${String(a.by)}`,
  ),
  'pairing-ambiguous': entry(
    'error',
    'Outputs without names could be paired in more than one way that the values of all samples agree with. Say which is which with `outputs: {reference: candidate}` or `--map-output`, or add samples that tell them apart.',
    (w, a) =>
      `${w}: nothing tells ${list(a.names)} apart, so it is open which output of the candidate is which; map them`,
  ),
  'map-unknown': entry(
    'warning',
    'A mapping of inputs or outputs names something that does not exist, so it maps nothing.',
    (w, a) => `${w} is mapped, but the ${String(a.in)} has no \`${String(a.name)}\`; it has ${list(a.known)}`,
  ),
  'tolerance-unknown': entry(
    'warning',
    'A tolerance is set for an output that does not exist, so it holds nowhere.',
    (w, a) => `${w} has a tolerance, but there is no such output; the outputs are ${list(a.known)}`,
  ),
  'scores-unknown': entry(
    'warning',
    'The scores that a label output was taken from are no output, so ties cannot be told from faults.',
    (w, a) =>
      `${w} is said to be taken from \`${String(a.scores)}\`, which is no output; the outputs are ${list(a.known)}`,
  ),
} as const satisfies Record<string, CatalogueEntry>;
