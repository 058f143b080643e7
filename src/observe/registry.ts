import type { RuntimeInfo } from '../records/catalogue.ts';
import type { NodeRuntime } from './runtime.ts';
import { OIP_GRPC } from './runtimes/oip-grpc.info.ts';
import { OIP_REST } from './runtimes/oip-rest.info.ts';
import { ONNXRUNTIME_NODE } from './runtimes/onnxruntime-node.info.ts';
import { SAGEMAKER } from './runtimes/sagemaker.info.ts';
import { TFSERVING_REST } from './runtimes/tfserving-rest.info.ts';

/** Runtimes of the Node host: what planning needs to know, and the file to load once a model is opened. One line each. */
export const NODE_RUNTIMES: readonly { readonly info: RuntimeInfo; readonly load: () => Promise<NodeRuntime> }[] = [
  { info: ONNXRUNTIME_NODE, load: async () => (await import('./runtimes/onnxruntime-node.ts')).onnxruntimeNode },
  { info: OIP_REST, load: async () => (await import('./runtimes/oip-rest.ts')).oipRest },
  { info: OIP_GRPC, load: async () => (await import('./runtimes/oip-grpc.ts')).oipGrpc },
  { info: TFSERVING_REST, load: async () => (await import('./runtimes/tfserving-rest.ts')).tfservingRest },
  { info: SAGEMAKER, load: async () => (await import('./runtimes/sagemaker.ts')).sagemaker },
];
