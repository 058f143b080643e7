import { existsSync } from 'node:fs';
import { resolve as resolvePath } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { isModelAddress } from '../core/model-address.ts';
import { isInside } from '../core/paths.ts';
import { resolveChain } from './chain.ts';
import { resolvePipeline } from './pipelines.ts';
import { parseSamples } from './sample-text.ts';
import type { CaseSetting, ConvertSetting, SuiteFile } from './schema.ts';
import { resolveState } from './state.ts';
import { type Case, type ConvertChoice, DEFAULT_TIMEOUT_MS, type RuntimeChoice, type Suite } from './suite.ts';
import { parseTolerances } from './tolerance-text.ts';

interface Defaults {
  readonly python?: string | undefined;
  readonly requirements?: string | undefined;
}

/** Fills in defaults and makes paths absolute. Throws with case and key where something cannot be meant. */
export function resolveSuite(
  written: Omit<SuiteFile, 'cases'> & { cases: Record<string, CaseSetting> },
  file: string,
  root: string,
): Suite {
  const one = (id: string, setting: CaseSetting): Case => resolveCase(id, setting, root, written);
  const alone = Object.entries(written.cases).map(([id, setting]) => one(id, setting));
  const piped = Object.entries(written.pipelines ?? {}).flatMap(([id, pipeline]) => {
    checkId(id, Object.keys(written.cases));
    return resolvePipeline(id, pipeline, one);
  });
  const cases = [...alone, ...piped];
  return {
    title: file,
    file,
    root,
    seed: written.seed ?? 0,
    cases,
    rulesFrom: 'suite',
    deep: true,
    ...(written.plugins === undefined ? {} : { plugins: written.plugins.map((name) => resolvePlugin(name, root)) }),
    reporters: written.reporters ?? null,
  };
}

/** A path lies below the suite's folder; anything else is the name of an installed module. */
function resolvePlugin(name: string, root: string): string {
  if (!/^(\.|[/\\])/.test(name)) return name;
  const path = resolvePath(root, name);
  if (isInside(root, path)) return path;
  throw new OnparError({
    code: 'path-outside',
    message: `\`plugins\`: ${name} lies outside the suite’s folder ${root}`,
    fix: 'move it below the suite’s folder, install it as a module, or name it on the command line with --plugin',
  });
}

const list = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? (value as readonly T[]) : [value as T];

/** What may stand in an id, and so in a folder's name below the run: never `.` or `..`. */
const NAME = /^\w[\w.+-]*$/;

/** OnparError for a name that cannot stand in an id, or that another has. */
function checkId(id: string, taken: readonly string[]): void {
  if (taken.includes(id)) {
    throw new OnparError({
      code: 'duplicate-id',
      message: `a case and a pipeline are both called \`${id}\``,
      fix: 'rename one of them',
    });
  }
  if (!NAME.test(id)) {
    throw new OnparError({
      code: 'bad-case-id',
      message: `case \`${id}\`: a case is named with letters, digits, "_", and behind the first also ".", "+" and "-"`,
      fix: 'rename it; `/` and `@` separate the parts of a conversion’s id',
    });
  }
}

function resolveCase(id: string, setting: CaseSetting, root: string, defaults: Defaults): Case {
  checkId(id, []);
  const inside =
    (key: string) =>
    (path: string): string => {
      const absolute = resolvePath(root, path);
      if (!isInside(root, absolute)) {
        throw new OnparError({
          code: 'path-outside',
          message: `case \`${id}\`: \`${key}\` ${path} lies outside the suite’s folder ${root}`,
          fix: 'move the file below the suite’s folder, or name it on the command line',
        });
      }
      return absolute;
    };
  const existing =
    (key: string) =>
    (path: string): string => {
      const absolute = inside(key)(path);
      if (!existsSync(absolute)) {
        throw new OnparError({
          code: 'file-missing',
          message: `case \`${id}\`: \`${key}\` ${path} does not exist`,
          fix: `looked for ${absolute}; mend \`${key}\` in the suite`,
        });
      }
      return absolute;
    };
  const requirements = setting.requirements ?? defaults.requirements;
  return {
    id,
    stage: null,
    root,
    source: setting.source,
    weights: setting.weights === undefined ? null : existing('weights')(setting.weights),
    inputs: setting.inputs ?? {},
    dims: setting.dims ?? {},
    loose: [],
    samples: inCase(id, () => parseSamples(setting.samples, existing('samples'))),
    labels: setting.labels === undefined ? [] : list(setting.labels),
    state: resolveState(id, setting.state, setting.steps),
    conversions: list(setting.convert).map((c) => resolveConvert(id, c, setting, root, existing)),
    reference: { runtime: setting.reference?.runtime ?? null, options: setting.reference?.options ?? {} },
    ties: setting.ties ?? {},
    dynamic: setting.dynamic ?? null,
    python: resolvePython(setting.python ?? defaults.python, root),
    requirements: requirements === undefined ? null : existing('requirements')(requirements),
    trust: setting.trust ?? false,
    network: setting.network ?? false,
    timeoutMs: setting.timeout === undefined ? DEFAULT_TIMEOUT_MS : setting.timeout * 1000,
    tags: setting.tags ?? [],
  };
}

/** `managed` and bare names (`python3.12`, found on PATH) stay; anything with a slash is a path below the suite's folder. */
function resolvePython(python: string | undefined, root: string): string | null {
  if (python === undefined) return null;
  return python === 'managed' || (!/[/\\]/.test(python) && !python.startsWith('.'))
    ? python
    : resolvePath(root, python);
}

/** Text forms (tolerances, samples) are shared with the command line and know no case: its name is put before their errors. */
function inCase<T>(id: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof OnparError) || error.message.startsWith('case ')) throw error;
    throw new OnparError({
      code: error.code,
      message: `case \`${id}\`: ${error.message}`,
      ...(error.fix === undefined ? {} : { fix: error.fix }),
      cause: error,
    });
  }
}

type PathCheck = (key: string) => (path: string) => string;

function resolveConvert(
  id: string,
  setting: ConvertSetting,
  parent: CaseSetting,
  root: string,
  existing: PathCheck,
): ConvertChoice {
  checkKind(id, setting);
  if (setting.name !== undefined && !NAME.test(setting.name)) {
    throw new OnparError({
      code: 'bad-name',
      message: `case \`${id}\`: conversion name \`${setting.name}\``,
      fix: 'use letters, digits, ".", "_", "+" and "-"',
    });
  }
  const runs =
    setting.run === undefined ? [] : list(setting.run).map((run) => resolveRun(run, setting.optional ?? false));
  const odd = runs.find((run) => run.name !== undefined && !NAME.test(run.name));
  if (odd !== undefined) {
    throw new OnparError({
      code: 'bad-name',
      message: `case \`${id}\`: name \`${odd.name}\` of runtime \`${odd.runtime}\``,
      fix: 'use letters, digits, ".", "_", "+" and "-"',
    });
  }
  return {
    ...(setting.name === undefined ? {} : { name: setting.name }),
    to: setting.to ?? null,
    artifact: setting.artifact === undefined ? null : resolveArtifact(setting.artifact, existing('artifact')),
    ...chainOf(id, setting.chain),
    exporter: resolveExporter(setting.exporter),
    options: setting.options ?? {},
    runs,
    tolerances: inCase(id, () => parseTolerances(setting.tolerance ?? parent.tolerance)),
    mapInputs: setting.inputs ?? {},
    mapOutputs: setting.outputs ?? parent.outputs ?? {},
    samples:
      setting.samples === undefined ? null : inCase(id, () => parseSamples(setting.samples, existing('samples'))),
    expect: setting.expect === undefined ? null : (dropUndefined(setting.expect) as ConvertChoice['expect']),
    optional: setting.optional ?? false,
    python: resolvePython(setting.python, root),
    tags: setting.tags ?? [],
  };
}

/** A conversion exports (`to`, `chain`), or takes what exists (`artifact`). */
function checkKind(id: string, setting: ConvertSetting): void {
  const kinds = (['to', 'artifact', 'chain'] as const).filter((key) => setting[key] !== undefined);
  if (kinds.length !== 1) {
    throw new OnparError({
      code: 'bad-convert',
      message: `case \`${id}\`: a conversion has one of \`to\` (export to a format), \`chain\` (several exporters) and \`artifact\` (an existing model), not ${kinds.length === 0 ? 'none' : kinds.join(' and ')}`,
      fix: 'write `to: onnx`, `chain: [torch-onnx, openvino]`, or `artifact: model.onnx`',
    });
  }
  const misplaced = (['exporter', 'options'] as const).find((key) => setting[key] !== undefined);
  if (setting.chain !== undefined && misplaced !== undefined) {
    throw new OnparError({
      code: 'bad-convert',
      message: `case \`${id}\`: \`${misplaced}\` stands beside \`chain\`, and which of its links it means is not said`,
      fix: 'write it into the link: `chain: [{ exporter: torch-onnx, options: { opset: 20 } }, openvino]`',
    });
  }
}

const chainOf = (id: string, chain: ConvertSetting['chain']): Pick<ConvertChoice, 'chain'> =>
  chain === undefined ? {} : { chain: inCase(id, () => resolveChain(chain)) };

/** An existing model: a file, a program (`worker:host.py`), or an address, which no folder holds. */
function resolveArtifact(artifact: string, existing: (path: string) => string): string {
  if (isModelAddress(artifact)) return artifact;
  const program = /^worker:(.+)$/s.exec(artifact)?.[1];
  return program === undefined ? existing(artifact) : `worker:${existing(program)}`;
}

function resolveExporter(exporter: ConvertSetting['exporter']): ConvertChoice['exporter'] {
  if (exporter === undefined) return null;
  return typeof exporter === 'string' ? exporter : (dropUndefined(exporter) as ConvertChoice['exporter']);
}

function resolveRun(
  run:
    | string
    | {
        runtime: string;
        name?: string | undefined;
        options?: Record<string, unknown> | undefined;
        optional?: boolean | undefined;
      },
  optional: boolean,
): RuntimeChoice {
  if (typeof run === 'string') return { runtime: run, options: {}, optional };
  return {
    runtime: run.runtime,
    ...(run.name === undefined ? {} : { name: run.name }),
    options: run.options ?? {},
    optional: run.optional ?? optional,
  };
}

const dropUndefined = <T extends object>(value: T): object =>
  Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined));
