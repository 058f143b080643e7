import { createRequire } from 'node:module';
import type { InferenceSession } from 'onnxruntime-node';
import { contractOf, loadError, type Ort, runSession } from '../ort/session.ts';
import type { NodeRuntime, NodeSession } from '../runtime.ts';
import { ONNXRUNTIME_NODE } from './onnxruntime-node.info.ts';

process.env.ORT_DISABLE_TELEMETRY = '1';
const require = createRequire(import.meta.url);
const { InferenceSession: Session, Tensor } = require('onnxruntime-node') as typeof import('onnxruntime-node');
const { version } = require('onnxruntime-node/package.json') as { version: string };
const ort: Ort = { name: ONNXRUNTIME_NODE.name, version, Tensor };

/** ORT logs to the terminal; errors (3) are enough, and they come as exceptions anyway. */
const LOG_ERRORS = 3;

/**
 * ORT's threads wait for their next piece of work in a busy loop. Where cores are shared, as in CI, that takes the time from
 * those who work: half of a short run on two cores. Who computes what stays the same, and so does every bit of the answer.
 */
const NO_BUSY_WAITING = { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } };

/** Runs ONNX models in process with onnxruntime's native library. Dtypes: all but bfloat16 and the 4- and 8-bit floats. */
export const onnxruntimeNode: NodeRuntime = {
  name: ONNXRUNTIME_NODE.name,
  version,
  async open(path, options): Promise<NodeSession> {
    let session: InferenceSession;
    try {
      session = await Session.create(path, {
        logSeverityLevel: LOG_ERRORS,
        extra: NO_BUSY_WAITING,
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
        threads: options.intraOpNumThreads ?? 'all cores',
        provider: 'cpu',
      },
      run: (inputs) => runSession(ort, session, contract, inputs),
      close: () => session.release(),
    };
  },
};
