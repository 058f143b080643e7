import type { Command } from '../command.ts';
import { compare } from './compare.ts';
import { doctor } from './doctor.ts';
import { init } from './init.ts';
import { investigate } from './investigate.ts';
import { LATER } from './later.ts';
import { report } from './report.ts';
import { run } from './run.ts';
import { show } from './show.ts';
import { suggest } from './suggest.ts';
import { toolchain } from './toolchain.ts';

/** One line a command. */
export const COMMANDS: readonly Command[] = [
  run,
  compare,
  investigate,
  report,
  show,
  suggest,
  init,
  doctor,
  toolchain,
  ...LATER,
];
