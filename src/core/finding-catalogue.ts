import type { FindingSeverity } from './findings.ts';

export interface CatalogueEntry {
  readonly severity: FindingSeverity;
  /** One line for docs/findings.md: what the code means and what to do. */
  readonly help: string;
  readonly sentence: (where: string, args: Readonly<Record<string, unknown>>) => string;
}

const entry = (severity: FindingSeverity, help: string, sentence: CatalogueEntry['sentence']): CatalogueEntry => ({
  severity,
  help,
  sentence,
});

const list = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(', ') : String(value));

/** Every code that onpar can report, with its sentence. docs/findings.md is generated from here. */
export const CATALOGUE = {
  // IO contract
  'output-missing': entry('error', 'The candidate lacks an output of the reference. Map it with `outputs:` if it was renamed.', (w, a) => `${w} is missing from the candidate, which has ${list(a.candidates)}`),
  'output-extra': entry('error', 'The candidate has an output that the reference does not have.', (w, a) => `${w} exists in the candidate only; the reference has ${list(a.references)}`),
  'input-missing': entry('error', 'The candidate lacks an input of the reference: it was dropped or folded into a constant.', (w, a) => `${w} is missing from the candidate, which takes ${list(a.candidates)}`),
  'input-extra': entry('error', 'The candidate wants an input that the reference does not have.', (w, a) => `${w} exists in the candidate only; the reference takes ${list(a.references)}`),
  'name-changed': entry('error', 'A declared name changed. Map it with `outputs: {reference: candidate}` or `--map-output`.', (w, a) => `${w} is called ${String(a.candidate)} in the candidate`),
  'order-changed': entry('error', 'The same names in another order: positional callers get the wrong tensor.', (w, a) => `${w}: order changed from ${list(a.reference)} to ${list(a.candidate)}`),
  'dtype-changed': entry('error', 'The dtype changed and neither the exporter nor the suite declared it.', (w, a) => `${w} changed dtype from ${String(a.reference)} to ${String(a.candidate)}`),
  'dtype-declared': entry('info', 'The dtype changed, as the exporter or the suite declares.', (w, a) => `${w} changed dtype from ${String(a.reference)} to ${String(a.candidate)}, as declared: ${String(a.reason)}`),
  'rank-changed': entry('error', 'The number of dimensions changed.', (w, a) => `${w} changed rank from ${String(a.reference)} to ${String(a.candidate)}`),
  'dim-frozen': entry('error', 'A dimension that is dynamic in the reference is a fixed number in the candidate.', (w, a) => `${w}: dimension ${String(a.axis)} (${String(a.reference)}) is frozen to ${String(a.candidate)} in the candidate`),
  'dim-changed': entry('error', 'A fixed dimension has another size.', (w, a) => `${w}: dimension ${String(a.axis)} changed from ${String(a.reference)} to ${String(a.candidate)}`),
  // Honest accounting
  'no-sample-compared': entry('error', 'Nothing was compared, so nothing is proven.', (w) => `${w}: not one sample was compared`),
  'fewer-samples': entry('error', 'Some planned samples were not compared.', (w, a) => `${w}: ${String(a.compared)} of ${String(a.planned)} samples were compared`),
  'empty-output': entry('error', 'A tensor without elements proves nothing.', (w, a) => `${w} has no elements in sample ${String(a.sample)}`),
  'no-finite-reference': entry('error', 'The reference gave no finite value in any sample.', (w) => `${w} has no finite reference value in any sample`),
  'reference-failed': entry('error', 'The reference could not run a sample, so the candidate cannot be judged on it.', (w, a) => `${w}: the reference failed on sample ${String(a.sample)}: ${String(a.message)}`),
  'candidate-failed': entry('error', 'The candidate could not run a sample that the reference runs.', (w, a) => `${w}: the candidate failed on sample ${String(a.sample)}: ${String(a.message)}`),
  'runtime-unavailable': entry('error', 'The runtime cannot be used on this machine.', (w, a) => `${w} is not available: ${String(a.reason)}`),
  // Values
  'shape-differs': entry('error', 'An output came back in another shape.', (w, a) => `${w}: shape ${list(a.candidate)} instead of ${list(a.reference)} in sample ${String(a.sample)}`),
  'nan-differs': entry('error', 'NaN stands where the other side has a number.', (w, a) => `${w}: NaN at ${String(a.count)} places where only one side has it (first in sample ${String(a.sample)})`),
  'inf-differs': entry('error', 'An infinity stands where the other side has a number or the other sign.', (w, a) => `${w}: infinities differ at ${String(a.count)} places (first in sample ${String(a.sample)})`),
  'values-differ': entry('error', 'Values lie outside the tolerance.', (w, a) => `${w}: ${String(a.percent)} of the elements lie outside the tolerance; max abs error ${String(a.maxAbs)} in sample ${String(a.sample)} at [${list(a.index)}]: candidate ${String(a.candidate)}, reference ${String(a.reference)}`),
  'values-close': entry('error', 'More than rounding, though at most 0.1 % of the output’s scale. It fails unless the suite accepts it.', (w, a) => `${w}: ${String(a.scaled)} of the output’s scale is more than rounding. To accept it, write \`${String(a.accept)}\``),
  'values-tied': entry('info', 'Indices differ only where their scores are equal within tolerance.', (w, a) => `${w}: ${String(a.count)} labels differ, each a tie of its scores`),
  'expression-false': entry('error', 'The tolerance expression of the suite does not hold.', (w, a) => `${w}: \`${String(a.expression)}\` does not hold (${String(a.values)})`),
  // Export
  'exporter-warning': entry('warning', 'The exporter printed a warning.', (_w, a) => `exporter: ${String(a.message)}`),
  'opset-changed': entry('warning', 'The exporter wrote another opset than was asked for.', (_w, a) => `asked for opset ${String(a.asked)}, the exporter wrote ${String(a.written)}`),
  // Samples
  'range-assumed': entry('info', 'The suite gives no range for an integer input, so a small one was assumed.', (w, a) => `${w} has no declared range; integers from ${String(a.low)} to ${String(a.high)} were assumed (set \`range:\` or --range)`),
  // Reference
  'reference-training': entry('error', 'The reference is in training mode: dropout and batch statistics make it no judge. Call `.eval()`.', (_w, a) => `the reference is in training mode (${String(a.modules)}); call .eval() before returning it`),
  // Expectation
  'expected-failure-passed': entry('error', 'A conversion marked as an expected failure passes now: remove the mark.', (_w, a) => `expected to fail (${String(a.reason)}), but it passes: remove \`expect: fail\``),
  'expected-failure-expired': entry('error', 'The date until which the failure was expected is over.', (_w, a) => `the expected failure (${String(a.reason)}) expired on ${String(a.until)}`),
} as const satisfies Record<string, CatalogueEntry>;

export type FindingCode = keyof typeof CATALOGUE;
