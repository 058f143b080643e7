// From PyTorch code to a verdict, against the script that one would write by hand instead (bench/by-hand.py).
import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { cli, polygraphyEnvironment, pytorchEnvironment, root } from './lib/environments.js';
import { pairs, plainEnvironment } from './lib/measure.js';
import { ratioLine } from './lib/print.js';

export const runs = 5;

export async function run({ runs, scratch }) {
  const { python } = await pytorchEnvironment();
  const { packages } = await polygraphyEnvironment();
  // onnxruntime is all that the toolchain lacks for the script; torch, numpy and onnx stay the toolchain's own.
  const beside = join(scratch, 'packages');
  mkdirSync(beside);
  symlinkSync(join(packages, 'onnxruntime'), join(beside, 'onnxruntime'), 'junction');
  for (const file of ['digits_cnn.py', 'digits_cnn.safetensors'])
    copyFileSync(join(root, 'fixtures', 'demo', file), join(scratch, file));
  copyFileSync(join(import.meta.dirname, 'by-hand.py'), join(scratch, 'by-hand.py'));
  const times = await pairs({
    ours: {
      command: [...cli, 'run', 'digits_cnn.py:trained', '--to', 'onnx', '--no-cache', '--out', 'report'],
      cwd: scratch,
    },
    peer: { command: [python, 'by-hand.py'], cwd: scratch, env: plainEnvironment({ PYTHONPATH: beside }) },
    runs,
    before: () => {
      for (const left of ['.onpar', 'report', 'digits.onnx', 'digits.onnx.data'])
        rmSync(join(scratch, left), { recursive: true, force: true });
    },
  });
  return ratioLine({ name: 'run', peerName: 'by hand', ...times, goal: 1.15, runs });
}
