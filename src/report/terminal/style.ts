import type { Grade } from '../../records/verdict.ts';
import type { Outcome } from '../words.ts';

export type Paint = (text: string) => string;
export type Palette = Record<'bold' | 'dim' | 'red' | 'yellow' | 'green' | 'cyan', Paint>;

/** ANSI colours from the sixteen that every theme defines; plain text when colour is off. */
export function palette(colour: boolean): Palette {
  const sgr =
    (on: number, off: number): Paint =>
    (text) =>
      colour && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    red: sgr(31, 39),
    yellow: sgr(33, 39),
    green: sgr(32, 39),
    cyan: sgr(36, 39),
  };
}

/** Red only for what fails; an expected failure stays calm. */
export function paintFor(p: Palette, outcome: Outcome, grade: Grade | null): Paint {
  if (outcome === 'fail' || outcome === 'error') return p.red;
  if (outcome === 'unverifiable') return p.yellow;
  if (outcome === 'pass') return grade === 'identical' || grade === 'equivalent' ? p.green : p.yellow;
  return p.dim;
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ZERO = /[\p{Mn}\p{Me}\u200c\u200d]/u;

const charWidth = (c: string): number => (ZERO.test(c) ? 0 : WIDE.test(c) ? 2 : 1);

/** Columns that plain text takes in a terminal. */
export const textWidth = (text: string): number => [...text].reduce((sum, c) => sum + charWidth(c), 0);

/** As many characters from the start as fit `room` columns. */
function take(chars: readonly string[], room: number): string[] {
  const taken: string[] = [];
  let used = 0;
  for (const c of chars) {
    used += charWidth(c);
    if (used > room) break;
    taken.push(c);
  }
  return taken;
}

/** A name of at most `columns` columns; the middle is dropped, because both ends of an id tell things apart. */
export function shorten(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  const chars = [...text];
  const room = Math.max(1, columns - 1);
  const tail = take(chars.toReversed(), Math.floor(room / 2)).toReversed();
  return `${take(chars, Math.ceil(room / 2)).join('')}…${tail.join('')}`;
}

/** Prose of at most `columns` columns; the end is dropped. */
export const clip = (text: string, columns: number): string =>
  textWidth(text) <= columns ? text : `${take([...text], Math.max(1, columns - 1)).join('')}…`;

export const padEnd = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - textWidth(text)));

/** Words wrapped at `columns`, later lines with the same indent. */
export function wrap(text: string, indent: string, columns: number): string[] {
  const room = Math.max(24, columns - indent.length);
  const lines: string[] = [];
  let current = '';
  for (const word of text.split(' ')) {
    if (current !== '' && textWidth(current) + 1 + textWidth(word) > room) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current].map((l) => `${indent}${l}`);
}
