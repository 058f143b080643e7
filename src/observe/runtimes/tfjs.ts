import { readTfjs } from '../../formats/tfjs/weights.ts';
import type { NodeRuntime, NodeSession, Packages } from '../runtime.ts';
import { openTfjs } from '../tfjs/session.ts';
import type { Tf } from '../tfjs/tf.ts';

interface Wasm {
  setWasmPaths(prefix: string): void;
}

/** TensorFlow.js in plain Node: the WebAssembly backend that pages use, or the one in JavaScript alone. */
export async function tfjs(packages: Packages): Promise<NodeRuntime> {
  const version = packages.version('@tensorflow/tfjs-core');
  const tf = {
    ...packages.require('@tensorflow/tfjs-core'),
    ...packages.require('@tensorflow/tfjs-converter'),
    ...packages.require('@tensorflow/tfjs-layers'),
  } as Tf;
  // Before the backends: they give advice when they are registered.
  tf.enableProdMode();
  packages.require('@tensorflow/tfjs-backend-cpu');
  const wasm = packages.require('@tensorflow/tfjs-backend-wasm') as Wasm;
  wasm.setWasmPaths(`${packages.folder('@tensorflow/tfjs-backend-wasm')}/dist/`);
  return {
    name: 'tfjs',
    version,
    async open(path, { backend = 'wasm' }): Promise<NodeSession> {
      const model = readTfjs(path);
      return openTfjs({ tf, label: `tfjs ${version}`, backend: String(backend) }, { path, ...model });
    },
  };
}
