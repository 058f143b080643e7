import { parseTfjs } from '../../../formats/tfjs/model-json.ts';
import { openTfjs } from '../../tfjs/session.ts';
import type { Tf, TfTensor } from '../../tfjs/tf.ts';
import { loadScript } from './script.ts';
import { type ModelFiles, serve } from './serve.ts';

/** What only pages use of the `tf` namespace. */
interface PageTf extends Tf {
  env(): { set(flag: string, value: boolean): void; get(flag: string): unknown };
  mul(a: TfTensor, b: TfTensor): TfTensor;
  readonly wasm: { setWasmPaths(prefix: string): void; setThreadsCount(count: number): void };
}

const PACKAGES = '/packages/@tensorflow/';
const WASM = `${PACKAGES}tfjs-backend-wasm/dist/`;

/** Scripts beside the library's own, which brings `cpu` and `webgl`. */
const BACKENDS: Readonly<Record<string, string>> = {
  wasm: `${WASM}tf-backend-wasm.min.js`,
  webgpu: `${PACKAGES}tfjs-backend-webgpu/dist/tf-backend-webgpu.min.js`,
};

serve(async (files, { path, version, options }) => {
  const backend = String(options.backend ?? 'wasm');
  const threads = Number(options.numThreads ?? 1);
  const half = options.float16Textures === true;
  await loadScript(`${PACKAGES}tfjs/dist/tf.min.js`);
  const tf = (globalThis as unknown as { tf: PageTf }).tf;
  tf.enableProdMode();
  if (BACKENDS[backend] !== undefined) await loadScript(BACKENDS[backend]);
  if (backend === 'wasm') {
    tf.wasm.setWasmPaths(WASM);
    // One thread is what pages without cross-origin isolation get: the build without shared memory.
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', threads > 1);
    tf.wasm.setThreadsCount(threads);
  }
  if (backend === 'webgl') tf.env().set('WEBGL_FORCE_F16_TEXTURES', half);
  const model = await read(files, path);
  const session = await openTfjs({ tf, label: `tfjs ${version}`, backend }, { path, ...model });
  const isHalf = (backend === 'webgl' || backend === 'webgpu') && (await losesBits(tf));
  return {
    contract: session.contract,
    facts: {
      ...session.facts,
      ...(backend === 'wasm' ? { threads } : {}),
      ...(backend === 'webgl' ? { webgl: tf.env().get('WEBGL_VERSION'), packed: tf.env().get('WEBGL_PACK') } : {}),
      ...(isHalf ? { computesIn: 'float16' } : {}),
      ...(half ? { declaredPrecision: 'float16' } : {}),
    },
    run: session.run,
  };
});

/**
 * Whether a product loses what float16 does not hold: 1 + 2⁻¹² has two bits too many for its mantissa of ten. Measured,
 * because the library's own answer (`floatPrecision`) is 16 on devices with float32 textures (4.22, backend_webgl.ts).
 */
async function losesBits(tf: PageTf): Promise<boolean> {
  // Small tensors would otherwise be multiplied by the processor.
  const forward = tf.env().get('WEBGL_CPU_FORWARD') as boolean;
  tf.env().set('WEBGL_CPU_FORWARD', false);
  const value = 1 + 2 ** -12;
  const factors = [value, 1].map((x) => tf.tensor(Float32Array.of(x), [1], 'float32')) as [TfTensor, TfTensor];
  const product = tf.mul(...factors);
  try {
    return (await product.data())[0] !== value;
  } finally {
    for (const tensor of [...factors, product]) tensor.dispose();
    tf.env().set('WEBGL_CPU_FORWARD', forward);
  }
}

/** The model.json comes first; its weight files are checked before a page gets them. */
async function read(files: ModelFiles, path: string) {
  const [main] = files.values();
  const json = parseTfjs(await (main as File).text(), path);
  const names = json.weightsManifest.flatMap(({ paths }) => paths.map(String));
  const weights = await new Blob(names.map((name) => files.get(name) as File)).arrayBuffer();
  return { json, weights: new Uint8Array(weights) };
}
