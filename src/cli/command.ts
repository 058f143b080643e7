import type { Argv } from 'yargs';

/** One file a command. `run` gives back the exit code; what it imports beyond options is loaded when it is called. */
export interface Command {
  /** yargs' form: `run [targets..]`. */
  readonly usage: string;
  readonly describe: string;
  options(y: Argv): Argv;
  run(args: Readonly<Record<string, unknown>>): Promise<number>;
}
