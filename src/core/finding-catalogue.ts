export type FindingSeverity = 'error' | 'warning' | 'info';

export interface CatalogueEntry {
  readonly severity: FindingSeverity;
  /** One line for docs/findings.md: what the code means and what to do. */
  readonly help: string;
  readonly sentence: (where: string, args: Readonly<Record<string, unknown>>) => string;
}

type Args = Readonly<Record<string, unknown>>;

const entry = (severity: FindingSeverity, help: string, sentence: CatalogueEntry['sentence']): CatalogueEntry => ({
  severity,
  help,
  sentence,
});

const list = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(', ') : String(value));

/** The first few of a list that may be long. */
const some = (value: unknown): string =>
  Array.isArray(value) && value.length > 6 ? `${list(value.slice(0, 6))} …` : list(value);

/** A measure in a sentence: four significant digits say enough. Texts (`NaN`, 64-bit integers, percentages) stay. */
const number = (value: unknown): string =>
  typeof value === 'number' && !Number.isInteger(value) ? String(Number(value.toPrecision(4))) : String(value);

/** An element in a sentence: nine digits tell any two float32 apart. */
const value = (v: unknown): string => (typeof v === 'number' ? String(Number(v.toPrecision(9))) : String(v));

/** `210×`; two digits say enough of a ratio. */
const times = (ratio: unknown): string =>
  typeof ratio === 'number' ? `${Number(ratio.toPrecision(2)).toLocaleString('en-US')}×` : `${String(ratio)}×`;

/** The quantisation problems that a file can show (formats/onnx/quantisation-findings.ts). */
const QUANTISATION: Readonly<Record<string, string>> = {
  'scale-invalid': 'a scale that is no positive number',
  'zero-point-asymmetric': 'a zero point other than 0 on a symmetric grid',
  'zero-point-shared': 'one zero point other than 0 for all channels',
  'weight-clipped': 'weights clipped at the ends of their range',
  'scale-coarse': 'a scale so large that most of the grid is unused',
  'grid-of-four-bits': '8-bit weights that use the 15 levels of 4 bits',
  'scale-shared': 'one scale for channels of very different range',
  'channel-lost': 'a channel that quantisation made all zeros',
  'weights-differ': 'weights farther from the reference’s than rounding can bring them',
};

const place = (a: Readonly<Record<string, unknown>>): string =>
  a.sample === undefined
    ? ''
    : ` (worst in sample ${String(a.sample)}${a.axis == null ? '' : `, slice ${String(a.index)} of axis ${String(a.axis)}`})`;

const more = (count: unknown): string => (typeof count === 'number' && count > 1 ? ` (and ${count - 1} more)` : '');

/** Where a task gate fails most: `. Worst in sample a, row [3]: candidate picks class 1, reference 2`. */
const worstRow = ({ sample, row, what }: Readonly<Record<string, unknown>>): string =>
  sample === null || sample === undefined
    ? ''
    : `. Worst in sample ${String(sample)}${Array.isArray(row) && row.length > 0 ? `, row [${list(row)}]` : ''}: ${String(what)}`;

/** What a worker or runtime answered instead of a result: its own message is the sentence. */
const answered = (help: string): CatalogueEntry => entry('error', help, (w, a) => `${w}: ${String(a.message)}`);

/** Where a second answer was asked for. */
const again = ({ differs }: Args): string => (differs === 'process' ? 'in a new process' : 'when it is run again');

/** How far two answers of one model lay apart, with the sample; nothing where no number tells. */
const howFar = ({ maxAbs, scaled, sample }: Args): string =>
  maxAbs == null
    ? ` (sample ${String(sample)})`
    : ` (off by ${number(maxAbs)}${scaled == null ? '' : `, ${String(Number(Number(scaled).toPrecision(2)))} of its scale,`} in sample ${String(sample)})`;

function answersDifferently(a: Args): string {
  const causes = `${a.differs === 'graph' ? '' : ': likely '}${Array.isArray(a.causes) ? a.causes.join(', or ') : String(a.causes)}; ${String(a.remedy)}`;
  if (a.differs === 'graph') return `is random by its graph: ${causes}`;
  if (a.output == null) return `cannot be run a second time ${again(a)} (${String(a.message)})${causes}`;
  return `answers differently ${again(a)}: output ${String(a.output)}${howFar(a)}${causes}`;
}

const optimiser = ({ runtime, version, level }: Args): string =>
  `the optimiser of ${String(runtime)} ${String(version)}${level == null ? '' : ` (${String(level)})`}`;

/** The optimisers that hide a fault, each once. */
function masks({ optimisers }: Args): string {
  const names = Array.isArray(optimisers) ? [...new Set(optimisers.map((o: Args) => optimiser(o)))] : [];
  return names.length === 0 ? '' : ` (${names.join(' and ')} hides it)`;
}

/** A list that may be as long as a network is deep. */
const shortList = (names: unknown): string =>
  Array.isArray(names) && names.length > 3 ? `${list(names.slice(0, 3))} and ${names.length - 3} more` : list(names);

/** What running every step from the reference's state told. */
function stepsAlone(where: string, { purpose, holds, step, steps, samples }: Args): string {
  const all = `${where}: given the reference’s state, each of ${String(steps)} steps (${String(samples)} samples)`;
  if (purpose === 'horizon') return `${all} agrees by itself; past the horizon that is what is judged`;
  return holds === true
    ? `${all} agrees by itself: the error builds up in the state`
    : `${where}: given the reference’s state, ${step == null ? 'a step' : `step ${String(step)}`} is off by itself: the error is made there, not carried along`;
}

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
    (w, a) => `${w} is not available: ${String(a.reason ?? a.message)}`,
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
  'function-differs': entry(
    'error',
    'Evaluated in double precision, where rounding plays no part, the two models still differ: the candidate computes another function (a constant, an attribute, a weight, an operator).',
    (w, a) =>
      `${w}: this is no rounding. In float64 the two models still differ by ${number(a.distance)}, ${times(a.ratio)} what moving every weight by one ${String(a.step)} step does (at most ${String(a.limit)}×)${place(a)}`,
  ),
  'computed-badly': entry(
    'error',
    'The candidate is the same function, but rounds far worse than the reference does: accumulation in a lower precision, a cancelling formula, a fast approximation.',
    (w, a) =>
      `${w}: the same function, computed badly. The candidate is ${number(a.candidate)} away from its own float64 result, the reference ${number(a.reference)}: ${times(a.ratio)} what summing in another order explains${place(a)}`,
  ),
  'beyond-noise-floor': entry(
    'error',
    'The error is larger than what rounding does to this model, measured by moving its inputs and weights by one step.',
    (w, a) =>
      `${w}: the error is ${times(a.ratio)} the noise floor (at most ${String(a.limit)}×${a.reach === 'inputs' ? ', inputs alone could be moved' : ''})${place(a)}`,
  ),
  'ill-conditioned': entry(
    'error',
    'Rounding alone moves this output so much that no fault could be seen in any sample. Give inputs on which the model is stable, or a tolerance of your own.',
    (w, a) =>
      `${w}: rounding alone moves it by more than 1 % of its scale${Number(a.unstable) > 0.05 ? ', or makes it jump,' : ''} in all ${String(a.samples)} samples that differ: nothing can be judged`,
  ),
  'partly-ill-conditioned': entry(
    'info',
    'In some samples, or from some place along an axis on, rounding alone moves the output by more than 1 % of its scale. They were left out of the judgement.',
    (w, a) =>
      `${w}: judged in ${String(a.informative)} of ${String(a.samples)} samples${a.index === undefined ? '' : `, along axis ${String(a.axis)} up to ${String(a.index)}`}; beyond that rounding alone moves it by more than 1 % of its scale`,
  ),
  'precision-lower': entry(
    'error',
    'The candidate works in a lower precision than the reference, and nobody declared it. Declare it (`options: {precision: …}` of the exporter, or `tolerance: float16`), convert again without it, or have the runtime compute in full precision (OpenVINO: `inferencePrecision: f32`).',
    (w, a) => `${w}: a precision lower than declared: ${(a.facts as string[]).join('; ')}`,
  ),
  'quantisation-odd': entry(
    'error',
    'Scales, zero points or integers that cannot follow from the reference’s weights at the declared precision: a clipped range, a lost channel, a coarser grid, another zero point. Quantise again.',
    (w, a) =>
      `${w}: ${QUANTISATION[String(a.problem)] ?? String(a.problem)} in ${String(a.tensor)}${Array.isArray(a.channels) && a.channels.length > 0 ? `, channel ${list((a.channels as unknown[]).slice(0, 5))}${a.channels.length > 5 ? ' …' : ''}` : ''} (${number(a.value)})`,
  ),
  'instrument-failed': entry(
    'info',
    'A measurement that tells rounding from fault could not be made here; the others decided.',
    (w, a) => `${w}: ${String(a.message)}`,
  ),
  'float64-distrusted': entry(
    'info',
    'The float64 evaluation contradicts what the runtimes agree on, so it was not believed; the noise floor decided.',
    (w) => `${w}: float64 contradicts what both runtimes computed and was not believed; the noise floor decided`,
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
  'version-unknown': answered('The registry has no such version of the package, or none for this Python and system.'),
  'versions-incompatible': answered(
    'Packages of one environment do not fit together: a version that another one does not allow, or was not built for.',
  ),
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
  'calibration-missing': answered(
    'Integer quantisation takes the ranges of activations from typical inputs, and none were given. Name files with the option `calibration`.',
  ),
  'operator-unsupported': answered(
    'The exporter has no counterpart in the target format for an operator of the model, or the runtime has no kernel for it with these types.',
  ),
  'opset-unsupported': answered('The model is of an opset or IR version that this runtime does not read yet.'),
  'type-unsupported': answered(
    'An input or output is of a type that the runtime does not pass or that no tensor file holds: float8, int4; in Node a sequence, map or optional.',
  ),
  'operator-missing': answered(
    'The runtime has no kernel for an operator of the model. The message names operator and version, the fix what would support it.',
  ),
  'dynamic-unsupported': answered('The runtime takes fixed sizes only, and the model has dimensions that are dynamic.'),
  'dtype-unsupported': answered('The runtime does not pass an element type that the model takes or gives.'),
  'signature-missing': answered('The SavedModel has no signatures, so nothing in it can be called by name.'),
  'signature-unknown': answered(
    'The SavedModel has no signature of the name that was asked for, or several where none was named. The message lists them.',
  ),
  'graph-endpoints': answered(
    'What a frozen graph takes and gives cannot be told, or it has no tensor of a name that was given. Name them with the options `inputs` and `outputs`.',
  ),
  'option-unknown': answered('The exporter or runtime has no such option.'),
  'unknown-runtime': answered('The toolchain does not offer this runtime.'),
  'unknown-exporter': answered('The toolchain does not offer this exporter.'),
  'unknown-verb': answered('The worker does not know this request: its toolchain is of another version.'),
  'unknown-session': answered('The worker does not know this session; it was closed or never opened.'),
  'bad-request': answered('The request itself is wrong.'),
  'worker-crashed': answered('The process that ran the model was killed by a signal.'),
  'page-crashed': answered('The browser’s page that ran the model crashed, most often for lack of memory.'),
  'worker-exited': answered('The process that ran the model ended before it answered.'),
  'worker-timeout': answered('No answer came within the time limit. Raise `timeout:` if the model is only slow.'),
  'worker-out-of-memory': answered('The process that ran the model used more memory than it may.'),
  'worker-garbage': answered('The process that ran the model answered something that is no answer.'),
  'worker-start-failed': answered('The process that runs the model could not be started.'),
  'golden-inputs': answered(
    'A golden file lacks inputs of the model, or nothing tells which of its tensors are inputs.',
  ),
  'served-address': answered('The address of a served model is not one of the protocol that it was named for.'),
  'served-unreachable': answered(
    'The server of a model cannot be reached: it is down, or host, port or certificate are wrong.',
  ),
  'served-timeout': answered(
    'The server gave no answer in time. Raise the option `timeout` if the model is only slow.',
  ),
  'served-not-ready': answered('The server or the model says that it is not ready. The option `wait` gives it time.'),
  'served-model-unknown': answered('The server has no model, or no version of it, of that name.'),
  'served-refused': answered('The server wants a token or does not let this one in. Give it by the option `headers`.'),
  'served-failed': answered('The server answered with an error.'),
  'served-garbage': answered(
    'The server’s answer is not what its protocol says: a web page, broken JSON, tensors that do not add up.',
  ),
  'served-redirected': answered('The server sends us elsewhere, which onpar does not follow.'),
  'served-oversized': answered(
    'An answer, or what was sent, is larger than may be. The option `maxMegabytes` bounds answers.',
  ),
  'served-value-lost': answered(
    'The answer cannot hold a value: NaN or an infinity written as null, bytes that are no text.',
  ),
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
  'precision-without-effect': entry(
    'warning',
    'No weight of the artifact is stored in the precision that was asked for, so it was judged as float32. Dynamic-range quantisation leaves small weights alone: use int8 with calibration data.',
    (_w, a) =>
      `asked for ${String(a.precision)}, but no weight is stored so${a.minimum === undefined ? '' : `: the largest has ${String(a.largest)} elements, and weights under ${String(a.minimum)} stay as they are`}`,
  ),
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
  'images-prepared': entry(
    'info',
    'Pictures were decoded and prepared for an input as the sentence tells. The keys beside `images:` in the suite change it.',
    (w, a) =>
      `${w} got ${String(a.count)}${a.count === a.of ? '' : ` of ${String(a.of)}`} picture${a.of === 1 ? '' : 's'} of ${String(a.folder)}: ${String(a.preparation)} (${String(a.decoder)})`,
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
  'activation-dead': entry(
    'warning',
    'Activations inside the model never left one value over all samples, so a fault before them cannot be seen in any output. Give samples that reach them (`range:`, your own data). An info where they only do not depend on the inputs.',
    (w, a) =>
      `${w}: ${Array.isArray(a.names) ? a.names.length : 0} of ${String(a.of)} activations ${a.state === 'still' ? 'came back the same from every sample' : a.value === 0 ? 'never left zero' : 'never moved'}: ${some(a.names)}`,
  ),
  'activations-unread': entry(
    'info',
    'Which activations inside the model the samples moved was not measured, for the reason given.',
    (w, a) => `${w}: which activations moved was not measured: ${String(a.reason)}`,
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
  'drifts-from-step': entry(
    'info',
    'A stateful model: the first step at which the output is beyond what is allowed. From the second step on: look at how the state is used; from the first on: at what it makes of its input.',
    (w, a) =>
      `${w}: ${a.step === 1 ? `off from the first of ${String(a.steps)} steps on` : `agrees up to step ${Number(a.step) - 1}, drifts from step ${String(a.step)} of ${String(a.steps)} on`}`,
  ),
  'state-not-reset': entry(
    'error',
    'The same sequence, run again in the same session, gives another answer: the model keeps a state of its own from one sequence to the next (a stateful layer, a variable, self.h). Reset it before every sequence, or make it an input and name it in `state:`.',
    (w, a) =>
      `the ${w} keeps a state from one sequence to the next: run again, output ${String(a.output)} is another one${howFar(a)}${Array.isArray(a.changed) && a.changed.length > 0 ? `; running it writes into ${shortList(a.changed)}` : ''}. Reset it before every sequence, or make it an input and name it in \`state:\``,
  ),
  'steps-by-themselves': entry(
    'info',
    'A stateful model, judged once more step by step, each step given the reference’s state: what is past the horizon of its own state, or whether a failure is made in a step or builds up over steps.',
    (w, a) => stepsAlone(w, a),
  ),
  'joint-broken': entry(
    'info',
    'A pipeline: the first stage that does not pass by itself, on what the reference hands it. Mend that one first.',
    (w, a) =>
      `${w} ${Array.isArray(a.chain) ? a.chain.join(' → ') : ''} breaks at stage ${String(a.stage)}, which by itself ends with ${String(a.verdict)} (${String(a.conversion)})${Array.isArray(a.others) && a.others.length > 0 ? `; so do ${list(a.others)}` : ''}${a.end === 'pass' ? '; the end does not show it' : ''}`,
  ),
  'joints-add-up': entry(
    'info',
    'A pipeline: every stage passes by itself, on what the reference hands it; what each is off adds up to more than is allowed at the end.',
    (w, a) =>
      `${w} ${Array.isArray(a.chain) ? a.chain.join(' → ') : ''}: every stage passes by itself, the errors of all add up at the end`,
  ),
  'reference-not-deterministic': entry(
    'error',
    'The reference answers differently when it is asked again, beyond rounding, or its graph draws random numbers without a seed. Nothing can be proven against it. Make random numbers an input, call `.eval()`, load trained weights.',
    (_w, a) => `the reference ${answersDifferently(a)}`,
  ),
  'reference-changes-itself': entry(
    'error',
    'Running the reference changes its own weights, buffers or variables (batch statistics, counters). Where its answers change with them it is no judge; where they do not, this is a warning. Call `.eval()`, keep counters out of the model.',
    (_w, a) =>
      `running the reference writes into its own state (${shortList(a.changed)})${a.output == null ? '; its answers did not change in the runs that were repeated' : `, and its answers drift${howFar(a)}; ${String(a.remedy)}`}`,
  ),
  'reference-unsteady': entry(
    'info',
    'Two runs of the reference differ in their last bits: threads that sum in another order. No error below that counts.',
    (_w, a) => `the reference does not give the same bits ${again(a)}${howFar(a)}: rounding, not an error`,
  ),
  'reference-mixes-rows': entry(
    'warning',
    'A row of the reference’s answer depends on the other rows of its batch: batch statistics, attention or sorting across the batch. It may be meant so; then a candidate has to do the same.',
    (w, a) =>
      `${w} of the reference: row ${String(a.row)} of sample ${String(a.sample)} comes out otherwise alone than in its batch${a.maxAbs === null ? '' : ` (off by ${number(a.maxAbs)})`}${a.candidate === 'apart' ? '; the candidate keeps rows apart, so they cannot agree' : a.candidate === 'mixes' ? '; so it does in the candidate' : ''}`,
  ),
  'fitness-unchecked': entry(
    'info',
    'A check whether a model answers the same in a new process could not be made.',
    (w, a) => `${w}: could not be run in a new process: ${String(a.message)}`,
  ),
  // Candidate
  'candidate-not-deterministic': entry(
    'error',
    'The candidate answers differently when it is asked again, beyond rounding, or draws random numbers without a seed, where the reference does not. Export in inference mode.',
    (_w, a) => `the candidate ${answersDifferently(a)}`,
  ),
  'candidate-unsteady': entry(
    'info',
    'Two runs of the candidate differ in their last bits: threads that sum in another order.',
    (_w, a) => `the candidate does not give the same bits ${again(a)}${howFar(a)}: rounding, not an error`,
  ),
  'candidate-mixes-rows': entry(
    'error',
    'A row of the candidate’s answer depends on the other rows of its batch, which the reference keeps apart: an axis was taken for another one, or batch statistics are computed anew. A warning where the candidate declares dynamic quantisation, which takes its scales from the whole batch, and the row moves by no more than its rounding.',
    (w, a) =>
      `${w} of the candidate: row ${String(a.row)} of sample ${String(a.sample)} comes out otherwise alone than in its batch${a.maxAbs === null ? '' : ` (off by ${number(a.maxAbs)})`}; the reference keeps rows apart${a.byRanges === true ? ' (dynamic quantisation takes its scales from the whole batch)' : ''}`,
  ),
  // Optimisers
  'masked-by-optimiser': entry(
    'error',
    'The models agree as deployed, but not with the optimisers of their runtimes off: a fault that an optimiser happens to hide, and that shows with another version, runtime or setting.',
    (w, a) =>
      `${w}: agrees as deployed, but not with the runtime’s optimiser off${masks(a)}: in sample ${String(a.sample)} candidate ${value(a.candidate)}, reference ${value(a.reference)}${a.maxAbs === null ? '' : ` (off by ${number(a.maxAbs)})`}`,
  ),
  'optimiser-changes-result': entry(
    'warning',
    'A runtime’s optimiser moves the answers of a model beyond rounding. Both sides still agree; another version, runtime or setting may not.',
    (w, a) => `${w}: ${optimiser(a)} moves output ${String(a.output)} beyond rounding${howFar(a)}`,
  ),
  'optimiser-makes-difference': entry(
    'warning',
    'The models differ as deployed and agree with the optimisers of their runtimes off: the optimiser is the likely fault, not the conversion.',
    (w, a) =>
      `${w}: with the optimiser off the models agree; ${optimiser(a)} moves output ${String(a.output)}${howFar(a)}`,
  ),
  'optimiser-off-refused': entry(
    'info',
    'A runtime does not run the model with its optimiser off, so what the optimiser does to it is not known.',
    (w, a) => `${w}: ${String(a.runtime)} ${String(a.version)} does not run it unoptimised: ${String(a.message)}`,
  ),
  // Chains
  'chain-broken-at': entry(
    'error',
    'A link of a chain of exporters is the first whose result no longer agrees with the source, or that wrote none. Look at the conversion of that link: what comes behind it only passes the fault on.',
    (_w, a) => {
      const before = Number(a.link) - 1;
      const held =
        before === 0
          ? 'it is the first'
          : Array.isArray(a.unchecked) && a.unchecked.length > 0
            ? `not checked before it: ${list(a.unchecked)}`
            : `${before === 1 ? 'the link' : before === 2 ? 'both links' : `all ${before} links`} before it held`;
      return `${a.verdict === 'error' ? 'the chain broke off' : 'parity broke'} at link ${String(a.link)} of ${String(a.of)}, ${String(a.exporter)} (${String(a.from)} → ${String(a.to)}): ${held}${a.id == null ? '' : `; see ${String(a.id)}`}`;
    },
  ),
  'chain-recovered': entry(
    'warning',
    'An earlier link of a chain did not agree with the source, and a later one does: a fault of that link’s runtime, or two faults that cancel out.',
    (_w, a) =>
      `agrees with the source, though link ${String(a.link)} of ${String(a.of)}, ${String(a.exporter)}, did not: see ${String(a.id)}`,
  ),
  'chain-link-unchecked': entry(
    'warning',
    'What a link of a chain wrote could not be judged (no runtime executes its format, it was skipped, or it is unverifiable), so a fault of it is only seen behind a later link.',
    (_w, a) =>
      `link ${String(a.link)} of ${String(a.of)}, ${String(a.exporter)} (${String(a.from)} → ${String(a.to)}), was not checked: ${String(a.because)}`,
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
