// A suite of twelve conversions over four frameworks, against twelve scripts written by hand (suite/by-hand.py), one after the
// other as a shell runs them.
import { copyFileSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cli, polygraphyEnvironment, root, toolchainEnvironment } from './lib/environments.js';
import { pairs, plainEnvironment } from './lib/measure.js';
import { ratioLine } from './lib/print.js';

export const runs = 3;

/** Toolchain → its conversions: each script runs in the Python that onpar uses for it. */
const SCRIPTS = {
  pytorch: ['digits-onnx', 'digits-torchscript', 'tokens-onnx'],
  tensorflow: ['keras-savedmodel', 'keras-onnx', 'keras-tflite', 'keras-tflite-float16'],
  sklearn: ['wine-onnx', 'xgboost-onnx', 'lightgbm-onnx'],
  'onnx-tools': ['mlp-float16', 'cnn-simplified'],
};
const FILES = [
  ...['digits_cnn.py', 'digits_cnn.safetensors', 'token_encoder.py', 'token_encoder.safetensors'].map(
    (f) => `demo/${f}`,
  ),
  ...['digits_keras.keras', 'wine.joblib'].map((f) => `demo/${f}`),
  ...['xgb-early.ubj', 'lgb-multi.txt', 'tiny-mlp.onnx', 'onnx-tools/cnn.onnx'].map((f) => `models/${f}`),
];

export async function run({ runs, scratch }) {
  const { packages } = await polygraphyEnvironment();
  // onnxruntime is what most of the toolchains lack for the scripts; everything else stays the toolchain's own.
  const beside = join(scratch, 'packages');
  mkdirSync(beside);
  symlinkSync(join(packages, 'onnxruntime'), join(beside, 'onnxruntime'), 'junction');
  const work = join(scratch, 'work');
  mkdirSync(work);
  const given = FILES.map((file) => [join(root, 'fixtures', file), basename(file)]);
  for (const name of ['by-hand.py', 'onpar.yaml']) given.push([join(import.meta.dirname, 'suite', name), name]);
  for (const [from, name] of given) copyFileSync(from, join(work, name));
  const commands = [];
  for (const [toolchain, names] of Object.entries(SCRIPTS)) {
    const { python } = await toolchainEnvironment(toolchain);
    for (const name of names) commands.push(`"${python}" by-hand.py ${name}`);
  }
  const env = plainEnvironment({ PYTHONPATH: beside, TF_CPP_MIN_LOG_LEVEL: '2', CUDA_VISIBLE_DEVICES: '-1' });
  const kept = new Set(given.map(([, name]) => name));
  const times = await pairs({
    ours: { command: [...cli, 'run', 'onpar.yaml', '--no-cache', '--out', 'report'], cwd: work },
    peer: { command: ['sh', '-ec', commands.join('\n')], cwd: work, env },
    runs,
    before: () => {
      for (const name of readdirSync(work)) if (!kept.has(name)) rmSync(join(work, name), { recursive: true });
    },
  });
  return ratioLine({ name: 'suite', peerName: '12 scripts by hand', ...times, goal: 0.6, runs });
}
