import type { Argv } from 'yargs';
import type { Plan } from '../plan/conversion.ts';

/** One file a command. `run` gives back the exit code; what it imports beyond options is loaded when it is called. */
export interface Command {
  /** yargs' form: `run [targets..]`. */
  readonly usage: string;
  readonly describe: string;
  options(y: Argv): Argv;
  /** Of commands that run conversions: what they would run, with nothing started. */
  plan?(args: Readonly<Record<string, unknown>>): Promise<Plan>;
  run(args: Readonly<Record<string, unknown>>): Promise<number>;
}
