import type { Bisection } from '../../records/investigation.ts';
import type { Judged, Lab, Otherwise } from '../lab.ts';

type Trial = Bisection['trials'][number];

/** Runs the conversion with one thing changed, as a line of a bisection. */
export async function tryOtherwise(lab: Lab, choice: string, change: Otherwise): Promise<Trial> {
  lab.say(`trying ${choice}`);
  return trialOf(choice, await lab.otherwise(change));
}

/** Passing is agreeing; what cannot be compared, or does not run, says nothing either way. */
export const trialOf = (choice: string, { verdict, error }: Judged): Trial => ({
  choice,
  verdict: verdict === 'pass' ? 'agrees' : verdict === 'fail' ? 'differs' : 'failed',
  error,
});
