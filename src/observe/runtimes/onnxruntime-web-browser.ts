import { type BrowserLibrary, browserRuntime } from '../browser/runtime.ts';

const LIBRARY: BrowserLibrary = {
  name: 'onnxruntime-web-browser',
  library: 'onnxruntime-web',
  format: 'onnx',
  script: 'ort',
  graphics: ({ executionProvider }) =>
    executionProvider === 'webgpu' || executionProvider === 'webgl' ? executionProvider : 'none',
};

/** Runs ONNX models with onnxruntime-web in a page of a real browser: WebAssembly, WebGPU or WebGL, as users get it. */
export const onnxruntimeWebBrowser: ReturnType<typeof browserRuntime> = browserRuntime(LIBRARY);
