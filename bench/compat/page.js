// docs/compatibility.md: exporter × runtime, and why each red cell is red.
import { tried } from './tried.js';
import { worstGrade } from './words.js';
import { CALIBRATED, MODES, RUN_OPTIONS, RUNTIME_OPTIONS, SAMPLES, WHOLE } from './zoo.js';

const code = (text) => `\`${text}\``;

/** `{unrun, done, skipped, passed, failed, grade}` of some conversions. */
function tally(records) {
  const unrun = records.filter(({ verdict }) => verdict === 'unrun');
  const skipped = records.filter(({ verdict }) => verdict === 'skipped');
  const done = records.filter(({ verdict }) => !['unrun', 'skipped'].includes(verdict));
  const passed = done.filter(({ verdict }) => verdict === 'pass');
  const failed = done.filter(({ verdict }) => verdict !== 'pass');
  return { unrun, done, skipped, passed, failed, grade: worstGrade(done.flatMap(({ grade }) => grade ?? [])) };
}

function cell(results) {
  if (results.length === 0) return '';
  const { done, skipped, passed, failed, grade } = tally(results);
  if (done.length === 0) return skipped.length > 0 ? 'not verified here' : 'not run yet';
  const worst = grade === undefined ? 'nothing compared' : grade;
  return failed.length === 0
    ? `${passed.length} of ${done.length}, ${worst}`
    : `**✗ ${passed.length} of ${done.length}**, ${worst}`;
}

/** Exporters, then their modes, in the order of the catalogue. */
function rowsOf(exporters, to) {
  return exporters
    .filter((each) => each.to === to)
    .flatMap(({ name, from }) =>
      (MODES[name] ?? [{}]).map((mode) => ({ name, from, mode: mode.name ?? null, precision: precisionOf(mode) })),
    );
}

const precisionOf = (mode) => (mode.calibrated ? ' ²' : mode.lower ? ' ¹' : '');

/** Behind a row that the last run left out: the day that it shows. */
function age(records, newest) {
  const oldest = records.flatMap(({ ran }) => ran ?? []).sort()[0];
  return oldest === undefined || oldest === newest ? '' : ` (not run since ${oldest})`;
}

const newestOf = (records) =>
  records
    .flatMap(({ ran }) => ran ?? [])
    .sort()
    .at(-1);

function matrix({ exporters, runtimes }, results, to) {
  const newest = newestOf(results);
  const columns = runtimes.filter(({ formats }) => formats.includes(to)).map(({ name }) => name);
  const rows = rowsOf(exporters, to).map(({ name, from, mode, precision }) => {
    const mine = results.filter((each) => each.exporter === name && each.mode === mode);
    const cells = columns.map((runtime) => cell(mine.filter((each) => each.runtime === runtime)));
    return `| ${code(name)}${mode === null ? '' : ` ${mode}`}${precision}${age(mine, newest)} | ${from.join(', ')} | ${cells.join(' | ')} |`;
  });
  return [
    `| exporter | from | ${columns.map(code).join(' | ')} |`,
    `| --- | --- |${columns.map(() => ' --- |').join('')}`,
    ...rows,
  ];
}

function sameModel({ runtimes }, results) {
  const newest = newestOf(results);
  const formats = [...new Set(runtimes.flatMap((each) => each.formats))].filter((format) => format !== 'tensors');
  return formats.map((format) => {
    const mine = results.filter((each) => each.exporter === null && each.format === format);
    const cells = runtimes
      .filter((each) => each.formats.includes(format))
      .map(({ name }) => {
        const seen = cell(mine.filter((each) => each.runtime === name));
        return `${code(name)} ${seen || (APART[format] ? 'not in the zoo' : 'not tried')}`;
      });
    return `| ${format}${age(mine, newest)} | ${cells.join(' · ')} |`;
  });
}

/** One line for each exporter, finding and set of runtimes, with all models that it stops. */
function redCells(results) {
  const groups = new Map();
  for (const each of results.filter(({ verdict }) => !['pass', 'skipped', 'unrun'].includes(verdict))) {
    const found = each.found ?? [];
    const what = [each.exporter === null ? `same model (${each.format})` : code(each.exporter), each.mode]
      .filter(Boolean)
      .join(' ');
    const key = JSON.stringify([what, found.map((f) => [f.code, alike(f.message)])]);
    const group = groups.get(key) ?? { what, found, runtimes: new Set(), models: new Set(), verdicts: new Set() };
    group.runtimes.add(each.runtime);
    group.models.add(each.model);
    group.verdicts.add(each.verdict);
    groups.set(key, group);
  }
  if (groups.size === 0) return ['None.'];
  const lines = [...groups.values()].map(({ what, found, runtimes, models, verdicts }) => {
    const words = found.map(({ code: name, message }) => `${code(name)} ${message}`).join('<br>');
    return `| ${what} | ${[...runtimes].join(', ')} | ${[...models].join(', ')} | ${[...verdicts].join(', ')} | ${words} |`;
  });
  return [
    '| what | runtimes | models | verdict | finding (of the first of them) |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ];
}

/** Exporters one behind the other, and runtimes in versions of their own. */
function extras(records) {
  const newest = newestOf(records);
  const rows = new Map();
  for (const each of records.filter(({ extra }) => extra !== undefined)) {
    const key = `${each.extra} | ${code(each.runtime)}`;
    rows.set(key, [...(rows.get(key) ?? []), each]);
  }
  if (rows.size === 0) return ['None was run yet.'];
  return [
    'Held against the original, like everything else.',
    '',
    '| what | runtime | models | |',
    '| --- | --- | --- | --- |',
    ...[...rows].map(
      ([key, mine]) => `| ${key} | ${mine.map(({ model }) => model).join(', ')} | ${cell(mine)}${age(mine, newest)} |`,
    ),
  ];
}

/** What messages about different models have in common. */
const alike = (message) =>
  message
    .replace(/^.* more\): /, '')
    .replaceAll(/[\w./-]+(?:\.\w+:\w+|\.onnx|\.tflite)|output \w+/g, '')
    .replaceAll(/\d[\d,.e-]*|\[[^\]]*\]/g, '#')
    .trim()
    .slice(0, 32);

/** Why the zoo has nothing for a runtime. */
const APART = {
  recorded: 'executes nothing: recorded outputs stand on both sides of `onpar compare`',
  served: 'needs a server; the tests start some of their own',
  worker: 'is a program of the user’s; the tests bring some',
};

/** Exporters and runtimes that nothing here ran, each with the reason. */
function unverified({ exporters, runtimes }, results) {
  const lines = [];
  for (const [kind, all, key] of [
    ['exporter', exporters, 'exporter'],
    ['runtime', runtimes, 'runtime'],
  ]) {
    for (const { name, formats } of all) {
      const mine = results.filter((each) => each[key] === name);
      const { done, skipped } = tally(mine);
      if (done.length > 0) continue;
      const [first] = skipped;
      const apart = APART[name] ?? APART[formats?.[0]] ?? 'had no turn in the run that this page shows';
      const reason = first === undefined ? apart : `${code(first.found[0].code)} ${first.found[0].message}`;
      lines.push(`| ${kind} | ${code(name)} | ${reason} |`);
    }
  }
  return lines.length === 0 ? ['Nothing.'] : ['| | | why |', '| --- | --- | --- |', ...lines];
}

function versions(results) {
  const seen = new Map();
  for (const { exporter, exporterVersion, runtime, runtimeVersion } of results) {
    if (exporter && exporter !== 'chain' && exporterVersion) seen.set(exporter, exporterVersion);
    if (runtimeVersion) seen.set(runtime, runtimeVersion);
  }
  return [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, version]) => `${name} ${version}`);
}

/** What made the page, so that it can be made again. */
function making({ onpar, node, system }, records) {
  const { unrun } = tally(records);
  const newest = newestOf(records);
  const kept = records.filter(({ former }) => former).length;
  const older = records.filter(({ ran }) => ran !== undefined && ran !== newest).length;
  return [
    `Made by ${code('npm run compat -- --write')} with onpar ${onpar}, Node.js ${node} on ${system}, and Python 3.11 with the locked packages of each toolchain ([versions](#versions)). What each conversion gave is kept in [bench/compat/records.ndjson](../bench/compat/records.ndjson); ${code('--only NAME')} runs some of it anew and keeps the rest.`,
    ...(unrun.length > 0
      ? [`${unrun.length} conversions that the zoo asks for have not been run yet; they count nowhere below.`]
      : []),
    ...(kept > 0
      ? [`${kept} are kept from the zoo’s turns before its last change, until all of it is run again.`]
      : []),
    ...(older > 0
      ? [`${older} conversions were not part of the last run; a row that holds one says which day it shows.`]
      : []),
  ].join(' ');
}

/** The models' ids by format, in the order of the records. */
function modelsOf(records) {
  const models = new Map();
  for (const { format, model } of records) models.set(format, (models.get(format) ?? new Set()).add(model));
  return models;
}

const NUMBERS = ['no', 'one', 'two', 'three'];

/** The page, as Markdown; the same records always give the same bytes. */
export function page({ about, records, catalogue }) {
  const { done, passed, failed, skipped } = tally(records);
  const formats = [...new Set(catalogue.exporters.map(({ to }) => to))];
  const models = modelsOf(records);
  const options = Object.entries(RUNTIME_OPTIONS).map(
    ([name, value]) => `${code(name)} runs with ${code(JSON.stringify(value))}`,
  );
  return [
    '<!-- Generated by `npm run compat -- --write`; change fixtures/zoo/ or bench/compat/ instead. -->',
    '',
    '# What converts into what, and runs where',
    '',
    making(about, records),
    '',
    `Every exporter and every runtime on a zoo of ${[...models.values()].reduce((sum, { size }) => sum + size, 0)} small models: layers one by one in PyTorch, Keras and JAX, estimators, tiny Hugging Face folders, tokenizers, recipes for images and sounds, the base models of the [fault benchmark](fault-benchmark.md), and what the exporters made of them as sources of its own. Of ${done.length + skipped.length} conversions ${passed.length} pass, ${failed.length} do not, ${skipped.length} could not be run here. A cell says how many of its conversions pass, and their worst grade. The first ${NUMBERS[WHOLE]} models of a format go through every runtime, their other modes through two; the other models take turns, so an empty cell was not tried and says nothing. Red cells stay red until the converter, the runtime or onpar is mended. Single operators of ONNX stand in [op-tests.md](op-tests.md).`,
    '',
    `Each model answers ${code(`samples: ${SAMPLES}`)} (tokenizers and recipes their whole portfolio), on one thread (${code('OMP_NUM_THREADS=1')}), with ${code(RUN_OPTIONS.join(' '))}: no search for the first layer that differs. ${options.join('; ')}.`,
    '',
    `¹ A lower precision, declared: judged by what that precision costs at best (${code('tolerance: float16')}, ${code('int8')}). ² Activations in 8 or 16 bits, calibrated: judged on the data of the calibration as a signal (${code(CALIBRATED)}).`,
    ...formats.flatMap((to) => ['', `## To ${to}`, '', ...matrix(catalogue, records, to)]),
    '',
    '## The same model in another runtime',
    '',
    'Held against the format’s own reference runtime (each runs against itself in a fresh worker, too). Formats that nothing exports to (tokenizers, image recipes) stand here alone; served models need a server, and the tests start some of their own.',
    '',
    '| format | runtimes |',
    '| --- | --- |',
    ...sameModel(catalogue, records),
    '',
    '## Chains and other versions',
    '',
    ...extras(records),
    '',
    '## Red cells',
    '',
    ...redCells(records),
    '',
    '## Tried and not possible here',
    '',
    ...tried(),
    '',
    '## Not verified here',
    '',
    ...unverified(catalogue, records),
    '',
    '## Models',
    '',
    ...[...models].map(
      ([format, ids]) => `- **${format}**: ${[...ids].map((id) => id.slice(format.length + 1)).join(', ')}`,
    ),
    '',
    '## Versions',
    '',
    `${versions(records).join(', ')}.`,
    '',
  ].join('\n');
}

/** What the terminal shows. */
export function brief(records) {
  const { passed, failed, skipped } = tally(records);
  const red = failed.map(
    ({ id, verdict, found = [] }) => `  ${id}: ${verdict} (${found.map(({ code: name }) => name).join(', ')})`,
  );
  return [
    `${passed.length} of ${records.length} conversions pass, ${failed.length} do not, ${skipped.length} could not be run`,
    ...red,
  ].join('\n');
}
