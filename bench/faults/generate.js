// Makes the benchmark's models in a cache folder named by the digest of their scripts; a second call finds them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, toolchainEnvironment } from '../lib/environments.js';

const scripts = join(root, 'fixtures', 'faults');
/** What pairs come from which toolchain; each writes `<name>.json` beside its models. */
const MAKERS = [
  { name: 'onnx', toolchain: 'onnx', script: 'make.py' },
  { name: 'pytorch', toolchain: 'pytorch', script: join('frameworks', 'pytorch_pairs.py') },
  { name: 'sklearn', toolchain: 'sklearn', script: join('frameworks', 'sklearn_pairs.py') },
  { name: 'keras', toolchain: 'tensorflow', script: join('frameworks', 'keras_pairs.py') },
];

function digestOfScripts() {
  const hash = createHash('sha256');
  const files = readdirSync(scripts, { recursive: true }).filter((file) => file.endsWith('.py'));
  for (const file of files.sort()) hash.update(file).update(readFileSync(join(scripts, file)));
  return hash.digest('hex').slice(0, 12);
}

/** One thread: the same sums on a busy and on an idle machine. */
export const quiet = {
  ...process.env,
  ORT_DISABLE_TELEMETRY: '1',
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONHASHSEED: '0',
};

async function make(folder, { name, toolchain, script }, say) {
  const file = join(folder, `${name}.json`);
  if (!existsSync(file)) {
    say(`making the ${name} pairs`);
    const { python } = await toolchainEnvironment(toolchain);
    const run = (interpreter, ...args) =>
      execFileSync(interpreter, args, { env: quiet, stdio: ['ignore', 2, 'ignore'] });
    run(python, join(scripts, script), folder);
    // An exporter's environment has no onnxruntime: its pairs are proven in the one that has.
    if (existsSync(join(folder, `${name}.drafts.json`)))
      run((await toolchainEnvironment('onnx')).python, join(scripts, 'frameworks', 'prove.py'), folder, name);
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** `{folder, bases, pairs, dropped}` of the frameworks asked for. */
export async function generate({ frameworks, say }) {
  const place = process.env.ONPAR_BENCH_FAULTS ?? join(tmpdir(), 'onpar-bench-faults');
  const folder = join(place, digestOfScripts());
  mkdirSync(folder, { recursive: true });
  const parts = [];
  for (const maker of MAKERS) {
    if (!frameworks.includes(maker.name) || !existsSync(join(scripts, maker.script))) continue;
    parts.push(await make(folder, maker, say));
  }
  const whole = {
    bases: Object.assign({}, ...parts.map(({ bases }) => bases)),
    pairs: parts.flatMap(({ pairs }) => pairs),
    dropped: parts.flatMap(({ dropped }) => dropped),
  };
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify({ schemaVersion: 1, ...whole }, null, 1)}\n`);
  return { folder, ...whole };
}
