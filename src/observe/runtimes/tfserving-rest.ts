import { digestJson } from '../../core/hash.ts';
import type { ServedAddress } from '../../formats/served-address.ts';
import type { IoContract } from '../../records/contract.ts';
import type { NamedTensors } from '../../tensor/tensor.ts';
import type { NodeRuntime, NodeSession } from '../runtime.ts';
import { addressFor } from '../served/address.ts';
import { servedError } from '../served/errors.ts';
import { feedsFor } from '../served/feeds.ts';
import { declaredOutputs } from '../served/guess.ts';
import { Http } from '../served/http.ts';
import { isList, isObject, type Json } from '../served/json-text.ts';
import { servedOptions } from '../served/options.ts';
import { predictBody, readPredictions } from '../served/predict-body.ts';
import { patiently } from '../served/ready.ts';
import { contractOf, DEFAULT_SIGNATURE } from '../served/tensorflow.ts';
import { TFSERVING_REST } from './tfserving-rest.info.ts';

/** A model behind TensorFlow Serving's REST interface, or behind one that speaks it (OpenVINO Model Server, KServe V1). */
export const tfservingRest: NodeRuntime = {
  name: TFSERVING_REST.name,
  version: 'v1',
  async open(path, options): Promise<NodeSession> {
    const address = addressFor(
      'tfserving-rest',
      path,
      'tfserving:http://HOST/v1/models/NAME, with /versions/N for one',
    );
    const common = servedOptions(options);
    const http = new Http(common);
    const signature = (options.signature as string | undefined) ?? DEFAULT_SIGNATURE;
    const { metadata, version } = await patiently(common.waitMs, () => look(http, address));
    const url = modelUrl(address);
    const contract: IoContract =
      metadata === null
        ? { inputs: [], outputs: [], names: 'none' }
        : contractOf(`${url}/metadata`, metadata, signature);
    const layout =
      options.layout === 'rows' || (options.layout !== 'columns' && metadata === null) ? 'rows' : 'columns';
    const dtypes = new Map([
      ...contract.outputs.map(({ name, dtype }) => [name, dtype] as const),
      ...declaredOutputs(options),
    ]);
    return {
      contract,
      version: version === null ? 'unknown version' : `model ${version}`,
      facts: {
        protocol: 'TensorFlow Serving, REST',
        modelVersion: version,
        signature: metadata === null ? null : signature,
        metadata: digestJson(contract),
        layout,
      },
      async run(inputs: NamedTensors): Promise<NamedTensors> {
        const body = predictBody(feedsFor(contract.inputs, inputs), layout, metadata === null ? null : signature);
        const reply = await http.ask(`${url}:predict`, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        });
        if (reply.status !== 200) throw http.refusal(`${url}:predict`, reply);
        return readPredictions(`${url}:predict`, http.json(`${url}:predict`, reply), contract, dtypes);
      },
      close: async () => {},
    };
  },
};

const modelUrl = ({ base, model, version, isLabel }: ServedAddress): string =>
  `${base}/v1/models/${encodeURIComponent(model)}${version === null ? '' : `/${isLabel ? 'labels' : 'versions'}/${encodeURIComponent(version)}`}`;

/** State and signatures of the model; no signatures where the server has no `/metadata`, as KServe's own. */
async function look(http: Http, address: ServedAddress): Promise<{ metadata: Json | null; version: string | null }> {
  const url = modelUrl(address);
  const reply = await http.ask(url);
  if (reply.status === 404 || reply.status === 400) {
    throw servedError(
      'served-model-unknown',
      http.refusal(url, reply).message,
      'check name and version in the address: …/v1/models/NAME/versions/N',
    );
  }
  if (reply.status !== 200) throw http.refusal(url, reply);
  const told = http.json(url, reply);
  const metadata = await http.ask(`${url}/metadata`);
  if (metadata.status !== 200 && metadata.status !== 404) throw http.refusal(`${url}/metadata`, metadata);
  const version = availableVersion(url, told);
  return { metadata: metadata.status === 200 ? http.json(`${url}/metadata`, metadata) : null, version };
}

/** The version that is served. OnparError `served-not-ready` with the state of the one that is not. */
function availableVersion(url: string, told: Json): string | null {
  const wait = 'give it time with the option `wait`; the server’s log tells why a model does not load';
  if (isObject(told) && told.ready === false)
    throw servedError('served-not-ready', `${url}: the model is not ready`, wait);
  const states = isObject(told) && isList(told.model_version_status) ? told.model_version_status : [];
  const all = states.filter(isObject);
  const available = all.filter(({ state }) => state === 'AVAILABLE').map(({ version }) => String(version));
  if (all.length === 0) return null;
  if (available.length > 0) return available.sort((a, b) => Number(b) - Number(a))[0] ?? null;
  const [first] = all;
  const why = isObject(first?.status) ? String(first.status.error_message ?? '') : '';
  throw servedError(
    'served-not-ready',
    `${url}: version ${String(first?.version)} is ${String(first?.state)}${why === '' ? '' : `: ${why}`}`,
    wait,
  );
}
