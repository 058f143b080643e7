import { OnparError } from '../core/errors.ts';

/** How a served model is spoken to; each is the name of the runtime that does (src/observe/runtimes/). */
export type ServedProtocol = 'oip-rest' | 'oip-grpc' | 'tfserving-rest' | 'sagemaker';

export interface ServedAddress {
  /** Null for an http(s) address whose path tells no protocol: then a runtime must be named. */
  readonly protocol: ServedProtocol | null;
  /** Without a slash at its end: what stands before `/v2/models/…`, `/v1/models/…` or `/invocations`; for gRPC `host:port`. */
  readonly base: string;
  readonly secure: boolean;
  /** Empty where the protocol has none (SageMaker). */
  readonly model: string;
  readonly version: string | null;
  /** TensorFlow Serving: the version is one of its labels (`/labels/stable`). */
  readonly isLabel: boolean;
  /** The whole http(s) address without its prefix. */
  readonly url: string;
}

const GRPC = /^(?:oip\+)?grpc(s?):\/\/([^/]*)(\/.*)?$/i;
const PREFIX = /^(oip|tfserving|sagemaker|served):(https?:\/\/.*)$/is;
const OIP_PATH = /^(.*)\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/infer)?\/?$/;
const TF_PATH = /^(.*)\/v1\/models\/([^/:]+)(?:\/(versions|labels)\/([^/:]+))?(?::(\w+))?\/?$/;
const FORMS =
  'http://HOST/v2/models/NAME (Open Inference Protocol), oip+grpc://HOST:PORT/NAME, tfserving:http://HOST/v1/models/NAME, sagemaker:http://HOST/invocations';

/** How a token is given, for whoever lacks one. */
export const TOKEN_OPTION = `options: { headers: { Authorization: 'Bearer \${TOKEN}' } }`;

const bad = (spec: string, what: string, fix: string): OnparError =>
  new OnparError({ code: 'served-address', message: `${spec}: ${what}`, fix });

/**
 * Takes the address of a served model apart (docs/served.md). OnparError `served-address` where it names none, or holds
 * what does not belong into reports: a password or a query.
 */
export function parseServedAddress(spec: string): ServedAddress {
  const grpc = GRPC.exec(spec);
  if (grpc !== null) return grpcAddress(spec, grpc);
  const [, prefix = 'served', address = spec] = PREFIX.exec(spec) ?? [];
  const url = httpUrl(spec, address);
  const named = prefix.toLowerCase();
  const path = url.pathname;
  const oip = named === 'oip' || named === 'served' ? OIP_PATH.exec(path) : null;
  const tf = named === 'tfserving' || named === 'served' ? TF_PATH.exec(path) : null;
  const common = { secure: url.protocol === 'https:', url: `${url.origin}${path}` };
  const none = { version: null, isLabel: false };
  if (oip !== null) {
    const [, before = '', model = '', version] = oip;
    return {
      ...common,
      ...none,
      protocol: 'oip-rest',
      base: `${url.origin}${before}`,
      model: decodeURIComponent(model),
      ...(version === undefined ? {} : { version: decodeURIComponent(version) }),
    };
  }
  if (tf !== null) {
    const [, before = '', model = '', kind, version, method = 'predict'] = tf;
    if (method !== 'predict')
      throw bad(spec, `\`:${method}\` has no tensors in its answer`, 'name the `:predict` address of the model');
    return {
      ...common,
      ...none,
      protocol: 'tfserving-rest',
      base: `${url.origin}${before}`,
      model: decodeURIComponent(model),
      ...(version === undefined ? {} : { version: decodeURIComponent(version) }),
      isLabel: kind === 'labels',
    };
  }
  if (named === 'sagemaker' || (named === 'served' && /\/invocations\/?$/.test(path))) {
    const base = `${url.origin}${path.replace(/\/invocations\/?$/, '')}`.replace(/\/$/, '');
    return { ...common, ...none, protocol: 'sagemaker', base, model: '' };
  }
  if (named === 'oip' || named === 'tfserving') {
    const form = named === 'oip' ? '/v2/models/NAME' : '/v1/models/NAME';
    throw bad(spec, `the path is not …${form}`, `write \`${named}:${url.origin}${form}\``);
  }
  return { ...common, ...none, protocol: null, base: `${url.origin}${path}`.replace(/\/$/, ''), model: '' };
}

/** The runtime that an address asks for. OnparError `served-address` where its path tells none. */
export function servedRuntime(spec: string): ServedProtocol {
  const { protocol } = parseServedAddress(spec);
  if (protocol !== null) return protocol;
  throw bad(spec, 'the path tells no protocol', `addresses of models look like ${FORMS}; or name the runtime`);
}

/** What a served model is called in ids: its own name, with the version that the address asks for. */
export function servedName(spec: string): string {
  const { model, version, base } = parseServedAddress(spec);
  if (model !== '') return version === null ? model : `${model}-${version}`;
  return base.replace(/^https?:\/\//, '');
}

function httpUrl(spec: string, address: string): URL {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw bad(spec, 'is no address', `write ${FORMS}`);
  }
  if (url.username !== '' || url.password !== '') throw secret(`${url.host}${url.pathname}`, 'a user name or password');
  if (url.search !== '' || url.hash !== '') throw secret(`${url.host}${url.pathname}`, 'a query');
  return url;
}

/** The address is not repeated: the message must not hold what it warns of. */
const secret = (place: string, what: string): OnparError =>
  new OnparError({
    code: 'served-address',
    message: `the address of ${place} holds ${what}, which would stand in every report`,
    fix: `give a token by the name of its environment variable: ${TOKEN_OPTION}`,
  });

function grpcAddress(spec: string, [, tls, host = '', path = '']: RegExpExecArray): ServedAddress {
  const [, model, version] = /^\/([^/]+)(?:\/versions\/([^/]+))?\/?$/.exec(path) ?? [];
  if (host.includes('@')) throw secret(host.replace(/^.*@/, ''), 'a user name or password');
  if (!/:\d+$/.test(host) || model === undefined)
    throw bad(
      spec,
      'names no port or no model',
      'write oip+grpc://HOST:PORT/NAME, with TLS oip+grpcs://HOST:PORT/NAME',
    );
  return {
    protocol: 'oip-grpc',
    base: host,
    secure: tls !== '',
    model: decodeURIComponent(model),
    version: version === undefined ? null : decodeURIComponent(version),
    isLabel: false,
    url: spec,
  };
}
