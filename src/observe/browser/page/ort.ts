import type { InferenceSession } from 'onnxruntime-node';
import { OnparError } from '../../../core/errors.ts';
import { contractOf, loadError, type Ort, runSession } from '../../ort/session.ts';
import { serve } from './serve.ts';

type OrtWeb = typeof import('onnxruntime-node') & {
  readonly env: { readonly wasm: { numThreads?: number; wasmPaths?: string } };
};

const DIST = '/packages/onnxruntime-web/dist/';

/** A page that uses one provider loads the build made for it. */
const BUILDS: Readonly<Record<string, string>> = {
  wasm: 'ort.wasm.bundle.min.mjs',
  webgpu: 'ort.webgpu.bundle.min.mjs',
  // The build for WebGL alone cannot tell what a model takes and gives.
  webgl: 'ort.all.bundle.min.mjs',
};

serve(async (files, { path, names, version, options }) => {
  const { executionProvider = 'wasm', numThreads = 1, ...rest } = options;
  const provider = String(executionProvider);
  const { InferenceSession: Session, Tensor, env } = (await import(`${DIST}${BUILDS[provider]}`)) as OrtWeb;
  env.wasm.wasmPaths = DIST;
  env.wasm.numThreads = Number(numThreads);
  const ort: Ort = { name: 'onnxruntime-web', version, Tensor };
  const [main, ...external] = names.map((name) => ({ path: name, data: files.get(name) as File }));
  const create = async (on: string): Promise<InferenceSession> => {
    try {
      return await Session.create(URL.createObjectURL(main?.data as File), {
        executionProviders: [on],
        externalData: external,
        ...rest,
      } as unknown as InferenceSession.SessionOptions);
    } catch (error) {
      throw unavailable(on, error) ?? loadError(ort, path, error);
    }
  };
  const session = await create(provider);
  // The WebGL backend keeps no metadata; what the model declares is the same wherever it runs.
  const described = provider === 'webgl' ? await create('wasm') : session;
  const contract = contractOf(ort, described, path);
  if (described !== session) await described.release();
  return {
    contract,
    facts: {
      provider,
      graphOptimizationLevel: rest.graphOptimizationLevel ?? 'all',
      // Set back to 1 by the library where the page gets no shared memory.
      threads: env.wasm.numThreads,
    },
    run: (inputs) => runSession(ort, session, contract, inputs),
  };
});

/** A backend that does not start is no fault of the model. */
function unavailable(provider: string, error: unknown): OnparError | undefined {
  const text = String((error as Error).message ?? error);
  if (!/no available backend found|Failed to get GPU adapter|WebGPU is not supported/i.test(text)) return undefined;
  return new OnparError({
    code: 'runtime-unavailable',
    message: `onnxruntime-web cannot use ${provider} in this browser: ${text.slice(0, 300)}`,
    fix: 'choose another executionProvider, or a machine whose browser has it',
    exitCode: 3,
    cause: error,
  });
}
