// Two runs of onpar: the zoo, then what it made as sources of its own.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { catalogue } from '../../build/dev.js';
import { cli, root, toolchainEnvironment } from '../lib/environments.js';
import { suiteOf } from './suite.js';
import { WHOLE, zoo } from './zoo.js';

const place = process.env.ONPAR_BENCH_COMPAT ?? join(tmpdir(), 'onpar-bench-compat');

/** One thread: the same sums on a busy and on an idle machine. */
const quiet = {
  ...process.env,
  ORT_DISABLE_TELEMETRY: '1',
  OMP_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  PYTHONDONTWRITEBYTECODE: '1',
  PYTHONHASHSEED: '0',
};

/** `{results, models}`: every planned conversion with its entry of the report. `pick` leaves models out, by their id. */
export async function runZoo(pick, say) {
  mkdirSync(place, { recursive: true });
  for (const name of ['zoo', 'models'])
    cpSync(join(root, 'fixtures', name), join(place, name), {
      recursive: true,
      filter: (path) => !path.endsWith('__pycache__'),
    });
  const { python } = await toolchainEnvironment('onnx');
  execFileSync(python, ['-W', 'ignore', join(root, 'bench', 'compat', 'bases.py'), join(place, 'bases')], {
    env: quiet,
  });
  const bases = JSON.parse(readFileSync(join(place, 'bases', 'bases.json'), 'utf8'));
  const known = catalogue();
  const first = picked(zoo(bases), pick);
  const one = run('originals', known, first, say);
  const second = derived(known, first, one);
  const two = Object.keys(second).length === 0 ? [] : run('converted', known, second, say);
  return { models: { ...first, ...second }, results: [...one, ...two], catalogue: known };
}

const picked = (models, pick) =>
  Object.fromEntries(
    Object.entries(models).filter(([id]) => pick.length === 0 || pick.some((part) => id.includes(part))),
  );

function run(name, known, models, say) {
  const { suite, planned } = suiteOf(known, models);
  const file = join(place, `${name}.json`);
  writeFileSync(file, `${JSON.stringify(suite, null, 1)}\n`);
  say(`${name}: ${planned.length} conversions of ${Object.keys(models).length} models`);
  const out = join(place, 'runs', name);
  const [node, ...entry] = cli;
  const started = Date.now();
  const { status } = spawnSync(
    node,
    [...entry, 'run', file, '--out', out, '--cache', join(place, 'store'), '--no-deep', '--reporter', 'json'],
    { env: quiet, stdio: ['ignore', 2, 2] },
  );
  if (![0, 1, 3].includes(status)) throw new Error(`onpar ended with exit code ${status}: ${file}`);
  say(`${name}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
  const found = new Map(report.cases.map((each) => [each.id, each]));
  return planned.map((each) => ({ ...each, out, entry: found.get(each.id) }));
}

/** What the first run made, as sources for exporters and runtimes that no model of the zoo reaches. */
function derived(known, first, results) {
  const covered = new Set(Object.values(first).map(({ format }) => format));
  const asked = new Set([
    ...known.exporters.flatMap(({ from }) => from),
    ...known.runtimes.flatMap(({ formats }) => formats),
  ]);
  const models = {};
  for (const format of [...asked].filter((each) => !covered.has(each))) {
    const made = results.filter(
      ({ to, exporter, mode, entry }) =>
        to === format && exporter !== null && mode === null && entry?.artifact && entry.verdict === 'pass',
    );
    const kept = new Map();
    for (const each of made) if (!kept.has(each.model)) kept.set(each.model, each);
    for (const { model, out, entry } of [...kept.values()].slice(0, WHOLE)) {
      const id = `${format}-${model.slice(model.indexOf('-') + 1)}`;
      if (models[id] !== undefined) continue;
      const target = join('made', format, id);
      rmSync(join(place, target), { recursive: true, force: true });
      const source = join(out, entry.artifact.path);
      // A model and what stands beside it: external weights, an IR's .bin.
      const folder = existsSync(join(source, 'saved_model.pb')) ? source : dirname(source);
      cpSync(folder, join(place, target), { recursive: true });
      const path = folder === source ? target : join(target, source.slice(folder.length + 1));
      const { about, data, case: original } = first[model];
      // TorchScript says nothing of what it takes.
      const inputs = format === 'torchscript' ? { inputs: original.inputs } : {};
      models[id] = {
        format,
        about,
        ...(data ? { data } : {}),
        case: { source: `${format}:${path}`, trust: true, ...inputs },
      };
    }
  }
  return models;
}
