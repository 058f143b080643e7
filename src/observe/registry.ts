import type { RuntimeInfo } from '../records/catalogue.ts';
import type { NodeRuntime, Packages } from './runtime.ts';
import { OIP_GRPC } from './runtimes/oip-grpc.info.ts';
import { OIP_REST } from './runtimes/oip-rest.info.ts';
import { ONNXRUNTIME_NODE } from './runtimes/onnxruntime-node.info.ts';
import { SAGEMAKER } from './runtimes/sagemaker.info.ts';
import { TFSERVING_REST } from './runtimes/tfserving-rest.info.ts';

/** Loads a runtime with the packages it is given; called once a model is opened. */
type Load = (packages: Packages) => Promise<NodeRuntime>;

/** Runtimes that use packages which onpar itself depends on: what planning needs to know of them. */
export const OWN_RUNTIMES: readonly RuntimeInfo[] = [ONNXRUNTIME_NODE, OIP_REST, OIP_GRPC, TFSERVING_REST, SAGEMAKER];

/** The file of every runtime of the Node host. Those of toolchains are declared in their `toolchain.json`. One line each. */
export const NODE_RUNTIMES: Readonly<Record<string, Load>> = {
  'onnxruntime-node': async (packages) => (await import('./runtimes/onnxruntime-node.ts')).onnxruntimeNode(packages),
  sharp: async (packages) => (await import('./runtimes/sharp.ts')).sharpImages(packages),
  'tokenizers-js': async (packages) => (await import('./runtimes/tokenizers-js.ts')).tokenizersJs(packages),
  'litert-node': async (packages) => (await import('./runtimes/litert-node.ts')).litertNode(packages),
  litertjs: async (packages) => (await import('./runtimes/litertjs.ts')).litertjs(packages),
  'onnxruntime-web': async (packages) => (await import('./runtimes/onnxruntime-web.ts')).onnxruntimeWeb(packages),
  'oip-rest': async () => (await import('./runtimes/oip-rest.ts')).oipRest,
  'oip-grpc': async () => (await import('./runtimes/oip-grpc.ts')).oipGrpc,
  'tfserving-rest': async () => (await import('./runtimes/tfserving-rest.ts')).tfservingRest,
  sagemaker: async () => (await import('./runtimes/sagemaker.ts')).sagemaker,
  'onnxruntime-web-browser': async (packages) =>
    (await import('./runtimes/onnxruntime-web-browser.ts')).onnxruntimeWebBrowser(packages),
  'tfjs-browser': async (packages) => (await import('./runtimes/tfjs-browser.ts')).tfjsBrowser(packages),
  'litertjs-browser': async (packages) => (await import('./runtimes/litertjs-browser.ts')).litertjsBrowser(packages),
  tfjs: async (packages) => (await import('./runtimes/tfjs.ts')).tfjs(packages),
  'tfjs-node': async (packages) => (await import('./runtimes/tfjs-node.ts')).tfjsNode(packages),
};
