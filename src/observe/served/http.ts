import { setTimeout as sleep } from 'node:timers/promises';
import { OnparError } from '../../core/errors.ts';
import { TOKEN_OPTION } from '../../formats/served-address.ts';
import { servedError } from './errors.ts';
import { isObject, type Json, JsonNumber, parseJson } from './json-text.ts';
import type { ServedOptions } from './options.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly contentType: string;
}

interface Request {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

/** Answers that say "not now": the same request may succeed. */
const PASSING: ReadonlySet<number> = new Set([429, 502, 503, 504]);
/** Between two tries, doubled each time; a `Retry-After` of the server's wins, up to its limit. */
const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

/** Asks a server over HTTP: with time limit, retries and a bound on the answer; redirects are not followed. */
export class Http {
  readonly #options: ServedOptions;

  constructor(options: ServedOptions) {
    this.#options = options;
  }

  /** Whatever status it answers. OnparError `served-unreachable`, `served-timeout`, `served-redirected` or `served-oversized`. */
  async ask(url: string, request: Request = {}): Promise<Reply> {
    for (let attempt = 0; ; attempt++) {
      const last = attempt >= this.#options.retries;
      try {
        const reply = await this.#once(url, request);
        if (last || !PASSING.has(reply.status)) return reply;
        await sleep(pauseOf(reply.headers.get('retry-after'), attempt));
      } catch (error) {
        if (last || !(error instanceof OnparError) || error.code !== 'served-unreachable') throw error;
        await sleep(pauseOf(null, attempt));
      }
    }
  }

  async #once(url: string, { method = 'GET', headers = {}, body }: Request): Promise<Reply> {
    const { timeoutMs, headers: own, redact } = this.#options;
    const where = `${method} ${url}`;
    let response: Response;
    try {
      response = await fetch(url, {
        method,
        headers: { accept: 'application/json', ...headers, ...own },
        ...(body === undefined ? {} : { body }),
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (response.status >= 300 && response.status < 400) {
        const to = redact(response.headers.get('location') ?? 'nowhere');
        await response.body?.cancel();
        throw servedError(
          'served-redirected',
          `${where}: the server sends us on to ${to} (${response.status})`,
          'name the address that answers itself: headers and tensors are not handed on to another place',
        );
      }
      const bytes = await this.#read(where, response);
      return {
        status: response.status,
        headers: response.headers,
        body: bytes,
        contentType: response.headers.get('content-type') ?? '',
      };
    } catch (error) {
      throw this.#explain(where, error);
    }
  }

  async #read(where: string, response: Response): Promise<Uint8Array> {
    const { maxBytes } = this.#options;
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of response.body ?? []) {
      size += (part as Uint8Array).byteLength;
      if (size > maxBytes) {
        throw servedError(
          'served-oversized',
          `${where}: the answer is larger than ${maxBytes / 1024 ** 2} MB`,
          'raise the option `maxMegabytes` if that is right, or try smaller sizes (--dim)',
        );
      }
      parts.push(part as Uint8Array);
    }
    return Buffer.concat(parts);
  }

  #explain(where: string, error: unknown): OnparError {
    if (error instanceof OnparError) return error;
    const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
    if (name === 'TimeoutError') {
      return servedError(
        'served-timeout',
        `${where}: no answer within ${this.#options.timeoutMs / 1000} s`,
        'raise the option `timeout` if the model is only slow',
      );
    }
    const reason = [cause?.code, cause?.message ?? message].filter((text) => text !== undefined).join(': ');
    const isTls = /CERT|SSL|TLS|SELF_SIGNED|ALTNAME/i.test(cause?.code ?? '');
    return servedError(
      'served-unreachable',
      `${where}: ${this.#options.redact(reason)}`,
      isTls
        ? 'name the authority that signed its certificate: NODE_EXTRA_CA_CERTS=ca.pem'
        : 'start the server, check host and port, or give it time with the option `wait`',
    );
  }

  /** Says why a server did not do what it was asked: the text of its error, with secrets taken out. */
  refusal(where: string, reply: Reply): OnparError {
    const { status } = reply;
    const text = this.#options.redact(errorText(reply));
    const message = `${where}: ${status}${text === '' ? '' : `: ${text}`}`;
    if (status === 401 || status === 403 || status === 407) {
      return servedError('served-refused', message, `give the token that the server wants: ${TOKEN_OPTION}`);
    }
    if (status === 413)
      return servedError(
        'served-oversized',
        message,
        'the server takes no body of that size: try smaller sizes (--dim)',
      );
    return servedError('served-failed', message, 'the server’s own log tells more');
  }

  /** The JSON of an answer. OnparError `served-garbage` for HTML and for anything else that is none. */
  json(where: string, reply: Reply, length = reply.body.byteLength): Json {
    try {
      return parseJson(decodeUtf8(reply.body.subarray(0, length)));
    } catch (error) {
      const isHtml =
        /html/i.test(reply.contentType) || /^\s*</.test(Buffer.from(reply.body.subarray(0, 64)).toString());
      throw servedError(
        'served-garbage',
        isHtml
          ? `${where}: answers a web page${titleOf(reply)} instead of JSON`
          : `${where}: ${this.#options.redact((error as Error).message)}`,
        isHtml
          ? 'something else than the model server listens there (a proxy, a login page): check host, port and path'
          : 'look at the server’s log; is it the protocol that this address stands for?',
      );
    }
  }
}

export const decodeUtf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

function pauseOf(retryAfter: string | null, attempt: number): number {
  const seconds = retryAfter === null ? Number.NaN : Number(retryAfter);
  const wanted = Number.isFinite(seconds) ? seconds * 1000 : PAUSE_MS * 2 ** attempt;
  return Math.min(Math.max(wanted, 0), LONGEST_PAUSE_MS);
}

const titleOf = (reply: Reply): string => {
  const title = /<title>\s*([^<]{1,80})/i.exec(Buffer.from(reply.body.subarray(0, 4096)).toString())?.[1]?.trim();
  return title === undefined ? '' : ` (“${title}”)`;
};

/** `{"error": …}` of OIP and TensorFlow Serving, `message` of MLflow, `detail` of FastAPI; else the start of the text. */
function errorText(reply: Reply): string {
  const text = Buffer.from(reply.body.subarray(0, 4096)).toString();
  if (/^\s*<|html/i.test(text.slice(0, 200))) return `a web page${titleOf(reply)}`;
  let found: Json | undefined;
  try {
    const json = parseJson(text);
    if (isObject(json)) found = json.error ?? json.message ?? json.detail;
  } catch {
    // Plain text is an answer too.
  }
  const said = typeof found === 'string' ? found : found instanceof JsonNumber ? found.text : text;
  return said.trim().replaceAll(/\s+/g, ' ').slice(0, 400);
}
