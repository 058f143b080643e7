// Two runs of onpar: the zoo, then what it made as sources of its own.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { catalogue } from '../../build/dev.js';
import { cli, root, toolchainEnvironment } from '../lib/environments.js';
import { former, merged, picks, readRecords, recordOf } from './records.js';
import { suiteOf } from './suite.js';
import { RUN_OPTIONS, WHOLE, zoo } from './zoo.js';

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

/** `{about, records}`: every planned conversion, those that `only` asks for run anew, the others as they are known. */
export async function runZoo(only, say) {
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
  const before = readRecords().records;
  const wanted = picks(only, namesOf(known), before);

  const first = zoo(bases);
  const originals = suiteOf(known, first);
  // What the second suite will take from models that the first has made, and no earlier run has left here.
  const sources = derived(known, first, merged(originals.planned, [], before));
  const missing = suiteOf(known, sources).planned.filter((each) => wanted(each) && !isThere(sources, each));
  const needed = new Set(missing.map(({ model }) => sources[model].madeBy.id));
  const one = run('originals', originals, (each) => wanted(each) || needed.has(each.id), say);
  const firstRecords = merged(originals.planned, one, before);

  const second = derived(known, first, firstRecords);
  for (const [id, model] of Object.entries(second)) collect(id, model, one);
  const converted = suiteOf(known, second);
  const two = run('converted', converted, (each) => wanted(each) && isThere(second, each), say);
  const asked = [...firstRecords, ...merged(converted.planned, two, before)];
  const whole = asked.every(({ verdict }) => verdict !== 'unrun');
  const kept = whole ? [] : former(asked, before, { models: { ...first, ...second }, ...known });
  const records = [...asked, ...kept];
  return { about: aboutRun(), records, ran: [...one, ...two], catalogue: known };
}

const isThere = (sources, { model }) => existsSync(join(place, 'made', sources[model].format, model));

const namesOf = ({ exporters, runtimes }) =>
  new Set([
    ...exporters.flatMap(({ name, from, to }) => [name, to, ...from]),
    ...runtimes.flatMap(({ name, formats }) => [name, ...formats]),
  ]);

const aboutRun = () => ({
  onpar: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
  node: process.versions.node,
  system: `${process.platform} ${process.arch}`,
});

/** Runs what `asked` says of a suite and gives the records. */
function run(name, { suite, planned }, asked, say) {
  const chosen = planned.filter(asked);
  if (chosen.length === 0) return [];
  const cases = Object.fromEntries(
    Object.entries(suite.cases).flatMap(([id, each]) => {
      const convert = each.convert.flatMap((setting) => {
        const ids = new Set(chosen.filter((p) => p.model === id && p.setting === setting.name).map((p) => p.runtime));
        const runs = setting.run.filter(({ runtime }) => ids.has(runtime));
        return runs.length === 0 ? [] : [{ ...setting, run: runs }];
      });
      return convert.length === 0 ? [] : [[id, { ...each, convert }]];
    }),
  );
  const file = join(place, `${name}.json`);
  writeFileSync(file, `${JSON.stringify({ ...suite, cases }, null, 1)}\n`);
  say(`${name}: ${chosen.length} of ${planned.length} conversions`);
  const out = join(place, 'runs', name);
  const [node, ...entry] = cli;
  const started = Date.now();
  const { status } = spawnSync(
    node,
    [...entry, 'run', file, '--out', out, '--cache', join(place, 'store'), ...RUN_OPTIONS, '--reporter', 'json'],
    { env: quiet, stdio: ['ignore', 2, 2] },
  );
  if (![0, 1, 3].includes(status)) throw new Error(`onpar ended with exit code ${status}: ${file}`);
  say(`${name}: ${((Date.now() - started) / 1000).toFixed(0)} s`);
  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
  const found = new Map(report.cases.map((each) => [each.id, each]));
  return chosen.map((each) => {
    const entry = found.get(each.id);
    if (entry === undefined) throw new Error(`${join(out, 'report.json')} has no ${each.id}`);
    return recordOf(each, entry, report.run.startedAt.slice(0, 10));
  });
}

/** What the first run made, as sources for exporters and runtimes that no model of the zoo reaches: id → model, with `madeBy`. */
function derived(known, first, records) {
  const covered = new Set(Object.values(first).map(({ format }) => format));
  const asked = new Set([
    ...known.exporters.flatMap(({ from }) => from),
    ...known.runtimes.flatMap(({ formats }) => formats),
  ]);
  const models = {};
  for (const format of [...asked].filter((each) => !covered.has(each))) {
    const made = records.filter(
      ({ to, exporter, mode, artifact, verdict }) =>
        to === format && exporter !== null && mode === null && artifact && verdict === 'pass',
    );
    const kept = new Map();
    for (const each of made) if (!kept.has(each.model)) kept.set(each.model, each);
    for (const madeBy of [...kept.values()].slice(0, WHOLE)) {
      const id = `${format}-${madeBy.model.slice(madeBy.model.indexOf('-') + 1)}`;
      if (models[id] !== undefined) continue;
      const target = join('made', format, id);
      const path = isFolder(format) ? target : join(target, basename(madeBy.artifact));
      const { about, data, case: original } = first[madeBy.model];
      // TorchScript says nothing of what it takes.
      const inputs = format === 'torchscript' ? { inputs: original.inputs } : {};
      models[id] = {
        format,
        about,
        madeBy,
        ...(data ? { data } : {}),
        case: { source: `${format}:${path}`, trust: true, ...inputs },
      };
    }
  }
  return models;
}

const isFolder = (format) => format === 'savedmodel';

/** Copies what the run has made of a model, and what stands beside it: external weights, an IR's .bin. */
function collect(id, { format, madeBy }, fresh) {
  if (!fresh.some((each) => each.id === madeBy.id)) return;
  const target = join(place, 'made', format, id);
  rmSync(target, { recursive: true, force: true });
  const source = join(place, 'runs', 'originals', madeBy.artifact);
  cpSync(isFolder(format) ? source : dirname(source), target, { recursive: true });
}
