import { readTfjs } from '../../formats/tfjs/weights.ts';
import type { NodeRuntime, NodeSession, Packages } from '../runtime.ts';
import { openTfjs } from '../tfjs/session.ts';
import type { Tf } from '../tfjs/tf.ts';

interface Wasm {
  setWasmPaths(prefix: string): void;
}

/** TensorFlow.js in plain Node: the WebAssembly backend that pages use, or the one in JavaScript alone. */
export async function tfjs({ require: load, folder, version: versionOf }: Packages): Promise<NodeRuntime> {
  const version = versionOf('@tensorflow/tfjs-core');
  const tf = {
    ...load('@tensorflow/tfjs-core'),
    ...load('@tensorflow/tfjs-converter'),
    ...load('@tensorflow/tfjs-layers'),
  } as Tf;
  // Before the backends: they give advice when they are registered.
  tf.enableProdMode();
  load('@tensorflow/tfjs-backend-cpu');
  const wasm = load('@tensorflow/tfjs-backend-wasm') as Wasm;
  wasm.setWasmPaths(`${folder('@tensorflow/tfjs-backend-wasm')}/dist/`);
  return {
    name: 'tfjs',
    version,
    async open(path, { backend = 'wasm' }): Promise<NodeSession> {
      const model = readTfjs(path);
      return openTfjs({ tf, label: `tfjs ${version}`, backend: String(backend) }, { path, ...model });
    },
  };
}
