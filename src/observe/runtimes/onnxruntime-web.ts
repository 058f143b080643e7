import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { externalDataFiles } from '../../formats/onnx/external-data.ts';
import { contractOf, loadError, type Ort, runSession } from '../ort/session.ts';
import type { NodeRuntime, NodeSession, Packages } from '../runtime.ts';

type OrtWeb = typeof import('onnxruntime-node') & { readonly env: { wasm: { numThreads?: number } } };

/** Runs ONNX models with onnxruntime's WebAssembly build inside Node: what a browser's CPU would compute. */
export async function onnxruntimeWeb(packages: Packages): Promise<NodeRuntime> {
  const { InferenceSession: Session, Tensor, env } = packages.require('onnxruntime-web') as OrtWeb;
  const version = packages.version('onnxruntime-web');
  const ort: Ort = { name: 'onnxruntime-web', version, Tensor };
  return {
    name: ort.name,
    version,
    async open(path, { numThreads = 1, ...options }): Promise<NodeSession> {
      // Read once, when the first session is made.
      env.wasm.numThreads = numThreads as number;
      let session: InferenceSession;
      try {
        session = await Session.create(new Uint8Array(readFileSync(path)), {
          executionProviders: ['wasm'],
          externalData: externalDataFiles(path).map((name) => ({
            path: name,
            data: new Uint8Array(readFileSync(join(dirname(path), name))),
          })),
          ...options,
        } as InferenceSession.SessionOptions);
      } catch (error) {
        throw loadError(ort, path, error);
      }
      const contract = contractOf(ort, session, path);
      return {
        contract,
        facts: {
          graphOptimizationLevel: options.graphOptimizationLevel ?? 'all',
          threads: numThreads,
          provider: 'wasm',
        },
        run: (inputs) => runSession(ort, session, contract, inputs),
        close: () => session.release(),
      };
    },
  };
}
