// Makes the benchmark's models in cache folders, each named by the digest of the scripts that it depends on.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, toolchainEnvironment } from '../lib/environments.js';

const scripts = join(root, 'fixtures', 'faults');
const runFile = promisify(execFile);

/**
 * What pairs come from which toolchain: the script that writes `<name>.json` beside its models, one that runs after it in
 * the `onnx` toolchain, and the scripts and folders that both read.
 */
const MAKERS = [
  {
    name: 'onnx',
    toolchain: 'onnx',
    script: 'make.py',
    after: 'noise.py',
    reads: ['kit', 'bases', 'faults', 'healthy', 'traps', 'make.py', 'noise.py'],
  },
  framework('keras', 'tensorflow'),
  framework('pytorch', 'pytorch'),
  framework('sklearn', 'sklearn'),
];

/** An exporter's environment has no onnxruntime: what it drafts is proven in the one that has. Keras proves its own. */
function framework(name, toolchain) {
  const own = readdirSync(join(scripts, 'frameworks')).filter((file) => file.startsWith(`${name}_`));
  const shared = ['draft.py', ...(name === 'keras' ? [] : ['prove.py'])];
  const kit = name === 'keras' ? [] : ['kit'];
  return {
    name,
    toolchain,
    script: join('frameworks', `${name}_pairs.py`),
    after: name === 'keras' ? null : join('frameworks', 'prove.py'),
    reads: [...kit, ...[...own, ...shared].map((file) => join('frameworks', file))],
  };
}

function digest({ reads }) {
  const hash = createHash('sha256');
  const all = readdirSync(scripts, { recursive: true }).filter((file) => file.endsWith('.py'));
  const mine = all.filter((file) => reads.some((part) => file === part || file.startsWith(join(part, '/'))));
  for (const file of mine.sort()) hash.update(file).update(readFileSync(join(scripts, file)));
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

/** `{bases, pairs, dropped}` with paths below `place`, and the folder they lie in. */
async function make(place, maker, say) {
  const inside = `${maker.name}-${digest(maker)}`;
  const folder = join(place, inside);
  const done = join(folder, 'done');
  if (!existsSync(done)) {
    say(`making the ${maker.name} pairs`);
    const started = Date.now();
    mkdirSync(folder, { recursive: true });
    const run = async (toolchain, script) => {
      const { python } = await toolchainEnvironment(toolchain);
      const args = [
        '-W',
        'ignore',
        join(scripts, script),
        folder,
        ...(script.endsWith('prove.py') ? [maker.name] : []),
      ];
      await runFile(python, args, { env: quiet, maxBuffer: 2 ** 28 });
    };
    await run(maker.toolchain, maker.script);
    if (maker.after !== null) await run('onnx', maker.after);
    mkdirSync(done);
    say(`made the ${maker.name} pairs in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  }
  const read = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const below = (path) => (path === 'portfolio' ? path : `${inside}/${path}`);
  const placed = (entry, keys) => {
    const paths = keys.filter((key) => entry[key] !== undefined).map((key) => [key, below(entry[key])]);
    const samples = entry.samples === undefined ? {} : { samples: entry.samples.map(below) };
    return { ...entry, ...Object.fromEntries(paths), ...samples };
  };
  const { bases, pairs, dropped } = read(`${maker.name}.json`);
  const noise = existsSync(join(folder, 'noise.json')) ? read('noise.json') : {};
  return {
    name: maker.name,
    folder,
    bases: Object.fromEntries(Object.entries(bases).map(([name, base]) => [name, placed(base, ['source'])])),
    pairs: pairs.map((pair) => placed(pair, ['reference', 'candidate'])),
    noise: Object.fromEntries(
      Object.entries(noise).map(([name, levels]) => [name, levels.map((each) => placed(each, ['candidate']))]),
    ),
    dropped,
  };
}

/** `{place, folders, bases, pairs, noise, dropped}` of the frameworks asked for; two are made at a time. */
export async function generate({ frameworks, say }) {
  const place = process.env.ONPAR_BENCH_FAULTS ?? join(tmpdir(), 'onpar-bench-faults');
  const waiting = MAKERS.filter(({ name }) => frameworks.includes(name));
  const parts = new Map();
  const work = async () => {
    for (let maker = waiting.shift(); maker !== undefined; maker = waiting.shift())
      parts.set(maker.name, await make(place, maker, say));
  };
  await Promise.all([work(), work()]);
  // In the order of the list, whichever was made first.
  const ordered = MAKERS.flatMap(({ name }) => parts.get(name) ?? []);
  const merged = (key) => Object.assign({}, ...ordered.map((part) => part[key]));
  return {
    place,
    folders: Object.fromEntries(ordered.map(({ name, folder }) => [name, folder])),
    bases: merged('bases'),
    noise: merged('noise'),
    pairs: ordered.flatMap(({ pairs }) => pairs),
    dropped: ordered.flatMap(({ dropped }) => dropped),
  };
}
