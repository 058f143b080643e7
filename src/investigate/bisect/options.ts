import type { Bisection } from '../../records/investigation.ts';
import { BudgetSpent, type Lab, type Otherwise } from '../lab.ts';
import { tryOtherwise } from './trials.ts';

/** Options that choose where results go or how much is printed change no number. */
const SILENT = /^(threads|deviceId|verbose|log.*|profil.*)$/i;

type Choices = ReturnType<Lab['exporterOptions']>;

/**
 * Which single option makes it agree: every other value of every option of the exporter or of the candidate's runtime, one
 * at a time. Options without a list of values (numbers, paths) are left to the user.
 */
export async function bisectOptions(lab: Lab, over: 'runtime-option' | 'exporter-option'): Promise<Bisection | null> {
  const runtime = over === 'runtime-option';
  const choices = alternatives(runtime ? lab.runtimeOptions('candidate') : lab.exporterOptions());
  if (choices.length === 0) return null;
  const trials: Bisection['trials'] = [];
  try {
    for (const { name, value } of choices) {
      const change: Otherwise = { [runtime ? 'runtimeOptions' : 'exporterOptions']: { [name]: value } };
      trials.push(await tryOtherwise(lab, `${name}=${String(value)}`, change));
    }
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    return { over, trials, culprit: firstAgreeing(trials), complete: false };
  }
  return { over, trials, culprit: firstAgreeing(trials), complete: true };
}

const alternatives = (options: Choices): { name: string; value: unknown }[] =>
  Object.entries(options)
    .filter(([name]) => !SILENT.test(name))
    .flatMap(([name, { values, set }]) => values.filter((v) => v !== set).map((value) => ({ name, value })));

export const firstAgreeing = (trials: Bisection['trials']): string | null =>
  trials.find(({ verdict }) => verdict === 'agrees')?.choice ?? null;
