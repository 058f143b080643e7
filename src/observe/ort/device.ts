import { OnparError } from '../../core/errors.ts';
import { type Ort, textOf } from './session.ts';

/** What onnxruntime answers where its provider's library, CUDA, the driver or the GPU is not there. */
const LACKING =
  /Failed to load (?:shared )?library|OrtSessionOptionsAppendExecutionProvider_|CUDA failure|CUDNN failure/;

/** Throws OnparError `runtime-unavailable` where onnxruntime-node was built without the device; `built`: null where it tells nothing. */
export function checkBuilt({ name, version }: Ort, built: readonly string[] | null, device: unknown = 'cpu'): void {
  if (device === 'cpu' || built === null || built.includes(String(device))) return;
  throw unavailable(
    device,
    `${name} ${version} for ${process.platform} ${process.arch} was built with ${built.join(', ')} alone`,
    'run it on Linux x64, or leave `device` out',
  );
}

/** Why the device cannot be had, or undefined where the session failed for another reason: the model's. */
export function lackingDevice({ name, version }: Ort, device: unknown, error: unknown): OnparError | undefined {
  if (device === 'cpu' || !LACKING.test(textOf(error))) return undefined;
  return unavailable(
    device,
    `${name} ${version} cannot use it: ${textOf(error)
      .trim()
      .replaceAll(/\s*\n\s*/g, ' ')
      .slice(0, 300)}`,
    'it needs an NVIDIA driver, CUDA 12 and cuDNN 9, and the provider’s libraries, which onnxruntime-node’s install script ' +
      'fetches (`ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node`); or leave `device` out',
    error,
  );
}

/**
 * What the report shall know of a GPU; nothing for the CPU. The package passes no `use_tf32` on: both providers are as
 * ONNX Runtime has them, with TF32 allowed, which GPUs from compute capability 8.0 then use.
 */
export const deviceFacts = (device: unknown, deviceId: unknown): Readonly<Record<string, unknown>> =>
  device === 'cpu' ? {} : { device: `${device}:${deviceId}`, tf32: true, computesIn: 'tf32' };

const unavailable = (device: unknown, reason: string, fix: string, cause?: unknown): OnparError =>
  new OnparError({
    code: 'runtime-unavailable',
    message: `\`device: ${device}\`: ${reason}`,
    fix,
    exitCode: 3,
    cause,
  });
