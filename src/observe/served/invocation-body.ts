import { OnparError } from '../../core/errors.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import { parseNpy, serializeNpy } from '../../tensor/npy.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import { servedError } from './errors.ts';
import { outputFrom } from './guess.ts';
import { decodeUtf8, type Http, type Reply } from './http.ts';
import { nestedJson } from './json-tensor.ts';
import { type Json, JsonNumber } from './json-text.ts';
import { bareRows, predictBody, readPredictions, rowsOf } from './predict-body.ts';

export type Content = 'json' | 'csv' | 'npy';
export type Body = 'list' | 'inputs' | 'instances' | 'dataframe_split' | 'dataframe_records';

/** As the SageMaker containers of scikit-learn, XGBoost, PyTorch and TensorFlow call them. */
export const CONTENT_TYPES: Readonly<Record<Content, string>> = {
  json: 'application/json',
  csv: 'text/csv',
  npy: 'application/x-npy',
};

type Feeds = readonly (readonly [string, Tensor])[];

/** What is posted to `/invocations`. OnparError `input-mismatch` where the content type cannot hold the inputs. */
export function invocationBody(
  feeds: Feeds,
  content: Content,
  body: Body,
  csvHeader: boolean,
): string | Uint8Array<ArrayBuffer> {
  if (content === 'csv') return csvOf(feeds, csvHeader);
  if (content === 'npy') return new Uint8Array(serializeNpy(only(feeds, 'npy')));
  if (body === 'inputs')
    return feeds.length === 1 ? `{"inputs":${nestedJson(only(feeds, body))}}` : predictBody(feeds, 'columns', null);
  if (body === 'instances') return feeds.length === 1 ? bareRows(feeds) : predictBody(feeds, 'rows', null);
  if (body === 'list') return nestedJson(only(feeds, 'a bare list'));
  const table = tableOf(feeds);
  if (body === 'dataframe_records') {
    const records = table.rows.map(
      (row) => `{${row.map((cell, i) => `${JSON.stringify(table.columns[i])}:${cell}`).join(',')}}`,
    );
    return `{"dataframe_records":[${records.join(',')}]}`;
  }
  return `{"dataframe_split":{"columns":${JSON.stringify(table.columns)},"data":[${table.rows.map((row) => `[${row.join(',')}]`).join(',')}]}}`;
}

const refused = (message: string, fix: string): OnparError =>
  new OnparError({ code: 'input-mismatch', message, fix, exitCode: 1 });

function only(feeds: Feeds, what: string): Tensor {
  const [first, second] = feeds;
  if (first !== undefined && second === undefined) return first[1];
  throw refused(
    `${what} holds one input, the model takes ${feeds.map(([name]) => name).join(', ')}`,
    'send names too: options: { body: inputs } (or instances)',
  );
}

/** Each input a column where it has one number a row; a matrix has a column for each of its own, `name.0`, `name.1` …. */
function tableOf(feeds: Feeds): { columns: string[]; rows: string[][] } {
  const wide = feeds.find(([, { shape }]) => shape.length !== 1 && shape.length !== 2);
  if (wide !== undefined)
    throw refused(
      `input ${wide[0]} has ${wide[1].shape.length} axes; a table has rows and columns`,
      'send JSON: options: { body: inputs } (or instances)',
    );
  const columns = feeds.flatMap(([name, { shape }]) =>
    shape.length === 1
      ? [name]
      : Array.from({ length: shape[1] ?? 0 }, (_, i) => (feeds.length === 1 ? String(i) : `${name}.${i}`)),
  );
  const rows = rowsOf(feeds).map((row) => row.flatMap(([, text]) => (text.startsWith('[') ? cells(text) : [text])));
  return { columns, rows };
}

/** Elements of a flat JSON list; texts may hold commas. */
const cells = (text: string): string[] => text.slice(1, -1).match(/"(?:[^"\\]|\\.)*"|[^,]+/g) ?? [];

function csvOf(feeds: Feeds, csvHeader: boolean): string {
  const { columns, rows } = tableOf(feeds);
  const cell = (text: string): string =>
    text.startsWith('"') ? `"${(JSON.parse(text) as string).replaceAll('"', '""')}"` : text;
  const all = csvHeader ? [columns.map((name) => JSON.stringify(name)), ...rows] : rows;
  return `${all.map((row) => row.map(cell).join(',')).join('\n')}\n`;
}

/** Outputs of an answer by its content type; without declared names an only output is called `output`. */
export function readInvocation(
  http: Http,
  url: string,
  reply: Reply,
  declared: ReadonlyMap<string, Dtype>,
): NamedTensors {
  const [first] = declared.keys();
  const name = first ?? 'output';
  if (/x-npy/i.test(reply.contentType)) return new Map([[name, npyOf(url, reply.body)]]);
  if (/csv/i.test(reply.contentType))
    return new Map([[name, outputFrom(name, csvRows(url, reply.body), declared.get(name))]]);
  const json = http.json(url, reply);
  return readPredictions(url, json, { inputs: [], outputs: [], names: 'none' }, declared);
}

function npyOf(url: string, bytes: Uint8Array): Tensor {
  try {
    return parseNpy(bytes, 'the answer');
  } catch (error) {
    throw servedError('served-garbage', `${url}: ${(error as Error).message}`);
  }
}

/** Numbers or texts, one row a line; a single column is a vector. */
function csvRows(url: string, bytes: Uint8Array): Json {
  let text: string;
  try {
    text = decodeUtf8(bytes);
  } catch {
    throw servedError('served-garbage', `${url}: the answer is no text`);
  }
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  const rows = lines.map((line) =>
    (line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g) ?? []).map((c) => c.replace(/,$/, '')),
  );
  for (const row of rows) if (row.at(-1) === '' && row.length > 1) row.pop();
  const values = rows.map((row) => row.map(cellValue));
  return values.every((row) => row.length === 1) ? values.map((row) => row[0] ?? null) : values;
}

const SPECIAL: Readonly<Record<string, string>> = { nan: 'NaN', inf: 'Infinity', '-inf': '-Infinity' };

function cellValue(cell: string): Json {
  const text = SPECIAL[cell.trim().toLowerCase()] ?? cell.trim();
  if (/^-?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|Infinity|NaN)$/.test(text)) return new JsonNumber(text);
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}
