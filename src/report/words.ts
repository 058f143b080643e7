import type { Report, ReportCase } from '../records/report.ts';
import type { Grade, Verdict } from '../records/verdict.ts';

/** A verdict as it is shown: a failure that the suite expects is a kind of its own. */
export type Outcome = Verdict | 'expected';

const GRADE_SYMBOLS: Record<Grade, string> = {
  identical: '=',
  equivalent: '≡',
  close: '~',
  different: '≠',
  broken: '✗',
};
const OUTCOME_SYMBOLS: Record<Outcome, string> = {
  pass: '=',
  fail: '✗',
  unverifiable: '?',
  error: '!',
  skipped: '–',
  expected: '✗',
};

export const LEGEND: readonly (readonly [symbol: string, word: string, meaning: string])[] = [
  ['=', 'identical', 'every bit the same'],
  ['≡', 'equivalent', 'within rounding'],
  ['~', 'close', 'at most 0.1 % of the output’s scale'],
  ['✓', 'accepted', 'more than rounding, within the tolerance that the suite sets'],
  ['≠', 'different', 'at most 5 % of the output’s scale'],
  ['✗', 'broken', 'more than that, or another structure'],
  ['?', 'unverifiable', 'nothing could be proven'],
  ['!', 'error', 'reference or candidate failed to run'],
  ['–', 'skipped', 'not run here'],
];

export const outcome = ({ verdict, expected }: Pick<ReportCase, 'verdict' | 'expected'>): Outcome =>
  expected?.met === true && verdict !== 'pass' ? 'expected' : verdict;

/** Whether this conversion keeps the run from holding. The run's exit code says the same for all of them together. */
export const blocks = (c: Pick<ReportCase, 'verdict' | 'expected' | 'optional'>): boolean => {
  const shown = outcome(c);
  return shown === 'fail' || shown === 'error' || shown === 'unverifiable' || (shown === 'skipped' && !c.optional);
};

/** The symbol of a conversion, an output or one sample: its grade's where values were judged, else its verdict's. */
export function symbol(verdict: Outcome, grade: Grade | null): string {
  const judged = verdict === 'pass' || verdict === 'fail';
  if (!judged || grade === null) return OUTCOME_SYMBOLS[verdict];
  // A value that agrees can still fail (a renamed output, an expectation that expired): never a calm sign for that.
  const calm = isCalm(grade);
  // Nor an alarming one for an error that the suite allows.
  if (verdict === 'pass' && !calm) return '✓';
  return calm && verdict !== 'pass' ? OUTCOME_SYMBOLS[verdict] : GRADE_SYMBOLS[grade];
}

const isCalm = (grade: Grade): boolean => grade === 'identical' || grade === 'equivalent';

/** One or two words beside the symbol: `equivalent`, `accepted`, `fail: close`, `expected`. */
export function outcomeWord(verdict: Outcome, grade: Grade | null): string {
  if (verdict === 'pass') return grade === null ? 'pass' : isCalm(grade) ? grade : 'accepted';
  if (verdict === 'expected') return 'expected';
  if (verdict === 'fail')
    return grade === null || grade === 'identical' || grade === 'equivalent' ? 'fail' : `fail: ${grade}`;
  return verdict;
}

const EXIT_MEANING: Record<number, string> = {
  0: 'Parity holds',
  1: 'Parity does not hold',
  2: 'The suite or the command has an error',
  3: 'No case could run: the environment failed',
  70: 'onpar failed: a bug of its own',
  130: 'Interrupted before the end',
};

/** The verdict of the run in one sentence, from its exit code alone. */
export const verdictSentence = ({ run }: Pick<Report, 'run'>): string =>
  EXIT_MEANING[run.exitCode] ?? `Ended with exit code ${run.exitCode}`;

/** `2 of 14 conversions fail · 1 unverifiable · 11 pass`: zeros left out. */
export function totalsSentence({ totals, cases }: Pick<Report, 'totals' | 'cases'>): string {
  const all = cases.length;
  const conversions = `conversion${all === 1 ? '' : 's'}`;
  if (all === 0) return 'no conversion was run, so nothing is proven';
  if (totals.pass === all) return all === 1 ? 'the one conversion passes' : `all ${all} conversions pass`;
  const parts = [
    totals.fail > 0 ? `fail${totals.fail === 1 ? 's' : ''}` : '',
    totals.error > 0 ? `error${totals.error === 1 ? '' : 's'}` : '',
    totals.unverifiable > 0 ? 'unverifiable' : '',
    totals.expectedFail > 0 ? `fail${totals.expectedFail === 1 ? 's' : ''} as expected` : '',
    totals.skipped > 0 ? 'skipped' : '',
    totals.pass > 0 ? `pass${totals.pass === 1 ? 'es' : ''}` : '',
  ];
  const counts = [totals.fail, totals.error, totals.unverifiable, totals.expectedFail, totals.skipped, totals.pass];
  return parts
    .map((word, i) => ({ word, count: counts[i] ?? 0 }))
    .filter(({ word }) => word !== '')
    .map(({ word, count }, i) => (i === 0 ? `${count} of ${all} ${conversions} ${word}` : `${count} ${word}`))
    .join(' · ');
}
