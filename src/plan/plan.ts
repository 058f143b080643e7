import { digestJson } from '../core/hash.ts';
import { OnparError } from '../core/errors.ts';
import { detectFormat } from '../formats/detect.ts';
import type { Catalogue } from '../records/catalogue.ts';
import type { CompareRules } from '../records/rules.ts';
import type { Case, ConvertChoice, RuntimeChoice, Suite } from '../suite/suite.ts';
import { checkOptions, chooseExporter, chooseRuntime } from './choose.ts';
import type { Conversion, ModelSource, Plan } from './conversion.ts';
import { type Selection, select } from './select.ts';

/**
 * Turns a suite into conversions: finds formats, fills in exporters and runtimes, checks options, and names everything.
 * Nothing is started and nothing is hashed here, so a mistake in the last case is told before the first one runs.
 */
export function planSuite(suite: Suite, catalogue: Catalogue, selection: Selection = {}): Plan {
  const all = suite.cases.flatMap((c) => planCase(c, suite, catalogue));
  const conversions = select(all, selection);
  return {
    title: suite.title,
    root: suite.root,
    file: suite.file,
    seed: suite.seed,
    digest: digestJson([suite.seed, all.map(describeConversion)]),
    conversions,
    shard: selection.shard ?? null,
  };
}

/** What two runs must have in common to be runs of the same plan. */
const describeConversion = ({ id, source, exporter, existing, candidate, rules, samples, convert }: Conversion): unknown => [
  id,
  source.spec,
  exporter,
  existing?.spec ?? null,
  candidate.runtime.name,
  candidate.options,
  rules,
  samples,
  convert.options,
];

export function findModel(spec: string, root: string, trust: boolean): ModelSource {
  const { format, path, callable } = detectFormat(spec, { root, trust });
  return { spec, format, path, ...(callable === undefined ? {} : { callable }) };
}

function planCase(c: Case, suite: Suite, catalogue: Catalogue): Conversion[] {
  const where = `case \`${c.id}\``;
  const source = findModel(c.source, suite.root, c.trust);
  const reference = {
    runtime: chooseRuntime(catalogue, source.format, c.reference.runtime, `${where}, reference`),
    options: c.reference.options,
  };
  checkOptions(reference.options, reference.runtime, `${where}, reference`);
  const taken = new Set<string>();
  const names = new Set<string>();
  return c.conversions.flatMap((convert) => {
    const existing = convert.artifact === null ? null : findModel(convert.artifact, suite.root, c.trust);
    const candidateFormat = existing?.format ?? (convert.to === 'same' ? source.format : (convert.to as string));
    const exporter = existing !== null || convert.to === 'same' ? null : planExporter(convert, source.format, catalogue, where);
    const name = unusedName(nameOf(convert, existing), names);
    const runs: readonly RuntimeChoice[] = convert.runs.length > 0 ? convert.runs : [defaultRun(candidateFormat, convert, reference.runtime.name)];
    return runs.map((run): Conversion => {
      const runtime = chooseRuntime(catalogue, candidateFormat, run.runtime === '' ? null : run.runtime, where);
      checkOptions(run.options, runtime, where);
      const id = `${c.id}/${name}@${run.name ?? runtime.name}`;
      if (taken.has(id)) {
        throw new OnparError({ code: 'duplicate-id', message: `${where}: two conversions are called \`${id}\``, fix: 'give one of them a `name:`' });
      }
      taken.add(id);
      return {
        id,
        case: c,
        convert,
        source,
        reference,
        exporter,
        existing,
        candidate: { format: candidateFormat, runtime, options: run.options },
        samples: convert.samples ?? c.samples,
        rules: rulesOf(c, convert, suite),
        optional: run.optional,
        tags: [...c.tags, ...convert.tags],
      };
    });
  });
}

const defaultRun = (format: string, convert: ConvertChoice, referenceRuntime: string): RuntimeChoice => ({
  runtime: convert.to === 'same' ? referenceRuntime : format === 'tensors' ? 'recorded' : '',
  options: {},
  optional: convert.optional,
});

function planExporter(convert: ConvertChoice, from: string, catalogue: Catalogue, where: string): Conversion['exporter'] {
  if (convert.exporter !== null && typeof convert.exporter !== 'string') return convert.exporter;
  const exporter = chooseExporter(catalogue, from, convert.to as string, convert.exporter, where);
  checkOptions(convert.options, exporter, where);
  return exporter;
}

/** What a conversion is called when the suite gives it no name: the target, and its precision where one is asked for. */
function nameOf(convert: ConvertChoice, existing: ModelSource | null): string {
  if (convert.name !== undefined) return convert.name;
  if (existing !== null) return existing.path.split(/[/\\]/).at(-1)?.replaceAll(/[^\w.+-]+/g, '-') ?? existing.format;
  const precision = convert.options.precision;
  return typeof precision === 'string' && precision !== 'float32' ? `${convert.to}-${precision}` : (convert.to as string);
}

function unusedName(name: string, taken: Set<string>): string {
  let unused = name;
  for (let i = 2; taken.has(unused); i++) unused = `${name}-${i}`;
  taken.add(unused);
  return unused;
}

function rulesOf(c: Case, convert: ConvertChoice, suite: Suite): CompareRules {
  const named = Object.values(c.inputs).flatMap((input) => (input.shape ?? []).filter((d): d is string => typeof d === 'string'));
  return {
    tolerances: { ...convert.tolerances },
    source: Object.keys(convert.tolerances).length === 0 ? 'default' : suite.rulesFrom,
    mapInputs: { ...convert.mapInputs },
    mapOutputs: { ...convert.mapOutputs },
    ties: { ...c.ties },
    dynamic: [...(c.dynamic ?? [...new Set(named)])],
  };
}
