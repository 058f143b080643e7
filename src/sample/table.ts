import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { OnparError } from '../core/errors.ts';
import type { InputPlan } from '../records/rules.ts';
import { stringTensor, tensorFrom } from '../tensor/build.ts';
import { isFloat } from '../tensor/dtype.ts';
import { dtypeLimits } from '../tensor/limits.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import { readTensorFile } from '../tensor/tensor-file.ts';
import { parseCsv } from './csv.ts';

/** Columns of cells, in the order of the file; a cell of JSON may be a list. */
export type Columns = ReadonlyMap<string, readonly unknown[]>;

export const isTable = (path: string): boolean => /\.(csv|tsv|json)$/i.test(path);

/** Reads a file of the user's: tensors as they are, tables (CSV, TSV, JSON) brought to the inputs they name. */
export function readUserFile(path: string, inputs: readonly InputPlan[], labels: readonly string[]): NamedTensors {
  if (!isTable(path)) return readTensorFile(path);
  const text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  const columns =
    extname(path).toLowerCase() === '.json' ? fromJson(text, basename(path)) : parseCsv(text, basename(path));
  return toInputs(columns, inputs, labels, basename(path));
}

const invalid = (message: string, fix: string, cause?: unknown): OnparError =>
  new OnparError({ code: 'tensor-file-invalid', message, fix, cause });

const JSON_FIX = 'write a list of objects, one a row, or an object of lists, one a column or tensor';

/** `[{a: 1, b: 2}, …]` or `{a: [1, …], b: [2, …]}`. */
function fromJson(text: string, file: string): Columns {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(`${file} is not JSON: ${(cause as Error).message}`, JSON_FIX, cause);
  }
  const isRecord = (v: unknown): v is Record<string, unknown> =>
    typeof v === 'object' && v !== null && !Array.isArray(v);
  if (isRecord(value) && Object.values(value).every(Array.isArray))
    return new Map(Object.entries(value) as [string, unknown[]][]);
  if (!Array.isArray(value) || value.length === 0 || !value.every(isRecord)) {
    throw invalid(`${file} holds neither rows nor columns`, JSON_FIX);
  }
  const names = Object.keys(value[0] as object);
  value.forEach((row, i) => {
    const odd =
      names.find((name) => !Object.hasOwn(row, name)) ?? Object.keys(row).find((name) => !names.includes(name));
    if (odd !== undefined)
      throw invalid(`${file}: row ${i + 1} and the first differ in \`${odd}\``, 'give every row the same keys');
  });
  return new Map(names.map((name) => [name, (value as Record<string, unknown>[]).map((row) => row[name])]));
}

/**
 * Columns by input: one of the input's own name, else `name.0`, `name.1` …; a single input takes all columns that are no
 * labels as one matrix. What no input takes stays under its own name, so that it is noticed.
 */
function toInputs(
  columns: Columns,
  inputs: readonly InputPlan[],
  labels: readonly string[],
  file: string,
): NamedTensors {
  const left = new Set([...columns.keys()].filter((name) => !labels.includes(name)));
  const result = new Map<string, Tensor>();
  for (const input of inputs) {
    const names = columnsOf(input, [...left], inputs.length === 1);
    if (names.length === 0) continue;
    for (const name of names) left.delete(name);
    const rows = columns.get(names[0] as string)?.length ?? 0;
    const cells = Array.from({ length: rows }, (_, row) => names.map((name) => columns.get(name)?.[row]));
    result.set(input.name, tensorOf(input, cells, names, file));
  }
  for (const name of labels) {
    const cells = columns.get(name);
    // A column that is an input as well stays that input.
    if (cells !== undefined && !result.has(name)) result.set(name, labelTensor(cells));
  }
  for (const name of left) if (inputs.length > 1 || result.size > 0) result.set(name, stringTensor([0], []));
  return result;
}

/** Class indices where all cells are whole numbers, other numbers as they are, else texts. JSON may give one-hot lists. */
function labelTensor(cells: readonly unknown[]): Tensor {
  const rows = cells.map((cell) => [cell].flat(Number.POSITIVE_INFINITY));
  const width = rows[0]?.length ?? 0;
  const even = rows.every((row) => row.length === width);
  const flat = even ? rows.flat() : cells.map((cell) => JSON.stringify(cell));
  const shape = even && Array.isArray(cells[0]) ? [cells.length, width] : [cells.length];
  const numbers = flat.map((cell) => (cell === null || String(cell).trim() === '' ? Number.NaN : Number(cell)));
  if (numbers.some(Number.isNaN)) return stringTensor(shape, flat.map(String));
  return numbers.every(Number.isSafeInteger)
    ? tensorFrom('int64', shape, numbers.map(BigInt))
    : tensorFrom('float64', shape, numbers);
}

function columnsOf({ name }: InputPlan, left: readonly string[], isOnly: boolean): string[] {
  if (left.includes(name)) return [name];
  const part = (column: string): number => {
    const match = column.startsWith(name) ? /^[._[]?(\d+)\]?$/.exec(column.slice(name.length)) : null;
    return match === null ? -1 : Number(match[1]);
  };
  const parts = left.filter((column) => part(column) >= 0).sort((a, b) => part(a) - part(b));
  return parts.length > 0 || !isOnly ? parts : [...left];
}

/** Rows of cells as the input's tensor; its fixed sizes shape what one row holds. */
function tensorOf(
  input: InputPlan,
  rows: readonly (readonly unknown[])[],
  names: readonly string[],
  file: string,
): Tensor {
  const nested = rows.map((row) => row.flat(Number.POSITIVE_INFINITY));
  const width = nested[0]?.length ?? 0;
  const uneven = nested.findIndex((row) => row.length !== width);
  if (uneven >= 0)
    throw invalid(
      `${file}: row ${uneven + 1} holds ${nested[uneven]?.length} values for ${input.name}, the first ${width}`,
      'give every row as many',
    );
  const shape = [rows.length, ...shapeOf(input, names.length === 1 ? rows[0]?.[0] : undefined, width)];
  const place = (i: number) =>
    `${file}: row ${Math.floor(i / width) + 1}, column ${names[Math.min(i % width, names.length - 1)]}`;
  const flat = nested.flat();
  if (input.dtype === 'string') return stringTensor(shape, flat.map(String));
  const numbers = flat.map((cell, i) => numberOf(cell, input, () => place(i)));
  return tensorFrom(input.dtype, shape, numbers);
}

/** What one row looks like: as JSON nests it, else as the input's fixed sizes have it. */
function shapeOf({ shape }: InputPlan, first: unknown, width: number): number[] {
  if (Array.isArray(first)) {
    const sizes: number[] = [];
    for (let level: unknown = first; Array.isArray(level); level = level[0]) sizes.push(level.length);
    return sizes;
  }
  if (shape.length === 1 && width === 1) return [];
  const inner = shape.slice(1);
  const fixed = inner.filter((d) => typeof d === 'number');
  return fixed.length === inner.length && fixed.reduce((n, d) => n * d, 1) === width ? fixed : [width];
}

function numberOf(cell: unknown, { name, dtype }: InputPlan, place: () => string): number {
  const text = typeof cell === 'string' ? cell.trim() : cell;
  const value =
    text === '' || text === null || text === undefined || text === 'nan' || text === 'NaN'
      ? Number.NaN
      : text === 'true'
        ? 1
        : text === 'false'
          ? 0
          : Number(text);
  if (Number.isNaN(value) && !(text === '' || text === null || text === 'nan' || text === 'NaN')) {
    throw invalid(
      `${place()} holds ${JSON.stringify(cell)}, which is no number`,
      `name columns that are no inputs in \`labels:\`, or remove them`,
    );
  }
  if (isFloat(dtype) || dtype === 'string') return value;
  const [low, high] = dtypeLimits(dtype);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw invalid(
    `${place()} holds ${JSON.stringify(cell)}, which ${dtype} of input ${name} cannot hold`,
    `save whole numbers from ${low} to ${high}`,
  );
}
