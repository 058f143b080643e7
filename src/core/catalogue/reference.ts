import { type Args, type CatalogueEntry, entry } from './entry.ts';
import { again, answersDifferently, howFar, list, number } from './words.ts';

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

/** Findings on whether the reference is fit to judge. */
export const REFERENCE = {
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
} as const satisfies Record<string, CatalogueEntry>;
