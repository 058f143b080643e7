import type { InferenceSession } from 'onnxruntime-node';
import { checkBuilt, deviceFacts, lackingDevice } from '../ort/device.ts';
import { contractOf, loadError, type Ort, runSession } from '../ort/session.ts';
import type { NodeRuntime, NodeSession, Packages } from '../runtime.ts';
import { ONNXRUNTIME_NODE } from './onnxruntime-node.info.ts';

process.env.ORT_DISABLE_TELEMETRY = '1';

/** ORT logs to the terminal; errors (3) are enough, and they come as exceptions anyway. */
const LOG_ERRORS = 3;

/**
 * ORT's threads wait for their next piece of work in a busy loop. Where cores are shared, as in CI, that takes the time from
 * those who work: half of a short run on two cores. Who computes what stays the same, and so does every bit of the answer.
 */
const NO_BUSY_WAITING = { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } };

/** Runs ONNX models in process with onnxruntime's native library. Dtypes: all but bfloat16 and the 4- and 8-bit floats. */
export function onnxruntimeNode(packages: Packages): NodeRuntime {
  const {
    InferenceSession: Session,
    Tensor,
    listSupportedBackends,
  } = packages.require('onnxruntime-node') as typeof import('onnxruntime-node');
  const version = packages.version('onnxruntime-node');
  const ort: Ort = { name: ONNXRUNTIME_NODE.name, version, Tensor };
  return {
    name: ort.name,
    version,
    open: (path, options) => {
      // Old versions tell no backends: then the session says whether it has the device.
      checkBuilt(ort, listSupportedBackends?.().map((backend) => backend.name) ?? null, options.device);
      return open(ort, Session, path, options);
    },
  };
}

async function open(
  ort: Ort,
  Session: typeof InferenceSession,
  path: string,
  { device = 'cpu', deviceId = 0, ...options }: Readonly<Record<string, unknown>>,
): Promise<NodeSession> {
  let session: InferenceSession;
  try {
    session = await Session.create(path, {
      logSeverityLevel: LOG_ERRORS,
      extra: NO_BUSY_WAITING,
      ...(device === 'cpu' ? {} : { executionProviders: [{ name: device, deviceId }] }),
      ...options,
    } as InferenceSession.SessionOptions);
  } catch (error) {
    throw lackingDevice(ort, device, error) ?? loadError(ort, path, error);
  }
  const contract = contractOf(ort, session, path);
  return {
    contract,
    facts: {
      graphOptimizationLevel: options.graphOptimizationLevel ?? 'all',
      threads: options.intraOpNumThreads ?? 'all cores',
      provider: device,
      ...deviceFacts(device, deviceId),
    },
    run: (inputs) => runSession(ort, session, contract, inputs),
    close: () => session.release(),
  };
}
