import { digestJson } from '../../core/hash.ts';
import type { ServedAddress } from '../../formats/served-address.ts';
import type { IoContract, TensorSpec } from '../../records/contract.ts';
import type { NamedTensors } from '../../tensor/tensor.ts';
import type { NodeRuntime, NodeSession } from '../runtime.ts';
import { addressFor } from '../served/address.ts';
import { servedError } from '../served/errors.ts';
import { feedsFor } from '../served/feeds.ts';
import { Http } from '../served/http.ts';
import { inOrder } from '../served/in-order.ts';
import { isList, isObject, type Json, JsonNumber } from '../served/json-text.ts';
import { specOf } from '../served/oip.ts';
import { type InferReply, inferBody, readInferReply } from '../served/oip-body.ts';
import { OneVersion } from '../served/one-version.ts';
import { servedOptions } from '../served/options.ts';
import { patiently } from '../served/ready.ts';
import { OIP_REST } from './oip-rest.info.ts';

type Told = { readonly [name: string]: Json };

/** A model that a server of the Open Inference Protocol v2 offers over HTTP: Triton, MLServer, KServe, OpenVINO Model Server. */
export const oipRest: NodeRuntime = {
  name: OIP_REST.name,
  version: 'v2',
  async open(path, options): Promise<NodeSession> {
    const address = addressFor('oip-rest', path, 'http://HOST/v2/models/NAME, with /versions/N for one version');
    const common = servedOptions(options);
    const http = new Http(common);
    const [server, metadata] = await patiently(common.waitMs, () => look(http, address));
    const extensions = isList(server.extensions) ? server.extensions.map(String) : [];
    const binary = options.binary ?? 'auto';
    const isBinary = binary === 'always' || (binary === 'auto' && extensions.includes('binary_tensor_data'));
    const contract = contractOf(metadata);
    const versions = new OneVersion();
    return {
      contract,
      version: `${text(server.name)} ${text(server.version)}`.trim() || 'unknown server',
      facts: {
        protocol: 'Open Inference Protocol v2, REST',
        server: text(server.name),
        serverVersion: text(server.version),
        platform: text(metadata.platform),
        modelVersion: address.version,
        modelVersions: isList(metadata.versions) ? metadata.versions.map(text) : [],
        metadata: digestJson(contract),
        tensors: isBinary ? 'binary' : 'JSON',
      },
      async run(inputs: NamedTensors): Promise<NamedTensors> {
        const reply = await infer(http, address, contract, inputs, isBinary);
        versions.check(reply.version);
        return inOrder(contract, reply.outputs);
      },
      close: async () => {},
    };
  },
};

const text = (value: Json | undefined): string =>
  typeof value === 'string' ? value : value instanceof JsonNumber ? value.text : '';

const modelUrl = ({ base, model, version }: ServedAddress): string =>
  `${base}/v2/models/${encodeURIComponent(model)}${version === null ? '' : `/versions/${encodeURIComponent(version)}`}`;

/** What server and model say of themselves, once both say that they are ready. */
async function look(http: Http, address: ServedAddress): Promise<[Told, Told]> {
  const url = modelUrl(address);
  const health = await http.ask(`${address.base}/v2/health/ready`);
  if (health.status >= 500)
    throw servedError(
      'served-not-ready',
      `${address.base}: the server is not ready (${health.status})`,
      'give it time with the option `wait`',
    );
  const reply = await http.ask(url);
  if (reply.status === 404 || reply.status === 400) {
    const why = http.refusal(url, reply).message;
    throw servedError('served-model-unknown', why, await offered(http, address));
  }
  if (reply.status !== 200) throw http.refusal(url, reply);
  const metadata = http.json(url, reply);
  if (!isObject(metadata))
    throw servedError(
      'served-garbage',
      `${url}: answers no metadata of a model`,
      'is it the protocol of this address?',
    );
  const ready = await http.ask(`${url}/ready`);
  // Not every server has this address; one that has it knows.
  if (ready.status !== 200 && ready.status !== 404 && ready.status !== 405) {
    throw servedError(
      'served-not-ready',
      http.refusal(`${url}/ready`, ready).message,
      'give it time with the option `wait`; the server’s log tells why a model does not load',
    );
  }
  return [await serverMetadata(http, address), metadata];
}

async function serverMetadata(http: Http, { base }: ServedAddress): Promise<Told> {
  const reply = await http.ask(`${base}/v2`);
  if (reply.status !== 200) return {};
  const told = http.json(`${base}/v2`, reply);
  return isObject(told) ? told : {};
}

/** The models that the server has, where it offers the repository extension. */
async function offered(http: Http, { base }: ServedAddress): Promise<string> {
  try {
    const reply = await http.ask(`${base}/v2/repository/index`, {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    });
    const index = reply.status === 200 ? http.json(base, reply) : null;
    const names = isList(index ?? undefined) ? (index as Json[]).flatMap((m) => (isObject(m) ? text(m.name) : [])) : [];
    if (names.length > 0) return `it has ${[...new Set(names)].join(', ')}`;
  } catch {
    // It need not tell.
  }
  return 'check name and version in the address, or load the model on the server';
}

function contractOf(metadata: Told): IoContract {
  const specs = (side: Json | undefined): TensorSpec[] =>
    (isList(side) ? side : []).flatMap((entry) => {
      if (!isObject(entry)) return [];
      const shape = isList(entry.shape) ? entry.shape.map((size) => Number(text(size))) : [];
      return [specOf(text(entry.name), text(entry.datatype), shape)];
    });
  const inputs = specs(metadata.inputs);
  const outputs = specs(metadata.outputs);
  return { inputs, outputs, names: inputs.length + outputs.length > 0 ? 'declared' : 'none' };
}

async function infer(
  http: Http,
  address: ServedAddress,
  contract: IoContract,
  inputs: NamedTensors,
  isBinary: boolean,
): Promise<InferReply> {
  const url = `${modelUrl(address)}/infer`;
  const { body, headers } = inferBody(feedsFor(contract.inputs, inputs), contract.outputs, isBinary);
  const reply = await http.ask(url, { method: 'POST', body, headers });
  if (reply.status !== 200) throw http.refusal(url, reply);
  return readInferReply(http, url, reply);
}
