import type { RuntimeInfo } from '../records/catalogue.ts';
import type { NodeRuntime } from './runtime.ts';
import { ONNXRUNTIME_NODE } from './runtimes/onnxruntime-node.info.ts';

/** Runtimes of the Node host: what planning needs to know, and the file to load once a model is opened. One line each. */
export const NODE_RUNTIMES: readonly { readonly info: RuntimeInfo; readonly load: () => Promise<NodeRuntime> }[] = [
  { info: ONNXRUNTIME_NODE, load: async () => (await import('./runtimes/onnxruntime-node.ts')).onnxruntimeNode },
];
