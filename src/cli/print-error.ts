import { OnparError } from '../core/errors.ts';
import { packageVersion } from '../core/paths.ts';

/** Exit code of a bug in onpar (EX_SOFTWARE of sysexits.h). */
const BUG = 70;

/** Prints an error for a person and gives back the exit code. The user's mistakes and our bugs look different. */
export function printError(error: unknown, stderr: { write(text: string): unknown } = process.stderr): number {
  if (error instanceof OnparError) {
    stderr.write(`onpar: ${error.message}\n`);
    if (error.fix !== undefined) stderr.write(`  fix: ${error.fix}\n`);
    if (error.detail !== undefined && error.detail.trim() !== '') stderr.write(`${indent(error.detail.trim())}\n`);
    return error.exitCode;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(
    `onpar ${packageVersion}: a bug in onpar, sorry. Please report it with what follows:\n${indent(text)}\n`,
  );
  return BUG;
}

const indent = (text: string): string =>
  text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
