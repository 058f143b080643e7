import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { isModelAddress } from '../core/model-address.ts';
import { DTYPES, isDtype } from '../tensor/dtype.ts';
import { chainFromText } from './chain.ts';
import type { InputSetting } from './schema.ts';
import { type Case, type ConvertChoice, DEFAULT_TIMEOUT_MS, type RuntimeChoice, type Suite } from './suite.ts';

/** A run without a suite file, from command-line arguments. Paths are the user's own words, so they may lie anywhere. */
export interface AdHoc {
  readonly source: string;
  /** Existing candidates (`onpar compare`), or none. */
  readonly artifacts: readonly string[];
  /** Target formats (`onpar run MODEL --to …`). */
  readonly to: readonly string[];
  readonly exporter?: string | undefined;
  /** Exporters one behind the other (`--chain a,b,c`). */
  readonly chains?: readonly (readonly string[])[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly weights?: string | undefined;
  readonly inputs: Readonly<Record<string, InputSetting>>;
  readonly runtimes: readonly string[];
  readonly title: string;
}

/** Folder of a model that is named as `path`, `format:path`, `path.py:callable`. */
const modelPath = (spec: string): string =>
  existsSync(spec) ? spec : spec.replace(/^[a-z][a-z-]+:(?!\/\/)(?=.)/, '').replace(/(\.pyw?):[\w.]+$/, '$1');

const caseName = (spec: string): string =>
  (isModelAddress(spec)
    ? spec.replace(/^.*\/(?:models|[\w.:[\]-]+:\d+)\//, '').replace(/:predict$|\/infer$/, '')
    : basename(resolve(modelPath(spec)))
  )
    .replace(/\.[^.]+$/, '')
    .replaceAll(/[^\w.+-]+/g, '-')
    .replace(/^[^\w]+/, '') || 'model';

/** An ad-hoc suite of one case; the same shape as one from a file, so that everything after it is the same. */
export function adHocSuite(request: AdHoc): Suite {
  const root = isModelAddress(request.source) ? process.cwd() : dirname(resolve(modelPath(request.source)));
  const runs = request.runtimes.map((runtime): RuntimeChoice => ({ runtime, options: {}, optional: false }));
  const convert = (to: string | null, artifact: string | null): ConvertChoice => ({
    to,
    artifact: artifact === null ? null : absoluteSpec(artifact),
    exporter: request.exporter ?? null,
    options: fromHere(request.options),
    runs,
    tolerances: {},
    mapInputs: {},
    mapOutputs: {},
    samples: null,
    expect: null,
    optional: false,
    python: null,
    tags: [],
  });
  const only: Case = {
    id: caseName(request.source),
    root,
    source: absoluteSpec(request.source),
    weights: request.weights === undefined ? null : resolve(request.weights),
    inputs: request.inputs,
    dims: {},
    loose: [],
    samples: { portfolio: null, special: false, files: [], images: [] },
    stage: null,
    labels: [],
    state: null,
    conversions: [
      ...request.artifacts.map((a) => convert(null, a)),
      ...request.to.map((format) => convert(format, null)),
      ...(request.chains ?? []).map((names) => ({
        ...convert(null, null),
        exporter: null,
        options: {},
        chain: chainFromText(names, fromHere(request.options)),
      })),
    ],
    reference: { runtime: null, options: {} },
    ties: {},
    dynamic: null,
    python: null,
    requirements: null,
    trust: false,
    network: false,
    timeoutMs: DEFAULT_TIMEOUT_MS,
    tags: [],
  };
  return {
    title: request.title,
    file: null,
    root,
    seed: 0,
    cases: [only],
    rulesFrom: 'command line',
    deep: false,
    reporters: null,
  };
}

/** Data files that exporter options name (calibration) are the user's own words too: relative to the current folder. */
const fromHere = (options: AdHoc['options']): AdHoc['options'] =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      typeof value === 'string' && DATA_FILE.test(value) ? resolve(value) : value,
    ]),
  );

const DATA_FILE = /\.(npz|npy|safetensors)$/i;

/** The same model, named from anywhere: the path inside the name made absolute, format and callable kept. */
function absoluteSpec(spec: string): string {
  const path = modelPath(spec);
  return isModelAddress(spec) ? spec : spec.replace(path, () => resolve(path));
}

/** `image=float32[batch,3,224,224]` as an input. Throws with the grammar when it is something else. */
export function parseInput(text: string): [string, InputSetting] {
  const match = /^([^=]+)=(\w+)\[([^\]]*)\]$/.exec(text.trim());
  const [, name, dtype, dims] = match ?? [];
  if (name === undefined || dtype === undefined || dims === undefined || !isDtype(dtype)) {
    throw new OnparError({
      code: 'bad-input',
      message: `--input \`${text}\` is not NAME=DTYPE[DIMS]`,
      fix: `for example --input image=float32[batch,3,224,224]; dtypes: ${DTYPES.join(', ')}`,
    });
  }
  const shape = dims.trim() === '' ? [] : dims.split(',').map((d) => dimension(d.trim(), text));
  return [name, { dtype, shape }];
}

function dimension(text: string, whole: string): number | string | null {
  if (/^\d+$/.test(text)) return Number(text);
  if (text === '?' || text === '*') return null;
  if (/^[A-Za-z_]\w*$/.test(text)) return text;
  throw new OnparError({
    code: 'bad-input',
    message: `--input \`${whole}\`: \`${text}\` is not a dimension`,
    fix: 'write a number, a name (dynamic) or ? (dynamic, unnamed)',
  });
}
