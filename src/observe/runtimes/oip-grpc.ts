import { digestJson } from '../../core/hash.ts';
import type { ServedAddress } from '../../formats/served-address.ts';
import type { IoContract } from '../../records/contract.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import type { NodeRuntime, NodeSession } from '../runtime.ts';
import { addressFor } from '../served/address.ts';
import { servedError } from '../served/errors.ts';
import { feedsFor } from '../served/feeds.ts';
import { Grpc } from '../served/grpc.ts';
import { inOrder } from '../served/in-order.ts';
import { datatypeOf, specOf, toRaw } from '../served/oip.ts';
import { outputsOf, typedContents } from '../served/oip-messages.ts';
import { OneVersion } from '../served/one-version.ts';
import {
  ModelInferRequestSchema,
  ModelInferResponseSchema,
  ModelMetadataRequestSchema,
  type ModelMetadataResponse,
  ModelMetadataResponseSchema,
  ModelReadyRequestSchema,
  ModelReadyResponseSchema,
  ServerMetadataRequestSchema,
  type ServerMetadataResponse,
  ServerMetadataResponseSchema,
} from '../served/open-inference.generated.ts';
import { servedOptions } from '../served/options.ts';
import { patiently } from '../served/ready.ts';
import { OIP_GRPC } from './oip-grpc.info.ts';

/** A model that a server of the Open Inference Protocol v2 offers over gRPC. */
export const oipGrpc: NodeRuntime = {
  name: OIP_GRPC.name,
  version: 'v2',
  async open(path, options): Promise<NodeSession> {
    const address = addressFor('oip-grpc', path, 'oip+grpc://HOST:PORT/NAME, with /versions/N for one version');
    const common = servedOptions(options);
    const grpc = new Grpc(address.base, address.secure, common);
    try {
      const [server, metadata] = await patiently(common.waitMs, () => look(grpc, address));
      const contract = contractOf(metadata);
      const versions = new OneVersion();
      return {
        contract,
        version: `${server.name} ${server.version}`.trim() || 'unknown server',
        facts: {
          protocol: 'Open Inference Protocol v2, gRPC',
          server: server.name,
          serverVersion: server.version,
          platform: metadata.platform,
          modelVersion: address.version,
          modelVersions: [...metadata.versions],
          metadata: digestJson(contract),
          tensors: options.tensors ?? 'raw',
        },
        async run(inputs: NamedTensors): Promise<NamedTensors> {
          const feeds = feedsFor(contract.inputs, inputs);
          const reply = await grpc.call(
            'ModelInfer',
            ModelInferRequestSchema,
            { ...named(address), ...tensorsOf(feeds, options.tensors === 'typed') },
            ModelInferResponseSchema,
          );
          versions.check(reply.modelVersion);
          return inOrder(contract, outputsOf(reply, address.base));
        },
        close: async () => grpc.close(),
      };
    } catch (error) {
      grpc.close();
      throw error;
    }
  },
};

const named = ({ model, version }: ServedAddress) => ({ modelName: model, modelVersion: version ?? '' });

/** All as bytes, or all as lists: the protocol takes no mixture. */
function tensorsOf(feeds: readonly (readonly [string, Tensor])[], isTyped: boolean) {
  const lists = isTyped ? feeds.map(([, tensor]) => typedContents(tensor)) : [];
  const typed = isTyped && lists.every((list) => list !== null);
  return {
    inputs: feeds.map(([name, { dtype, shape }], i) => ({
      name,
      datatype: datatypeOf(dtype),
      shape: shape.map(BigInt),
      ...(typed ? { contents: lists[i] as object } : {}),
    })),
    rawInputContents: typed ? [] : feeds.map(([, tensor]) => new Uint8Array(toRaw(tensor))),
  };
}

async function look(grpc: Grpc, address: ServedAddress): Promise<[ServerMetadataResponse, ModelMetadataResponse]> {
  const { model: name } = address;
  const version = address.version ?? '';
  const metadata = await grpc.call(
    'ModelMetadata',
    ModelMetadataRequestSchema,
    { name, version },
    ModelMetadataResponseSchema,
  );
  const { ready } = await grpc.call('ModelReady', ModelReadyRequestSchema, { name, version }, ModelReadyResponseSchema);
  if (!ready)
    throw servedError(
      'served-not-ready',
      `${address.base}: model ${name} is not ready`,
      'give it time with the option `wait`',
    );
  return [await grpc.call('ServerMetadata', ServerMetadataRequestSchema, {}, ServerMetadataResponseSchema), metadata];
}

function contractOf({ inputs, outputs }: ModelMetadataResponse): IoContract {
  const specs = (side: ModelMetadataResponse['inputs']) =>
    side.map(({ name, datatype, shape }) => specOf(name, datatype, shape.map(Number)));
  return {
    inputs: specs(inputs),
    outputs: specs(outputs),
    names: inputs.length + outputs.length > 0 ? 'declared' : 'none',
  };
}
