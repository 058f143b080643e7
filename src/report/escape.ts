import { stripVTControlCharacters } from 'node:util';

/**
 * Names, messages and logs come out of models and libraries: data, never markup. What could move a cursor, reverse the
 * reading direction or end a line becomes a visible escape (`\u{1b}`).
 */
const CONTROL = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|\p{Cs}/gu;

/** One line of foreign text with everything invisible made visible. */
export const visible = (text: string): string =>
  text.replace(CONTROL, (c) => `\\u{${c.codePointAt(0)?.toString(16) ?? ''}}`);

/** Foreign text of many lines (logs, tracebacks): colours are dropped, lines and tabs kept, the rest as `visible`. */
export const visibleLines = (text: string): string[] =>
  stripVTControlCharacters(text)
    .split(/\r\n|\r|\n/)
    .map((line) => visible(line.replaceAll('\t', '    ')));

// What XML 1.0 cannot hold at all, not even as a character reference.
const XML_ILLEGAL = /(?![\n\t])\p{Cc}|[\ufffe\uffff]|\p{Cs}/gu;
const XML_ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text for an XML element. */
export const xmlText = (text: string): string =>
  stripVTControlCharacters(text)
    .replace(/\r\n?/g, '\n')
    .replace(XML_ILLEGAL, '')
    .replace(/[&<>"']/g, (c) => XML_ENTITIES[c] ?? c);

/** Text for an XML attribute, where a bare line end would be read as a space. */
export const xmlAttribute = (text: string): string => xmlText(text).replaceAll('\n', '&#10;');

/** Sentences of ours put commands between backticks; this splits them so that each part can be escaped its own way. */
export const splitCode = (text: string): { readonly text: string; readonly code: boolean }[] =>
  text
    .split(/(`[^`\n]+`)/)
    .filter((part) => part !== '')
    .map((part) => (/^`[^`]+`$/.test(part) ? { text: part.slice(1, -1), code: true } : { text: part, code: false }));

/** Foreign text inside a Markdown paragraph or table cell: no markup but inline code, no mention, no automatic link. */
export const markdown = (text: string): string =>
  splitCode(oneLine(text))
    .map((part) => (part.code ? markdownCode(part.text, true) : markdownPlain(part.text)))
    .join('');

const oneLine = (text: string): string => visible(text.replace(/\s*\r?\n\s*/g, ' '));

const markdownPlain = (text: string): string =>
  text
    .replace(/[\\`*[\]|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/^(\s*)([-+=#])/, '$1\\$2')
    .replace(/^(\s*\d+)([.)])(?=\s|$)/, '$1\\$2')
    .replaceAll('@', '@<!-- -->')
    .replaceAll('://', ':<!-- -->//')
    .replace(/www\./gi, (w) => `${w.slice(0, 3)}<!-- -->.`);

/** Foreign text as inline code; `table` also hides the pipes, which Markdown tables split on even inside code. */
export function markdownCode(text: string, table = false): string {
  const plain = oneLine(text);
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const pad = /^[`\s]|[`\s]$/.test(plain) || plain === '' ? ' ' : '';
  const code = `${fence}${pad}${plain}${pad}${fence}`;
  return table ? code.replaceAll('|', '\\|') : code;
}
