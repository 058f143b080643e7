import { parseServedAddress } from '../../formats/served-address.ts';
import type { NamedTensors } from '../../tensor/tensor.ts';
import type { NodeRuntime, NodeSession } from '../runtime.ts';
import { servedError } from '../served/errors.ts';
import { declaredOutputs } from '../served/guess.ts';
import { Http } from '../served/http.ts';
import { type Body, CONTENT_TYPES, type Content, invocationBody, readInvocation } from '../served/invocation-body.ts';
import { servedOptions } from '../served/options.ts';
import { patiently } from '../served/ready.ts';
import { SAGEMAKER } from './sagemaker.info.ts';

/**
 * A model behind `/invocations` and `/ping`, as SageMaker's containers and MLflow's server have them. Nothing there tells
 * inputs or outputs: they come from the suite, the data, or the other side.
 */
export const sagemaker: NodeRuntime = {
  name: SAGEMAKER.name,
  version: '1',
  async open(path, options): Promise<NodeSession> {
    const { protocol, base } = parseServedAddress(path);
    if (protocol !== 'sagemaker' && protocol !== null)
      throw servedError(
        'served-address',
        `${path} is no address of \`sagemaker\``,
        'write sagemaker:http://HOST/invocations',
      );
    const common = servedOptions(options);
    const http = new Http(common);
    const content = (options.content as Content | undefined) ?? 'json';
    const body = (options.body as Body | undefined) ?? 'list';
    const accept = (options.accept as Content | undefined) ?? content;
    const declared = new Map(declaredOutputs(options));
    // An address of its own path is asked there, whatever it is called.
    const url = protocol === null ? base : `${base}/invocations`;
    if (options.ping !== false && protocol !== null) await patiently(common.waitMs, () => ping(http, `${base}/ping`));
    return {
      contract: { inputs: [], outputs: [], names: 'none' },
      version: 'unknown version',
      facts: {
        protocol: 'SageMaker invocations',
        content: CONTENT_TYPES[content],
        accept: CONTENT_TYPES[accept],
        body: content === 'json' ? body : null,
      },
      async run(inputs: NamedTensors): Promise<NamedTensors> {
        const reply = await http.ask(url, {
          method: 'POST',
          body: invocationBody([...inputs], content, body, options.csvHeader === true),
          headers: { 'content-type': CONTENT_TYPES[content], accept: CONTENT_TYPES[accept] },
        });
        if (reply.status !== 200) throw http.refusal(url, reply);
        return readInvocation(http, url, reply, declared);
      },
      close: async () => {},
    };
  },
};

async function ping(http: Http, url: string): Promise<void> {
  const reply = await http.ask(url);
  if (reply.status === 200) return;
  if (reply.status === 401 || reply.status === 403) throw http.refusal(url, reply);
  if (reply.status === 404) {
    throw servedError(
      'served-model-unknown',
      `${url}: 404`,
      'check the address; for a server without /ping: options: { ping: false }',
    );
  }
  throw servedError('served-not-ready', `${url}: ${reply.status}`, 'give it time with the option `wait`');
}
