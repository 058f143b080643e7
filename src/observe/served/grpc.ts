import { readFileSync } from 'node:fs';
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { type ChannelCredentials, Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { OnparError } from '../../core/errors.ts';
import { TOKEN_OPTION } from '../../formats/served-address.ts';
import { servedError } from './errors.ts';
import type { ServedOptions } from './options.ts';

const SERVICE = '/inference.GRPCInferenceService';
/** Doubled with each try, by gRPC's own words for "not now". */
const PAUSE_MS = 200;

/** One connection to an Open Inference Protocol server over gRPC. */
export class Grpc {
  readonly #client: Client;
  readonly #place: string;
  readonly #options: ServedOptions;

  constructor(host: string, secure: boolean, options: ServedOptions) {
    this.#place = host;
    this.#options = options;
    this.#client = new Client(host, secure ? tls() : credentials.createInsecure(), {
      'grpc.max_receive_message_length': options.maxBytes,
      'grpc.max_send_message_length': -1,
      // The address is the server's own: a proxy of the environment would not know a sidecar.
      'grpc.enable_http_proxy': 0,
    });
  }

  /** OnparError of a served code for every status but OK. */
  async call<I extends DescMessage, O extends DescMessage>(
    method: string,
    input: I,
    message: MessageInitShape<I>,
    output: O,
  ): Promise<MessageShape<O>> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(method, input, message, output);
      } catch (error) {
        const failure = error as ServiceError;
        if (failure.code !== status.UNAVAILABLE || attempt >= this.#options.retries)
          throw this.#explain(method, failure);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * 2 ** attempt));
      }
    }
  }

  #once<I extends DescMessage, O extends DescMessage>(
    method: string,
    input: I,
    message: MessageInitShape<I>,
    output: O,
  ): Promise<MessageShape<O>> {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(this.#options.headers)) metadata.set(name.toLowerCase(), value);
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `${SERVICE}/${method}`,
        (value: MessageShape<I>) => Buffer.from(toBinary(input, value)),
        (bytes: Buffer) => fromBinary(output, bytes),
        create(input, message),
        metadata,
        { deadline: Date.now() + this.#options.timeoutMs },
        (error, value) => (error !== null || value === undefined ? reject(error) : resolve(value)),
      );
    });
  }

  #explain(method: string, { code, details, message }: ServiceError): OnparError {
    const where = `${this.#place} ${method}`;
    const said = this.#options.redact((details || message).replaceAll(/\s+/g, ' ').slice(0, 400));
    const text = `${where}: ${status[code] ?? 'no gRPC status'}: ${said}`;
    if (code === status.UNAVAILABLE) {
      return servedError(
        'served-unreachable',
        text,
        /certificate|SSL|TLS/i.test(said)
          ? 'name the authority that signed its certificate: NODE_EXTRA_CA_CERTS=ca.pem'
          : 'start the server, check host and port (of gRPC, not of HTTP), or give it time with the option `wait`',
      );
    }
    if (code === status.DEADLINE_EXCEEDED)
      return servedError(
        'served-timeout',
        `${where}: no answer within ${this.#options.timeoutMs / 1000} s`,
        'raise the option `timeout` if the model is only slow',
      );
    if (code === status.UNAUTHENTICATED || code === status.PERMISSION_DENIED)
      return servedError('served-refused', text, `give the token that the server wants: ${TOKEN_OPTION}`);
    if (code === status.RESOURCE_EXHAUSTED && /larger than max/i.test(said))
      return servedError('served-oversized', text, 'raise the option `maxMegabytes` if that is right');
    if (code === status.NOT_FOUND)
      return servedError(
        'served-model-unknown',
        text,
        'check name and version in the address: oip+grpc://HOST:PORT/NAME/versions/N',
      );
    return servedError('served-failed', text, 'the server’s own log tells more');
  }

  close(): void {
    this.#client.close();
  }
}

/** The system's authorities and those of NODE_EXTRA_CA_CERTS, as for https. */
function tls(): ChannelCredentials {
  const extra = process.env.NODE_EXTRA_CA_CERTS;
  return credentials.createSsl(extra === undefined ? null : readFileSync(extra));
}
