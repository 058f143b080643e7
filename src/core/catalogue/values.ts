import { type CatalogueEntry, entry } from './entry.ts';
import { list, more, number, place, value } from './words.ts';

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

/** Findings on numbers, and what rounding explains of them. */
export const VALUES = {
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
} as const satisfies Record<string, CatalogueEntry>;
