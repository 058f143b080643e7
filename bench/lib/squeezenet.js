// A real network of everyday size (SqueezeNet, 224×224 images), from the onnx wheel, as two files.
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cli, polygraphyEnvironment } from './environments.js';
import { pairs } from './measure.js';
import { ratioLine } from './print.js';

/** `onpar compare a.onnx b.onnx` against `polygraphy run a.onnx --onnxrt --onnxrt`. onpar starts with no store and no report. */
export async function againstPolygraphy({ name, options, goal, runs, scratch }) {
  const { polygraphy, packages } = await polygraphyEnvironment();
  const model = join(packages, 'onnx', 'backend', 'test', 'data', 'light', 'light_squeezenet.onnx');
  for (const copy of ['a.onnx', 'b.onnx']) copyFileSync(model, join(scratch, copy));
  const times = await pairs({
    ours: {
      command: [...cli, 'compare', 'a.onnx', 'b.onnx', ...options, '--no-cache', '--out', 'report'],
      cwd: scratch,
    },
    peer: { command: [polygraphy, 'run', 'a.onnx', '--onnxrt', '--onnxrt'], cwd: scratch },
    runs,
    before: () => {
      for (const left of ['.onpar', 'report']) rmSync(join(scratch, left), { recursive: true, force: true });
    },
  });
  return ratioLine({ name, peerName: 'polygraphy', ...times, goal, runs });
}
