import { type BrowserLibrary, browserRuntime } from '../browser/runtime.ts';

const LIBRARY: BrowserLibrary = {
  name: 'litertjs-browser',
  library: '@litertjs/core',
  format: 'tflite',
  script: 'litert',
  imports: { '@litertjs/wasm-utils': '@litertjs/wasm-utils/dist/index.js' },
  graphics: ({ accelerator }) => (accelerator === 'webgpu' ? 'webgpu' : 'none'),
};

/** LiteRT.js in a page of a real browser: WebAssembly with XNNPACK, or WebGPU. */
export const litertjsBrowser: ReturnType<typeof browserRuntime> = browserRuntime(LIBRARY);
