import { OnparError } from '../core/errors.ts';
import { digestJson } from '../core/hash.ts';
import { displayPath, isInside } from '../core/paths.ts';
import { type DetectedModel, detectFormat } from '../formats/detect.ts';
import { servedName, servedRuntime } from '../formats/served-address.ts';
import type { Catalogue, RuntimeInfo } from '../records/catalogue.ts';
import type { CompareRules } from '../records/rules.ts';
import type { Case, ConvertChoice, RuntimeChoice, Suite } from '../suite/suite.ts';
import { formatLinks, planChain } from './chain.ts';
import { checkOptions, chooseExporter, chooseRuntime } from './choose.ts';
import type { ChainPlace, Conversion, ModelSource, Plan } from './conversion.ts';
import { withEnds } from './pipelines.ts';
import { type Selection, select } from './select.ts';
import { runtimeLabel } from './versions.ts';

/**
 * Turns a suite into conversions: finds formats, fills in exporters and runtimes, checks options, and names everything.
 * Nothing is started and nothing is hashed here, so a mistake in the last case is told before the first one runs.
 */
export function planSuite(suite: Suite, catalogue: Catalogue, selection: Selection = {}): Plan {
  const all = withEnds(suite.cases.flatMap((c) => planCase(c, suite, catalogue)));
  const conversions = select(all, selection);
  return {
    title: suite.title,
    root: suite.root,
    file: suite.file,
    seed: suite.seed,
    digest: digestJson([suite.seed, all.map(describeConversion)]),
    conversions,
    planned: all,
    reporters: suite.reporters,
    shard: selection.shard ?? null,
  };
}

/** What two runs must have in common to be runs of the same plan. */
const describeConversion = ({
  id,
  case: c,
  source,
  reference,
  exporter,
  chain,
  existing,
  candidate,
  rules,
  samples,
  convert,
}: Conversion): unknown => [
  id,
  source.spec,
  // Shards run in checkouts of their own: where the folder lies is not part of the plan.
  c.weights === null ? null : displayPath(c.weights, c.root),
  c.inputs,
  c.dims,
  runtimeLabel(reference.runtime),
  reference.options,
  exporter,
  ...(chain === undefined ? [] : [chain.earlier.map((link) => [link.exporter, link.convert.options])]),
  existing?.spec ?? null,
  runtimeLabel(candidate.runtime),
  candidate.options,
  rules,
  {
    ...samples,
    files: samples.files.map((file) => displayPath(file, c.root)),
    images: samples.images.map((set) => ({ ...set, path: displayPath(set.path, c.root) })),
  },
  convert.options,
];

/** The model that a suite names. In a suite file it lies below the suite's folder; on the command line anywhere. */
function findModel(spec: string, c: Case, suite: Suite, where: string): ModelSource {
  const { format, path, callable } = detected(spec, c, suite, where);
  if (suite.file !== null && format !== 'served' && !isInside(suite.root, path)) {
    throw new OnparError({
      code: 'path-outside',
      message: `${where}: ${spec} lies outside the suite’s folder ${suite.root}`,
      fix: 'move the file below the suite’s folder, or name it on the command line',
    });
  }
  return { spec, format, path, ...(callable === undefined ? {} : { callable }) };
}

/** A suite has many cases, so what is wrong with one is told with its name; a model on the command line stands for itself. */
function detected(spec: string, c: Case, suite: Suite, where: string): DetectedModel {
  try {
    return detectFormat(spec, { root: suite.root, trust: c.trust });
  } catch (error) {
    if (suite.file === null || !(error instanceof OnparError)) throw error;
    const { code, message, fix, detail, exitCode } = error;
    throw new OnparError({
      code,
      message: `${where}: ${message}`,
      ...(fix === undefined ? {} : { fix }),
      ...(detail === undefined ? {} : { detail }),
      exitCode,
      cause: error,
    });
  }
}

/** Recorded tensors cannot be converted; they are the truth for others, or for a model that takes the inputs among them. */
function checkRecorded(source: ModelSource, existing: ModelSource | null, where: string): void {
  if (source.format !== 'tensors' && existing?.format !== 'tensors') return;
  if (source.format === 'tensors' && existing !== null && !/\.npy$/i.test(source.path)) return;
  if (source.format === existing?.format) return;
  const [tensors, other] = source.format === 'tensors' ? [source, existing] : [existing as ModelSource, source];
  throw new OnparError({
    code: 'recorded-alone',
    message: `${where}: ${tensors.spec} holds recorded tensors${other === null ? ', which cannot be converted' : `, ${other.spec} is a model (${other.format})`}`,
    fix: 'compare recorded outputs with recorded outputs; to feed data to a model, give it with --inputs or `samples:`',
  });
}

/** Refuses settings that nothing would read: believing that they held is worse than an error. */
function checkUnused(c: Case, convert: ConvertChoice, source: ModelSource, where: string): void {
  if (c.weights !== null && !['pytorch', 'keras', 'jax'].includes(source.format)) {
    throw new OnparError({
      code: 'weights-unused',
      message: `${where}: ${source.spec} (${source.format}) brings its own weights, so \`weights\` would not be loaded`,
      fix: 'remove `weights`, or name the code that builds the model: `source: model.py:build`',
    });
  }
  const exports = convert.artifact === null && convert.to !== 'same';
  const [option] = Object.keys(convert.options);
  if (!exports && (option !== undefined || convert.exporter !== null)) {
    const what = option === undefined ? 'exporter' : `option \`${option}\``;
    throw new OnparError({
      code: 'option-unused',
      message: `${where}: ${what} is set, but ${convert.artifact === null ? '`to: same`' : '`artifact`'} exports nothing`,
      fix: 'remove it; options of a runtime stand in `run: { runtime: …, options: { … } }`',
    });
  }
}

/** An environment of the user's has the version that it has. */
function checkPlace(convert: ConvertChoice, { name, version }: RuntimeInfo, where: string): void {
  if (convert.python === null || version === undefined) return;
  throw new OnparError({
    code: 'version-and-python',
    message: `${where}: \`${name}@${version}\` asks for an environment of onpar’s, \`python: ${convert.python}\` for one of yours`,
    fix: 'remove one of the two',
  });
}

function planCase(c: Case, suite: Suite, catalogue: Catalogue): Conversion[] {
  const where = `case \`${c.id}\``;
  const source = findModel(c.source, c, suite, where);
  const reference = {
    runtime: chooseRuntime(
      catalogue,
      source.format,
      c.reference.runtime ?? runtimeOfAddress(source),
      `${where}, reference`,
    ),
    options: c.reference.options,
  };
  checkOptions(reference.options, reference.runtime, `${where}, reference`);
  const taken = new Set<string>();
  // Names that the suite gives are kept; only ours make room for them.
  const given = c.conversions.flatMap((convert) => convert.name ?? []);
  const twice = given.find((name, i) => given.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new OnparError({
      code: 'duplicate-id',
      message: `${where}: two conversions have the name \`${twice}\``,
      fix: 'give one of them another `name:`, or list several runtimes in its `run:`',
    });
  }
  const names = new Set<string>(given);
  const planOne = (
    convert: ConvertChoice,
    chain?: ChainPlace,
    from: string = source.format,
    only: RuntimeInfo | null = null,
  ): Conversion[] => {
    checkUnused(c, convert, source, where);
    const existing = convert.artifact === null ? null : findModel(convert.artifact, c, suite, where);
    checkRecorded(source, existing, where);
    const candidateFormat = existing?.format ?? (convert.to === 'same' ? source.format : (convert.to as string));
    const exporter = existing !== null || convert.to === 'same' ? null : planExporter(convert, from, catalogue, where);
    const name = convert.name ?? unusedName(nameOf(convert, existing, source.format), names);
    const runs: readonly RuntimeChoice[] =
      convert.runs.length > 0 ? convert.runs : [defaultRun(candidateFormat, convert, reference.runtime.name)];
    return runs.map((run): Conversion => {
      const named = run.runtime === '' ? runtimeOfAddress(existing) : run.runtime;
      const runtime = only ?? chooseRuntime(catalogue, candidateFormat, named, where);
      checkOptions(run.options, runtime, where);
      checkPlace(convert, runtime, where);
      const id = `${c.id}/${name}@${run.name ?? runtimeLabel(runtime)}`;
      if (taken.has(id)) {
        throw new OnparError({
          code: 'duplicate-id',
          message: `${where}: two conversions are called \`${id}\``,
          fix: 'give one of them a `name:`',
        });
      }
      taken.add(id);
      return {
        id,
        case: c,
        convert,
        source,
        reference,
        exporter,
        ...(chain === undefined ? {} : { chain }),
        existing,
        candidate: { format: candidateFormat, runtime, options: run.options },
        samples: convert.samples ?? c.samples,
        rules: rulesOf(c, convert, suite),
        deep: suite.deep,
        optional: run.optional,
        tags: [...c.tags, ...convert.tags],
      };
    });
  };
  return c.conversions.flatMap((convert) => {
    if (convert.chain === undefined) return planOne(convert);
    const links = formatLinks(convert.chain, source.format, catalogue, where);
    const name = convert.name ?? unusedName(links.at(-1)?.to ?? '', names);
    return planChain({ convert, name, links, catalogue, planLink: planOne });
  });
}

/** The address of a served model tells the protocol, and so the runtime. */
const runtimeOfAddress = (model: ModelSource | null): string | null =>
  model?.format === 'served' ? servedRuntime(model.path) : null;

const defaultRun = (format: string, convert: ConvertChoice, referenceRuntime: string): RuntimeChoice => ({
  runtime: convert.to === 'same' ? referenceRuntime : format === 'tensors' ? 'recorded' : '',
  options: {},
  optional: convert.optional,
});

function planExporter(
  convert: ConvertChoice,
  from: string,
  catalogue: Catalogue,
  where: string,
): Conversion['exporter'] {
  if (convert.exporter !== null && typeof convert.exporter !== 'string') return convert.exporter;
  const exporter = chooseExporter(catalogue, from, convert.to as string, convert.exporter, where);
  checkOptions(convert.options, exporter, where);
  return exporter.byCommand === undefined ? exporter : { ...exporter.byCommand, name: exporter.name };
}

/**
 * What a conversion is called that the suite gives no name: the target, and its precision where one is asked for. Within one
 * format the target tells nothing: there it is the exporter.
 */
function nameOf(convert: ConvertChoice, existing: ModelSource | null, from: string): string {
  if (existing !== null)
    return (
      (existing.format === 'served' ? servedName(existing.path) : existing.path)
        .split(/[/\\]/)
        .at(-1)
        ?.replaceAll(/[^\w.+-]+/g, '-') ?? existing.format
    );
  if (convert.to === from && typeof convert.exporter === 'string') return convert.exporter;
  const precision = convert.options.precision;
  return typeof precision === 'string' && precision !== 'float32'
    ? `${convert.to}-${precision}`
    : (convert.to as string);
}

function unusedName(name: string, taken: Set<string>): string {
  let unused = name;
  for (let i = 2; taken.has(unused); i++) unused = `${name}-${i}`;
  taken.add(unused);
  return unused;
}

function rulesOf(c: Case, convert: ConvertChoice, suite: Suite): CompareRules {
  const named = Object.values(c.inputs).flatMap((input) =>
    (input.shape ?? []).filter((d): d is string => typeof d === 'string'),
  );
  return {
    tolerances: { ...convert.tolerances },
    source: Object.keys(convert.tolerances).length === 0 ? 'default' : suite.rulesFrom,
    mapInputs: { ...convert.mapInputs },
    mapOutputs: { ...convert.mapOutputs },
    ties: { ...c.ties },
    dynamic: [...(c.dynamic ?? [...new Set(named)])],
    ...(c.state === null ? {} : { sequence: c.state }),
  };
}
