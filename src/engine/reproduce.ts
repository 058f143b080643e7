import { displayPath } from '../core/paths.ts';
import type { Conversion, Plan } from '../plan/conversion.ts';

/** Quotes an argument for a POSIX shell where it needs it. */
export const shellQuote = (text: string): string =>
  /^[\w./:=@%+,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

/** Commands that run a conversion again: from its suite, or as it was called. */
export function reproduceCommands(
  conversion: Conversion,
  plan: Plan,
  { command }: { readonly command: readonly string[] },
): { title: string; command: string }[] {
  const again = plan.file === null ? command : ['onpar', 'run', displayPath(plan.file), '--case', conversion.id];
  const line = again.map(shellQuote).join(' ');
  return [
    { title: 'Run this conversion again', command: line },
    { title: 'Run it from scratch, without the store', command: `${line} --no-cache` },
  ];
}
