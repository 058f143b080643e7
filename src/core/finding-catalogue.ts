export type FindingSeverity = 'error' | 'warning' | 'info';

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

/** A measure in a sentence: four significant digits say enough. Texts (`NaN`, 64-bit integers, percentages) stay. */
const number = (value: unknown): string =>
  typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(4))) : String(value);

/** An element in a sentence: nine digits tell any two float32 apart. */
const value = (v: unknown): string => (typeof v === 'number' ? String(Number(v.toPrecision(9))) : String(v));

const more = (count: unknown): string => (typeof count === 'number' && count > 1 ? ` (and ${count - 1} more)` : '');

/** Where a task gate fails most: `. Worst in sample a, row [3]: candidate picks class 1, reference 2`. */
const worstRow = ({ sample, row, what }: Readonly<Record<string, unknown>>): string =>
  sample === null || sample === undefined
    ? ''
    : `. Worst in sample ${String(sample)}${Array.isArray(row) && row.length > 0 ? `, row [${list(row)}]` : ''}: ${String(what)}`;

/** What a worker or runtime answered instead of a result: its own message is the sentence. */
const answered = (help: string): CatalogueEntry => entry('error', help, (w, a) => `${w}: ${String(a.message)}`);

/** Every code that onpar can report, with its sentence. docs/findings.md is generated from here. */
export const CATALOGUE = {
  // IO contract
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
  'dim-changed': entry(
    'error',
    'A fixed dimension has another size.',
    (w, a) => `${w}: dimension ${String(a.axis)} changed from ${String(a.reference)} to ${String(a.candidate)}`,
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
  // Honest accounting
  'no-sample-compared': entry(
    'error',
    'Nothing was compared, so nothing is proven.',
    (w) => `${w}: not one sample was compared`,
  ),
  'fewer-samples': entry(
    'error',
    'Some planned samples were not compared.',
    (w, a) => `${w}: ${String(a.compared)} of ${String(a.planned)} samples were compared`,
  ),
  'sample-not-run': answered('A planned sample has no observation.'),
  'empty-output': entry(
    'error',
    'A tensor without elements proves nothing. A warning where other samples of the output have elements.',
    (w, a) => `${w} has no elements in sample ${String(a.sample)}${more(a.count)}`,
  ),
  'no-finite-reference': entry(
    'error',
    'The reference gave no finite value in any sample.',
    (w) => `${w} has no finite reference value in any sample`,
  ),
  'reference-failed': entry(
    'error',
    'The reference could not run a sample, so the candidate cannot be judged on it. Correct the sample (`range:`, `values:`, `dims:`) if it is not a legal input.',
    (w, a) => `${w}: the reference failed on sample ${String(a.sample)}${more(a.count)}: ${String(a.message)}`,
  ),
  'candidate-failed': entry(
    'error',
    'The candidate could not run a sample that the reference runs.',
    (w, a) => `${w}: the candidate failed on sample ${String(a.sample)}${more(a.count)}: ${String(a.message)}`,
  ),
  'runtime-unavailable': entry(
    'error',
    'The runtime cannot be used on this machine.',
    (w, a) => `${w} is not available: ${String(a.reason)}`,
  ),
  // Values
  'shape-differs': entry(
    'error',
    'An output came back in another shape.',
    (w, a) =>
      `${w}: shape [${list(a.candidate)}] instead of [${list(a.reference)}] in sample ${String(a.sample)}${more(a.count)}`,
  ),
  'output-absent': entry(
    'error',
    'An output that the contract promises did not come back.',
    (w, a) => `${w}: the ${String(a.side)} gave no such output in sample ${String(a.sample)}${more(a.count)}`,
  ),
  'nan-differs': entry(
    'error',
    'NaN stands where the other side has a number.',
    (w, a) => `${w}: NaN at ${String(a.count)} places where only one side has it (first in sample ${String(a.sample)})`,
  ),
  'inf-differs': entry(
    'error',
    'An infinity stands where the other side has a number or the other sign.',
    (w, a) => `${w}: infinities differ at ${String(a.count)} places (first in sample ${String(a.sample)})`,
  ),
  'values-differ': entry(
    'error',
    'Values lie outside the tolerance.',
    (w, a) =>
      `${w}: ${String(a.percent)} of the elements lie outside the tolerance; the worst of them is in sample ${String(a.sample)} at [${list(a.index)}]: candidate ${value(a.candidate)}, reference ${value(a.reference)}${a.maxAbs === null ? '' : ` (off by ${number(a.maxAbs)})`}`,
  ),
  'values-close': entry(
    'error',
    'More than rounding, though at most 0.1 % of the output’s scale. It fails unless the suite accepts it.',
    (w, a) =>
      `${w}: an error of ${String(a.scaled)} of the output’s scale is small, but more than rounding. To accept it, write \`${String(a.accept)}\` in the suite`,
  ),
  'values-tied': entry(
    'info',
    'Indices differ only where their scores are equal within tolerance.',
    (w, a) => `${w}: ${String(a.count)} labels differ, each a tie of its scores`,
  ),
  'expression-false': entry(
    'error',
    'The tolerance expression of the suite does not hold.',
    (w, a) => `${w}: \`${String(a.expression)}\` does not hold (${String(a.values)})`,
  ),
  'measure-undefined': entry(
    'error',
    'The tolerance expression uses a measure that is not defined for this output: a cosine of zeros or of integers.',
    (w, a) =>
      `${w}: \`${String(a.expression)}\` cannot be judged, because ${list(a.measures)} is not defined for this output`,
  ),
  // Task gates
  'argmax-disagrees': entry(
    'error',
    'Fewer rows than the suite asks for have the same best class on both sides.',
    (w, a) =>
      `${w}: the best class agrees in ${String(a.value)} of ${String(a.counted)} rows, ${String(a.limit)} is asked${worstRow(a)}`,
  ),
  'top-k-disagrees': entry(
    'error',
    'The best of a row overlap less than the suite asks for.',
    (w, a) =>
      `${w}: the ${String(a.k)} best overlap by ${String(a.value)} on average over ${String(a.counted)} rows, ${String(a.limit)} is asked${worstRow(a)}`,
  ),
  'accuracy-lost': entry(
    'error',
    'On labelled samples the candidate keeps less of the reference’s accuracy than the suite asks for.',
    (w, a) =>
      `${w}: the candidate is right in ${String(a.candidate)} of ${String(a.counted)} labels, the reference in ${String(a.reference)}: ${String(a.value)} of its accuracy is kept, ${String(a.limit)} is asked${worstRow(a)}`,
  ),
  'boxes-differ': entry(
    'error',
    'Fewer boxes than the suite asks for have a partner on the other side.',
    (w, a) =>
      `${w}: ${String(a.value)} of ${String(a.counted)} boxes have a partner with IoU ≥ ${String(a.iou)}, ${String(a.limit)} is asked${worstRow(a)}`,
  ),
  'gate-undefined': entry(
    'error',
    'A task gate of the suite (argmax, topK, accuracy, iou) cannot be asked of this output, so nothing is proven about it. Give it another tolerance, or what the gate needs.',
    (w, a) => `${w}: \`${String(a.gate)}\` cannot be judged: ${String(a.why)}`,
  ),
  // What a worker answers instead of a result (docs/worker-protocol.md)
  'package-missing': answered('The environment lacks a package that the model, exporter or runtime needs.'),
  'model-file-missing': answered('The model’s path does not exist.'),
  'model-load-failed': answered('The file is not what it claims to be, or the framework refused it.'),
  'model-code-failed': answered('The user’s Python raised while the model was built.'),
  'model-not-returned': answered('The callable returned something else than a model.'),
  'callable-missing': answered('The file has no function of that name.'),
  'weights-mismatch': answered('The weights do not fit the model.'),
  'trust-required': answered(
    'The file is a pickle, and loading one runs code. Set `trust: true` if you know where it comes from.',
  ),
  'input-mismatch': answered('A sample’s names, dtypes or shapes were refused.'),
  'run-failed': answered('The model raised on a sample.'),
  'export-failed': answered('The exporter raised.'),
  'option-unknown': answered('The exporter or runtime has no such option.'),
  'unknown-runtime': answered('The toolchain does not offer this runtime.'),
  'unknown-exporter': answered('The toolchain does not offer this exporter.'),
  'unknown-verb': answered('The worker does not know this request: its toolchain is of another version.'),
  'unknown-session': answered('The worker does not know this session; it was closed or never opened.'),
  'bad-request': answered('The request itself is wrong.'),
  'worker-crashed': answered('The process that ran the model was killed by a signal.'),
  'worker-exited': answered('The process that ran the model ended before it answered.'),
  'worker-timeout': answered('No answer came within the time limit. Raise `timeout:` if the model is only slow.'),
  'worker-out-of-memory': answered('The process that ran the model used more memory than it may.'),
  'worker-garbage': answered('The process that ran the model answered something that is no answer.'),
  'worker-start-failed': answered('The process that runs the model could not be started.'),
  'internal-error': entry(
    'error',
    'A bug in onpar, not in the model: the run ends with exit code 70. Please report it with the stack that stands beside it.',
    (w, a) => `${w}: a bug in onpar, sorry; please report it: ${String(a.message)}`,
  ),
  'no-conversion': entry(
    'error',
    'The selection is empty, so nothing was proven.',
    (w) => `${w}: no conversion was selected, so nothing is proven`,
  ),
  // Export
  'exporter-warning': entry('warning', 'The exporter printed a warning.', (_w, a) => `exporter: ${String(a.message)}`),
  'opset-changed': entry(
    'warning',
    'The exporter wrote another opset than was asked for.',
    (_w, a) => `asked for opset ${String(a.asked)}, the exporter wrote ${String(a.written)}`,
  ),
  // Samples
  'range-assumed': entry(
    'info',
    'The suite gives no range for an integer input, so a small one was assumed.',
    (w, a) =>
      `${w} has no declared range; integers from ${String(a.low)} to ${String(a.high)} were assumed (set \`range:\` or --range)`,
  ),
  'input-role': entry(
    'info',
    'What an input means was read from how the ONNX graph uses it. `range:`, `values:` or `role:` in the suite override it.',
    (w, a) =>
      `${w} is taken as ${String(a.role)}${Array.isArray(a.range) ? ` from ${String(a.range[0])} to ${String(a.range[1])}` : ''}: ${String(a.because)}`,
  ),
  'data-ignored': entry(
    'info',
    'A data file holds tensors or columns that the model does not take. Name them in `labels:` if they are meant to be there.',
    (w, a) =>
      `${w}: ${list(a.names)} ${Array.isArray(a.names) && a.names.length > 1 ? 'are' : 'is'} no input of the model and was left aside`,
  ),
  'output-constant': entry(
    'warning',
    'An output came back the same from every sample, so its comparison proves little. Give samples that reach it (`range:`, your own data), or leave it out if it is a constant by design.',
    (w, a) => `${w} never moved over ${String(a.samples)} samples`,
  ),
  'size-refused': entry(
    'warning',
    'The original itself refuses a size of the default sweep, so it was left out. Set the sizes to try with `dims:` or `--dim`.',
    (w, a) => `${w}: the original refuses this size, so it was left out (${String(a.message)})`,
  ),
  // Reference
  'reference-training': entry(
    'error',
    'The reference is in training mode: dropout and batch statistics make it no judge. Call `.eval()`.',
    (_w, a) => `the reference is in training mode (${String(a.modules)}); call .eval() before returning it`,
  ),
  'reference-mutates-inputs': entry(
    'error',
    'The reference writes into its inputs, so it answers differently the next time. Copy the input inside the model before changing it in place.',
    (_w, a) => `the reference writes into its inputs (${list(a.inputs)}); let it copy them first`,
  ),
  // Expectation
  'expected-failure-passed': entry(
    'warning',
    'A conversion marked as an expected failure passes now: remove the mark.',
    (_w, a) => `expected to fail (${String(a.reason)}), but it passes: remove \`expect: fail\``,
  ),
  'expected-failure-expired': entry(
    'error',
    'The date until which the failure was expected is over.',
    (_w, a) => `the expected failure (${String(a.reason)}) expired on ${String(a.until)}`,
  ),
} as const satisfies Record<string, CatalogueEntry>;

export type FindingCode = keyof typeof CATALOGUE;
