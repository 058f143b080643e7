// docs/compatibility.md: exporter × runtime, and why each red cell is red.
import { faults, plain, worstGrade } from './words.js';
import { CALIBRATED, MODES, RUNTIME_OPTIONS } from './zoo.js';

const code = (text) => `\`${text}\``;

/** `{done, skipped, passed, failed, grade}` of some conversions. */
function tally(results) {
  const skipped = results.filter(({ entry }) => entry.verdict === 'skipped');
  const done = results.filter(({ entry }) => entry.verdict !== 'skipped');
  const passed = done.filter(({ entry }) => entry.verdict === 'pass');
  const failed = done.filter(({ entry }) => entry.verdict !== 'pass');
  return { done, skipped, passed, failed, grade: worstGrade(done.flatMap(({ entry }) => entry.grade ?? [])) };
}

function cell(results) {
  if (results.length === 0) return '';
  const { done, passed, failed, grade } = tally(results);
  if (done.length === 0) return 'not verified here';
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

function matrix({ exporters, runtimes }, results, to) {
  const columns = runtimes.filter(({ formats }) => formats.includes(to)).map(({ name }) => name);
  const rows = rowsOf(exporters, to).map(({ name, from, mode, precision }) => {
    const mine = results.filter((each) => each.exporter === name && each.mode === mode);
    const cells = columns.map((runtime) => cell(mine.filter((each) => each.runtime === runtime)));
    return `| ${code(name)}${mode === null ? '' : ` ${mode}`}${precision} | ${from.join(', ')} | ${cells.join(' | ')} |`;
  });
  return [
    `| exporter | from | ${columns.map(code).join(' | ')} |`,
    `| --- | --- |${columns.map(() => ' --- |').join('')}`,
    ...rows,
  ];
}

function sameModel({ runtimes }, results) {
  const formats = [...new Set(runtimes.flatMap((each) => each.formats))].filter((format) => format !== 'tensors');
  return formats.map((format) => {
    const mine = results.filter((each) => each.exporter === null && each.format === format);
    const cells = runtimes
      .filter((each) => each.formats.includes(format))
      .map(({ name }) => `${code(name)} ${cell(mine.filter((each) => each.runtime === name)) || 'not tried'}`);
    return `| ${format} | ${cells.join(' · ')} |`;
  });
}

/** One line for each exporter, finding and set of runtimes, with all models that it stops. */
function redCells(results) {
  const groups = new Map();
  for (const each of results.filter(({ entry }) => !['pass', 'skipped'].includes(entry.verdict))) {
    const found = faults(each.entry);
    const what = [each.exporter === null ? `same model (${each.format})` : code(each.exporter), each.mode]
      .filter(Boolean)
      .join(' ');
    const key = JSON.stringify([what, found.map((f) => [f.code, alike(f.message)])]);
    const group = groups.get(key) ?? { what, found, runtimes: new Set(), models: new Set(), verdicts: new Set() };
    group.runtimes.add(each.runtime);
    group.models.add(each.model);
    group.verdicts.add(each.entry.verdict);
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
      const reason = first === undefined ? apart : reasonOf(first.entry);
      lines.push(`| ${kind} | ${code(name)} | ${reason} |`);
    }
  }
  return lines.length === 0 ? ['Nothing.'] : ['| | | why |', '| --- | --- | --- |', ...lines];
}

function reasonOf(entry) {
  const failure = entry.candidate.failure ?? entry.reference.failure;
  const finding = entry.findings.find(({ severity }) => severity === 'error') ?? entry.findings[0];
  return plain((finding ?? failure)?.message ?? 'skipped without a reason');
}

function versions(results) {
  const seen = new Map();
  for (const { entry } of results) {
    const { exporter, exporterVersion, runtime, runtimeVersion } = entry.candidate;
    if (exporter && exporterVersion) seen.set(exporter, exporterVersion);
    if (runtimeVersion) seen.set(runtime, runtimeVersion);
  }
  return [...seen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, version]) => `${name} ${version}`);
}

/** The page, as Markdown; the same results always give the same bytes. */
export function page({ models, results, catalogue }) {
  const { passed, failed, skipped } = tally(results);
  const formats = [...new Set(catalogue.exporters.map(({ to }) => to))];
  const options = Object.entries(RUNTIME_OPTIONS).map(
    ([name, value]) => `${code(name)} runs with ${code(JSON.stringify(value))}`,
  );
  return [
    '<!-- Generated by `npm run compat -- --write`; change fixtures/zoo/ or bench/compat/ instead. -->',
    '',
    '# What converts into what, and runs where',
    '',
    `Every exporter and every runtime on a zoo of ${Object.keys(models).length} small models: layers one by one in PyTorch and Keras, estimators, the base models of the [fault benchmark](fault-benchmark.md), and what the exporters made of them as sources of its own. Of ${results.length} conversions ${passed.length} pass, ${failed.length} do not, ${skipped.length} could not be run here. A cell says how many of its conversions pass, and their worst grade. The first model of a format goes through every runtime, its other modes through two; the other models take turns, so an empty cell was not tried and says nothing. Red cells stay red until the converter, the runtime or onpar is mended. Single operators of ONNX stand in [op-tests.md](op-tests.md).`,
    '',
    `All sums on one thread. ${options.join('; ')}.`,
    '',
    `¹ A lower precision, declared: judged by what that precision costs at best (${code('tolerance: float16')}, ${code('int8')}). ² Activations in 8 or 16 bits, calibrated: judged on the data of the calibration as a signal (${code(CALIBRATED)}).`,
    ...formats.flatMap((to) => ['', `## To ${to}`, '', ...matrix(catalogue, results, to)]),
    '',
    '## The same model in another runtime',
    '',
    'Held against the format’s own reference runtime (each runs against itself in a fresh worker, too).',
    '',
    '| format | runtimes |',
    '| --- | --- |',
    ...sameModel(catalogue, results),
    '',
    '## Red cells',
    '',
    ...redCells(results),
    '',
    '## Not verified here',
    '',
    ...unverified(catalogue, results),
    '',
    '## Models',
    '',
    ...[...new Set(Object.values(models).map(({ format }) => format))].map((format) => {
      const mine = Object.entries(models).filter(([, each]) => each.format === format);
      return `- **${format}**: ${mine.map(([id]) => id.slice(format.length + 1)).join(', ')}`;
    }),
    '',
    '## Versions',
    '',
    `${versions(results).join(', ')}.`,
    '',
  ].join('\n');
}

/** What the terminal shows. */
export function brief({ results }) {
  const { passed, failed, skipped } = tally(results);
  const red = failed.map(
    ({ id, entry }) =>
      `  ${id}: ${entry.verdict} (${faults(entry)
        .map(({ code: name }) => name)
        .join(', ')})`,
  );
  return [
    `${passed.length} of ${results.length} conversions pass, ${failed.length} do not, ${skipped.length} could not be run`,
    ...red,
  ].join('\n');
}
