// What was seen, conversion by conversion: a run of some of them keeps what is known of the others.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { faults, plain } from './words.js';

const file = join(import.meta.dirname, 'records.ndjson');

/** `{about: {onpar, node, system}, records}`; nothing was run yet where there is no file. */
export function readRecords() {
  if (!existsSync(file)) return { about: null, records: [] };
  const [about, ...records] = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { about, records };
}

/** What made them on the first line, then one record a line, so that a difference shows conversions. */
export const writeRecords = ({ about, records }) =>
  writeFileSync(file, `${[about, ...records].map((each) => JSON.stringify(each)).join('\n')}\n`);

/** What the page says of a conversion: `entry` is its case in onpar's report. */
export function recordOf(planned, entry, ran) {
  const { verdict, grade, candidate, artifact } = entry;
  const found = verdict === 'pass' ? [] : verdict === 'skipped' ? [reasonOf(entry)] : faults(entry);
  return {
    ...planned,
    verdict,
    ...(grade ? { grade } : {}),
    ...(found.length > 0 ? { found } : {}),
    ...(candidate.exporterVersion ? { exporterVersion: candidate.exporterVersion } : {}),
    ...(candidate.runtimeVersion ? { runtimeVersion: candidate.runtimeVersion } : {}),
    ...(artifact ? { artifact: artifact.path } : {}),
    ran,
  };
}

/** A conversion that the zoo asks for and nobody has run. */
const unrun = (planned) => ({ ...planned, verdict: 'unrun' });

function reasonOf(entry) {
  const failure = entry.candidate.failure ?? entry.reference.failure;
  const finding = entry.findings.find(({ severity }) => severity === 'error') ?? entry.findings[0] ?? failure;
  return { code: finding?.code ?? 'unknown', message: plain(finding?.message ?? 'skipped without a reason') };
}

/** The records of `planned`, in its order: fresh ones first, then known ones, then none. */
export function merged(planned, fresh, known) {
  const byId = new Map([...known, ...fresh].map((each) => [each.id, each]));
  return planned.map((each) => {
    const { verdict, grade, found, exporterVersion, runtimeVersion, artifact, ran } = byId.get(each.id) ?? {};
    return verdict === undefined || verdict === 'unrun'
      ? unrun(each)
      : { ...each, verdict, grade, found, exporterVersion, runtimeVersion, artifact, ran };
  });
}

/** What the zoo no longer asks for, of models, exporters and runtimes that are still there: known until all that it asks for was run. */
export function former(planned, known, { models, exporters, runtimes }) {
  const ids = new Set(planned.map(({ id }) => id));
  const names = new Set([...exporters, ...runtimes].map(({ name }) => name));
  return known
    .filter(({ id, verdict, extra }) => !ids.has(id) && verdict !== 'unrun' && extra === undefined)
    .filter(({ model, exporter, runtime }) => {
      return models[model] !== undefined && names.has(runtime) && (exporter === null || names.has(exporter));
    })
    .map((each) => ({ ...each, former: true }));
}

/**
 * Does `--only` ask for this conversion? By a name (format, exporter, runtime), `chains`, `versions`, `unrun` (what is in no
 * record of `known`), or by a part of the model's id where no name is meant.
 */
export function picks(only, names, known) {
  const done = new Set(known.filter(({ verdict }) => verdict !== 'unrun').map(({ id }) => id));
  const special = {
    chains: ({ exporter }) => exporter === 'chain',
    versions: ({ exporter, extra }) => exporter === null && extra !== undefined,
    unrun: ({ id }) => !done.has(id),
  };
  const named = (text) =>
    names.has(text)
      ? ({ format, exporter, runtime, to }) => [format, exporter, runtime, to].includes(text)
      : ({ model }) => model.includes(text);
  const asked = only.map((text) => special[text] ?? named(text));
  return (planned) => asked.length === 0 || asked.some((each) => each(planned));
}
