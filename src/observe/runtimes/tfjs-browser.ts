import { readTfjs } from '../../formats/tfjs/weights.ts';
import { type BrowserLibrary, browserRuntime } from '../browser/runtime.ts';

const LIBRARY: BrowserLibrary = {
  name: 'tfjs-browser',
  library: '@tensorflow/tfjs',
  format: 'tfjs',
  script: 'tfjs',
  check: (path) => void readTfjs(path),
  graphics: ({ backend }) => (backend === 'webgl' || backend === 'webgpu' ? backend : 'none'),
};

/** TensorFlow.js in a page of a real browser: WebAssembly, WebGL, WebGPU or plain JavaScript. */
export const tfjsBrowser: ReturnType<typeof browserRuntime> = browserRuntime(LIBRARY);
