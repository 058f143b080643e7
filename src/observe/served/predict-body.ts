import { OnparError } from '../../core/errors.ts';
import type { IoContract } from '../../records/contract.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import { viewBytes } from '../../tensor/views.ts';
import { servedError } from './errors.ts';
import { outputFrom } from './guess.ts';
import { nestedJson } from './json-tensor.ts';
import { isList, isObject, type Json } from './json-text.ts';
import { utf8 } from './oip.ts';

export type Layout = 'columns' | 'rows';

/** The body of a `:predict`: `{"inputs": {name: tensor}}`, or `{"instances": [{name: row}, …]}`. */
export function predictBody(
  feeds: readonly (readonly [string, Tensor])[],
  layout: Layout,
  signature: string | null,
): string {
  const head = signature === null ? '' : `"signature_name":${JSON.stringify(signature)},`;
  const key = (name: string) => JSON.stringify(name);
  if (layout === 'columns')
    return `{${head}"inputs":{${feeds.map(([name, tensor]) => `${key(name)}:${nestedJson(tensor)}`).join(',')}}}`;
  return `{${head}"instances":[${rowsOf(feeds)
    .map((row) => `{${row.map(([name, text]) => `${key(name)}:${text}`).join(',')}}`)
    .join(',')}]}`;
}

/** `{"instances": [row, …]}` of the only input, without its name. */
export const bareRows = ([feed]: readonly (readonly [string, Tensor])[]): string =>
  `{"instances":${feed === undefined ? '[]' : nestedJson(feed[1])}}`;

/** The rows of a batch as JSON, each with all its columns. OnparError `input-mismatch` where inputs have no common batch. */
export function rowsOf(feeds: readonly (readonly [string, Tensor])[]): (readonly [string, string])[][] {
  const [rows] = feeds[0]?.[1].shape ?? [];
  const odd = feeds.find(([, tensor]) => tensor.shape.length === 0 || tensor.shape[0] !== rows);
  if (rows === undefined || odd !== undefined) {
    throw new OnparError({
      code: 'input-mismatch',
      message: `input ${odd?.[0] ?? ''} has no row for each of the batch: its shape is [${odd?.[1].shape.join(', ') ?? ''}]`,
      fix: 'send whole tensors: options: { layout: columns }',
      exitCode: 1,
    });
  }
  return Array.from({ length: rows }, (_, i) => feeds.map(([name, tensor]) => [name, nestedJson(row(tensor, i))]));
}

function row({ dtype, shape, data, strings }: Tensor, index: number): Tensor {
  const inner = shape.slice(1);
  const count = inner.reduce((n, d) => n * d, 1);
  if (dtype === 'string')
    return { dtype, shape: inner, data, strings: (strings ?? []).slice(index * count, (index + 1) * count) };
  const { BYTES_PER_ELEMENT: size } = viewBytes(dtype, new Uint8Array(0));
  return { dtype, shape: inner, data: data.subarray(index * count * size, (index + 1) * count * size) };
}

/**
 * Outputs of `{"outputs": …}` (columns) or `{"predictions": …}` (rows); the name of an only output is left out there.
 * `dtypes` are the declared ones; an output without is read by its text.
 */
export function readPredictions(
  url: string,
  answer: Json,
  contract: IoContract,
  dtypes: ReadonlyMap<string, Dtype | null>,
): NamedTensors {
  const body = isObject(answer) ? (answer.outputs ?? answer.predictions) : answer;
  if (body === undefined) {
    throw servedError(
      'served-garbage',
      `${url}: the answer has neither \`outputs\` nor \`predictions\``,
      'is it the protocol of this address?',
    );
  }
  const isRows = isObject(answer) && answer.outputs === undefined;
  const columns = namedColumns(url, body, isRows, contract, dtypes);
  return new Map(
    columns.map(([name, value]) => [name, outputFrom(name, plain(name, value), dtypes.get(name) ?? undefined)]),
  );
}

function namedColumns(
  url: string,
  body: Json,
  isRows: boolean,
  { outputs }: IoContract,
  dtypes: ReadonlyMap<string, unknown>,
): (readonly [string, Json])[] {
  const known = outputs.length > 0 ? outputs.map(({ name }) => name) : [...dtypes.keys()];
  const ordered = (names: readonly string[]) => [
    ...known.filter((name) => names.includes(name)),
    ...names.filter((name) => !known.includes(name)),
  ];
  if (isRows && isList(body) && body.length > 0 && body.every((entry) => isObject(entry) && !isBytes(entry))) {
    const rows = body as readonly { readonly [name: string]: Json }[];
    const names = Object.keys(rows[0] ?? {});
    const odd = rows.findIndex((entry) => names.some((name) => entry[name] === undefined));
    if (odd >= 0)
      throw servedError('served-garbage', `${url}: row ${odd} of the predictions lacks an output of the first`);
    return ordered(names).map((name) => [name, rows.map((entry) => entry[name] ?? null)] as const);
  }
  if (isObject(body) && !isBytes(body))
    return ordered(Object.keys(body)).map((name) => [name, body[name] ?? null] as const);
  return [[known[0] ?? 'output', body]];
}

const isBytes = (value: Json): boolean =>
  isObject(value) && Object.keys(value).length === 1 && typeof value.b64 === 'string';

/** Bytes come as `{"b64": …}`, where an output's name ends with `_bytes`. */
function plain(name: string, value: Json): Json {
  if (isList(value)) return value.map((part) => (isList(part) || isBytes(part) ? plain(name, part) : part));
  return isObject(value) && typeof value.b64 === 'string' ? utf8(name, Buffer.from(value.b64, 'base64')) : value;
}
