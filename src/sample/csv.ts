import { OnparError } from '../core/errors.ts';

/** Columns of a text with a header row, quoted as RFC 4180 has it; the separator is whichever of , ; and tab the header has most of. */
export function parseCsv(text: string, file: string): Map<string, string[]> {
  const separator = mostFrequent(text.slice(0, Math.max(text.indexOf('\n'), 0) || text.length), [',', ';', '\t']);
  const [header = [], ...rows] = records(text, separator, file);
  const names = header.map((name) => name.trim());
  const wrong = names.find((name, i) => name === '' || names.indexOf(name) !== i);
  if (wrong !== undefined || names.every((name) => name !== '' && !Number.isNaN(Number(name)))) {
    throw invalid(
      wrong === undefined
        ? `${file} has no header: its first row holds numbers`
        : `${file}: column \`${wrong}\` is there twice or has no name`,
      'name the columns in the first row',
    );
  }
  rows.forEach((row, i) => {
    if (row.length !== names.length)
      throw invalid(`${file}: row ${i + 1} has ${row.length} cells, the header ${names.length}`, 'mend that row');
  });
  return new Map(names.map((name, column) => [name, rows.map((row) => row[column] as string)]));
}

const invalid = (message: string, fix: string): OnparError =>
  new OnparError({ code: 'tensor-file-invalid', message, fix });

const mostFrequent = (line: string, separators: readonly string[]): string =>
  separators.toSorted((a, b) => line.split(b).length - line.split(a).length)[0] as string;

function records(text: string, separator: string, file: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || row[0] !== '') rows.push(row);
    [row, cell] = [[], ''];
  };
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    if (isQuoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') cell += text[++at];
      else isQuoted = false;
    } else if (char === '"' && cell === '') isQuoted = true;
    else if (char === separator) {
      row.push(cell);
      cell = '';
    } else if (char === '\n') endRow();
    else if (char !== '\r') cell += char;
  }
  if (isQuoted) throw invalid(`${file}: a quote is never closed`, 'close it, or double the quotes inside a cell');
  if (cell !== '' || row.length > 0) endRow();
  return rows;
}
