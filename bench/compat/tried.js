// What was tried by hand and cannot be done, here or by the tools themselves: tried.json, measured with the versions on the page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `[{what, code, command, message, instead?}]`: onpar's finding code (or `not-installable`, `not-there`, and what a library calls
 * its own error), the command that shows it, the beginning of what it answered, and what is done in its place. Ordered by
 * `what`, so that two who add something meet in no line.
 */
const ENTRIES = JSON.parse(readFileSync(join(import.meta.dirname, 'tried.json'), 'utf8'));

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll(/\s+/g, ' ');

/** The section's lines. */
export function tried() {
  return [
    'Reasons that were measured with the versions below, each with the command that shows it.',
    '',
    '| what | code | command | answer | instead |',
    '| --- | --- | --- | --- | --- |',
    ...[...ENTRIES]
      .sort((a, b) => (a.what < b.what ? -1 : 1))
      .map(
        ({ what, code, command, message, instead = '' }) =>
          `| ${what} | \`${code}\` | ${commandCell(command)} | ${cell(message)} | ${instead} |`,
      ),
  ];
}

const commandCell = (command) => `\`${cell(command)}\``;
