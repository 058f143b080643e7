import type { Argv } from 'yargs';
import { OnparError } from '../../core/errors.ts';
import { ASKED_FOR, BY_ITSELF, type InvestigateChoice } from '../../engine/investigate/choice.ts';
import { type Args, many } from './parse.ts';

/** Whether failures are explained, and how long that may take. */
export const investigationOptions = (y: Argv): Argv =>
  y.option('investigate', {
    type: 'string',
    describe:
      'Look for the cause of failures: --investigate takes its time, --investigate=SECONDS for each failure, --investigate=off not at all (by default half a minute each, two minutes in all; ONPAR_INVESTIGATE sets another default)',
    group: 'Judgement:',
  });

/** Null: nobody looks. */
export function investigationChoice(args: Args, env: NodeJS.ProcessEnv = process.env): InvestigateChoice | null {
  const asked = many(args, 'investigate').at(-1);
  if (asked !== undefined) return choiceOf(asked, `--investigate=${asked}`);
  const { ONPAR_INVESTIGATE: own = '' } = env;
  return own === '' ? BY_ITSELF : choiceOf(own, `ONPAR_INVESTIGATE=${own}`);
}

function choiceOf(text: string, written: string): InvestigateChoice | null {
  if (text === 'off' || text === 'false') return null;
  if (text === '' || text === 'on' || text === 'true') return ASKED_FOR;
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return { ...ASKED_FOR, secondsPerCase: seconds };
  throw new OnparError({
    code: 'bad-option',
    message: `${written} is no time`,
    fix: 'allowed: on, off, or a number of seconds for each failure (--investigate=60)',
  });
}
