import type { TensorSpec } from '../../records/contract.ts';
import { BYTES_PER_ELEMENT, type Dtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { servedError } from './errors.ts';
import type { Http, Reply } from './http.ts';
import { flatJson, flatten, tensorOf } from './json-tensor.ts';
import { isList, isObject, type Json, JsonNumber } from './json-text.ts';
import { datatypeOf, dtypeOf, fromRaw, toRaw, utf8 } from './oip.ts';

const LENGTH_HEADER = 'inference-header-content-length';
/** JSON has no number of these types; the protocol passes them as bytes alone. */
const BYTES_ONLY: ReadonlySet<Dtype> = new Set(['float16', 'bfloat16']);

/** The body of an inference request: JSON, and with the binary extension the tensors' bytes behind it. */
export function inferBody(
  feeds: readonly (readonly [string, Tensor])[],
  outputs: readonly TensorSpec[],
  isBinary: boolean,
): { body: string | Uint8Array<ArrayBuffer>; headers: Record<string, string> } {
  const raws: Uint8Array[] = [];
  const inputs = feeds.map(([name, tensor]) => {
    const head = `{"name":${JSON.stringify(name)},"shape":[${tensor.shape.join(',')}],"datatype":"${datatypeOf(tensor.dtype)}"`;
    if (!isBinary && !BYTES_ONLY.has(tensor.dtype)) return `${head},"data":${flatJson(tensor)}}`;
    const raw = toRaw(tensor);
    raws.push(raw);
    return `${head},"parameters":{"binary_data_size":${raw.byteLength}}}`;
  });
  const json = `{${askedOutputs(outputs, isBinary)}"inputs":[${inputs.join(',')}]}`;
  if (raws.length === 0) return { body: json, headers: { 'content-type': 'application/json' } };
  const head = Buffer.from(json, 'utf8');
  return {
    body: Buffer.concat([head, ...raws]),
    headers: { 'content-type': 'application/octet-stream', [LENGTH_HEADER]: String(head.byteLength) },
  };
}

/** All outputs as bytes, or of JSON's only those that JSON has no numbers for; nothing where the server may choose. */
function askedOutputs(outputs: readonly TensorSpec[], isBinary: boolean): string {
  if (isBinary) return '"parameters":{"binary_data_output":true},';
  const isBytes = ({ dtype }: TensorSpec): boolean => dtype !== null && BYTES_ONLY.has(dtype);
  if (!outputs.some(isBytes)) return '';
  const each = outputs.map(
    (spec) => `{"name":${JSON.stringify(spec.name)},"parameters":{"binary_data":${isBytes(spec)}}}`,
  );
  return `"outputs":[${each.join(',')}],`;
}

export interface InferReply {
  readonly outputs: ReadonlyMap<string, Tensor>;
  /** The version of the model that answered; empty where the server does not say. */
  readonly version: string;
}

/** Outputs in the order of the answer. OnparError `served-garbage` or `served-value-lost` names what is wrong with it. */
export function readInferReply(http: Http, url: string, reply: Reply): InferReply {
  const header = reply.headers.get(LENGTH_HEADER);
  const length = header === null ? reply.body.byteLength : Number(header);
  if (!(length >= 0 && length <= reply.body.byteLength))
    throw servedError(
      'served-garbage',
      `${url}: its ${LENGTH_HEADER} ${header} does not fit a body of ${reply.body.byteLength} bytes`,
    );
  const json = http.json(url, reply, length);
  if (!isObject(json) || !isList(json.outputs)) {
    const said = isObject(json) && typeof json.error === 'string' ? `: ${json.error.slice(0, 200)}` : '';
    throw servedError(
      'served-garbage',
      `${url}: the answer has no \`outputs\`${said}`,
      'is it the protocol of this address?',
    );
  }
  const outputs = new Map<string, Tensor>();
  let at = length;
  for (const entry of json.outputs) {
    if (!isObject(entry) || typeof entry.name !== 'string' || typeof entry.datatype !== 'string')
      throw servedError('served-garbage', `${url}: an output of the answer has no name or no datatype`);
    const { name, datatype, shape, parameters } = entry;
    if (outputs.has(name)) throw servedError('served-garbage', `${url}: output ${name} comes twice`);
    const size = isObject(parameters) ? parameters.binary_data_size : undefined;
    const bytes = size instanceof JsonNumber ? Number(size.text) : null;
    const raw = bytes === null ? null : reply.body.subarray(at, at + bytes);
    at += bytes ?? 0;
    outputs.set(name, outputOf(name, dtypeOf(name, datatype), sizes(name, shape), raw, entry));
  }
  return { outputs, version: versionOf(json.model_version) };
}

const versionOf = (version: Json | undefined): string =>
  typeof version === 'string' ? version : version instanceof JsonNumber ? version.text : '';

function sizes(name: string, shape: Json | undefined): number[] {
  const found = isList(shape) ? shape.map((size) => (size instanceof JsonNumber ? Number(size.text) : -1)) : [-1];
  if (found.every((size) => Number.isSafeInteger(size) && size >= 0)) return found;
  throw servedError('served-garbage', `output ${name} of the answer has no shape`);
}

function outputOf(
  name: string,
  dtype: Dtype,
  shape: readonly number[],
  raw: Uint8Array | null,
  { data, parameters }: { readonly [name: string]: Json },
): Tensor {
  if (raw !== null) return fromRaw(name, dtype, shape, raw, BYTES_PER_ELEMENT[dtype]);
  if (data === undefined) throw servedError('served-garbage', `output ${name} of the answer has no data`);
  const { elements } = flatten(data, name);
  const isBase64 = dtype === 'string' && isObject(parameters) && parameters.content_type === 'base64';
  const read = isBase64
    ? elements.map((e) => (typeof e === 'string' ? utf8(name, Buffer.from(e, 'base64')) : e))
    : elements;
  return tensorOf(name, dtype, shape, read);
}
