import type { GateResult, OutputComparison, Rounding } from '../records/comparison.ts';
import { fromNum, type Num } from '../records/numbers.ts';
import { visible } from './escape.ts';
import { formatCount, formatNumber, formatPercent } from './numbers.ts';

/** Rules that a user set. With any other the measured rounding decides, or the table that stands in for it. */
const SET_BY_USER = ['suite', 'command line', 'expression', 'exact'];

/** Whether rounding was measured and decides: no rule of the user's does. */
export const byRounding = (o: Pick<OutputComparison, 'tolerance' | 'gate' | 'rounding'>): boolean =>
  o.rounding != null && o.gate === undefined && !isUsers(o.tolerance.source);

const isUsers = (source: string): boolean => SET_BY_USER.includes(source) || source.startsWith('preset ');

const STEP_WORDS: Readonly<Record<Rounding['step'], string>> = {
  float32: 'float32',
  float16: 'declared float16',
  bfloat16: 'declared bfloat16',
  int8: 'declared int8',
};

/** The instrument that tells rounding from fault, in a few words: `float64 on both sides`. */
export function instrumentWords({ instrument, step, reach }: Rounding): string {
  if (instrument === 'float64') return 'float64 on both sides';
  if (instrument === 'dtype-table')
    return `the table of ${step === 'int8' ? 'the dtype' : step}, since nothing could be measured`;
  const moved = reach === 'inputs' ? 'inputs alone moved' : 'inputs and weights moved';
  return `the noise floor, ${moved} by one ${STEP_WORDS[step]} step`;
}

/** Which rule gave the verdict of an output: `auto: float64 on both sides`, `the suite: …`. */
export function ruleWords(o: OutputComparison): string {
  const { tolerance: t, gate } = o;
  if (gate !== undefined) return `a task gate of the ${t.source}: ${visible(gate.asked)}`;
  if (t.source === 'exact') return 'exactly: integers, booleans and texts have no rounding';
  if (t.source === 'expression') return `an expression: ${visible(t.expression ?? '')}`;
  if (t.expression !== undefined) return `the ${t.source}: ${visible(t.expression)}`;
  if (isUsers(t.source)) return t.source.startsWith('preset ') ? `the ${t.source}` : `bounds of the ${t.source}`;
  if (o.rounding != null) return `auto: ${instrumentWords(o.rounding)}`;
  return o.grade === 'identical' ? 'auto: every bit is the same' : `auto: the table of the dtype`;
}

/** `210×`: a ratio as a multiple. */
export const times = (ratio: Num): string => `${formatNumber(ratio, 2)}×`;

/** One thing that was asked of the numbers, and the answer. */
export interface Question {
  readonly title: string;
  readonly ratio: Num;
  readonly limit: Num;
  /** Whether this question decides the verdict; the others are there to be looked at. */
  readonly decides: boolean;
  readonly holds: boolean;
  /** The two numbers whose ratio it is. */
  readonly numbers: string;
}

/** The questions that were put to one output, those that decide first (design 6.4). */
export function questionsOf(r: Rounding): Question[] {
  const within = (ratio: Num, limit: Num): boolean => fromNum(ratio) <= fromNum(limit);
  const questions: Question[] = [];
  if (r.function !== null) {
    const { distance, spread, ratio, limit } = r.function;
    questions.push({
      title: 'Is it the same function?',
      ratio,
      limit,
      decides: r.instrument === 'float64',
      holds: within(ratio, limit),
      numbers: `in float64 the two are ${formatNumber(distance)} apart; moving the weights by one ${STEP_WORDS[r.step]} step moves the reference by ${formatNumber(spread)}`,
    });
  }
  if (r.computation !== null) {
    const { candidate, reference, bound, ratio, limit } = r.computation;
    const bounded = bound !== null && fromNum(candidate) <= fromNum(bound);
    const holds = within(ratio, limit);
    questions.push({
      title: 'Is it computed well?',
      ratio,
      limit,
      decides: r.instrument === 'float64',
      holds: holds || bounded,
      numbers: `off its own float64: candidate ${formatNumber(candidate)}, reference ${formatNumber(reference)}${boundWords(bound, bounded && !holds)}`,
    });
  }
  if (r.ratio !== null && r.limit !== null) {
    questions.push({
      title: 'Is it within the noise floor?',
      ratio: r.ratio,
      limit: r.limit,
      decides: r.instrument === 'noise-floor',
      holds: within(r.ratio, r.limit),
      numbers: `the floor is how far the reference moves when ${r.reach === 'inputs' ? 'its inputs move' : 'inputs and weights move'} by one ${STEP_WORDS[r.step]} step`,
    });
  }
  return questions.sort((a, b) => Number(b.decides) - Number(a.decides));
}

/** The a-priori bound of the longest sum: an error below it is legitimate, however accurate the reference happens to be. */
function boundWords(bound: Num | null, excuses: boolean): string {
  if (bound === null) return '';
  return excuses
    ? `; over the limit, but no more than summing in another order may do (${formatNumber(bound)})`
    : `; summing in another order may do ${formatNumber(bound)}`;
}

/** What limits the answer: horizon, jumps, samples that say nothing, a table in place of a measurement. */
export function remarksOf(r: Rounding): string[] {
  const { informative, samples, unstable, horizon, worst } = r;
  return [
    ...(samples > 0 && informative < samples
      ? [
          informative === 0
            ? `no sample of ${samples} can show a fault: their floor exceeds 1 % of the output's scale`
            : `${samples - informative} of ${samples} samples could show no fault: their floor exceeds 1 % of scale`,
        ]
      : []),
    ...(horizon === null
      ? []
      : [
          `judged up to index ${horizon.index} of axis ${horizon.axis}: from there on rounding grows to more than 1 % of scale`,
        ]),
    ...(fromNum(unstable) > 0
      ? [
          `${formatPercent(unstable)} of the elements jump under rounding (thresholds, ties) and are judged by their share`,
        ]
      : []),
    ...(worst === null
      ? []
      : [
          `worst in sample ${visible(worst.sample)}${worst.axis === null || worst.index === null ? '' : `, index ${worst.index} of axis ${worst.axis}`}`,
        ]),
  ];
}

/** `3.2e-4 off, 210× the noise floor (limit 8×) · judged by float64`; null where no instrument and no gate was used. */
export function judgedLine(o: OutputComparison): string | null {
  if (o.gate !== undefined) return `${gateWords(o.gate)} · judged by its task`;
  const r = o.rounding;
  if (r == null) return null;
  const off = o.metrics.maxAbs === null ? [] : [`${formatNumber(o.metrics.maxAbs)} off`];
  // What decided against it; where nothing did, the first question stands for all. The page has them all.
  const asked = questionsOf(r);
  const against = asked.filter((q) => q.decides && !q.holds);
  const parts = (against.length > 0 ? against : asked.slice(0, 1)).map(
    ({ title, ratio, limit }) => `${times(ratio)} ${MEASURED[title] ?? ''} (limit ${times(limit)})`,
  );
  const useless = r.samples > 0 && r.informative === 0 ? ['no sample can show a fault'] : [];
  const by = byRounding(o)
    ? { float64: 'float64', 'noise-floor': 'the noise floor', 'dtype-table': `the table of ${r.step}` }[r.instrument]
    : ruleSource(o);
  return `${[...off, ...parts, ...useless].join(', ')} · judged by ${by}`;
}

/** What a ratio is a multiple of, in the short line. */
const MEASURED: Readonly<Record<string, string>> = {
  'Is it the same function?': 'what storing the weights costs',
  'Is it computed well?': 'what sound rounding explains',
  'Is it within the noise floor?': 'the noise floor',
};

const ruleSource = ({ tolerance: { source } }: OutputComparison): string =>
  source === 'exact' ? 'equality' : source === 'expression' ? 'an expression' : `the ${source}`;

/** `97.2 % of 99 % asked, 600 rows of 3 samples; accuracy 96 % against 98 %`. */
export function gateWords({ value, limit, counted, samples, accuracy, name }: GateResult): string {
  const what = name === 'iou' ? 'boxes' : name === 'accuracy' ? 'labels' : 'rows';
  const sides =
    accuracy === undefined
      ? ''
      : `; accuracy ${formatPercent(accuracy.candidate)} against ${formatPercent(accuracy.reference)} of the reference`;
  return `${formatPercent(value)} where ${formatPercent(limit)} is asked, ${formatCount(counted)} ${what} of ${samples} sample${samples === 1 ? '' : 's'}${sides}`;
}

/** The floor to draw beside an error: that of the output, else the largest of its samples. */
export function floorOf(o: OutputComparison): number | null {
  const floors = (o.noiseFloor === null ? o.samples.map((s) => s.floor) : [o.noiseFloor]).flatMap((f) =>
    f === null || !Number.isFinite(fromNum(f)) ? [] : [fromNum(f)],
  );
  return floors.length === 0 ? null : Math.max(...floors);
}
