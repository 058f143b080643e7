import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type ComparedSide,
  type CompareInput,
  type ConversionComparison,
  compareConversion,
} from '../../src/compare/compare.ts';
import type { CATALOGUE } from '../../src/core/finding-catalogue.ts';
import { type RawFinding, sentence } from '../../src/core/findings.ts';
import { outputComparison } from '../../src/records/comparison.ts';
import type { IoContract, TensorSpec } from '../../src/records/contract.ts';
import type { FailureRecord } from '../../src/records/finding.ts';
import type { Observation, SampleRun } from '../../src/records/observation.ts';
import { contractRow } from '../../src/records/report.ts';
import type { CompareRules } from '../../src/records/rules.ts';
import type { Sample } from '../../src/records/sample.ts';
import { stringTensor, tensorFrom } from '../../src/tensor/build.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import type { NumericDtype } from '../../src/tensor/views.ts';

type Numbers = ArrayLike<number | bigint>;

/** A tensor of one row unless a shape is given. */
export const tensor = (dtype: NumericDtype, values: Numbers, shape: readonly number[] = [values.length]): Tensor =>
  tensorFrom(dtype, shape, values);
export const f32 = (values: Numbers, shape?: readonly number[]): Tensor => tensor('float32', values, shape);
export const f64 = (values: Numbers, shape?: readonly number[]): Tensor => tensor('float64', values, shape);
export const i64 = (values: Numbers, shape?: readonly number[]): Tensor => tensor('int64', values, shape);
export const text = (values: readonly string[], shape: readonly number[] = [values.length]): Tensor =>
  stringTensor(shape, values);

/** What one side answered to each sample: named outputs, a failure, or nothing at all. */
export type Answer = Readonly<Record<string, Tensor>> | { readonly failure: FailureRecord } | 'not run';

export interface SceneSide {
  readonly answers: readonly Answer[];
  readonly contract?: IoContract | null;
  readonly facts?: Record<string, unknown>;
  readonly failure?: FailureRecord;
}

export interface Scene extends Partial<Omit<CompareInput, 'reference' | 'candidate' | 'rules'>> {
  readonly reference: SceneSide | readonly Answer[];
  readonly candidate: SceneSide | readonly Answer[];
  readonly rules?: Partial<CompareRules>;
}

const isFailure = (answer: Answer): answer is { failure: FailureRecord } =>
  typeof answer === 'object' && 'failure' in answer && 'code' in answer.failure;

function observe(name: string, dir: string, setup: SceneSide): ComparedSide {
  const samples = setup.answers.flatMap((answer, i): SampleRun[] => {
    const base = { sample: `s${i}`, outputs: [], milliseconds: 1 };
    if (answer === 'not run') return [];
    if (isFailure(answer)) return [{ ...base, failure: answer.failure }];
    const file = `${name}-${i}.safetensors`;
    const tensors = Object.entries(answer);
    writeSafetensors(join(dir, file), new Map(tensors));
    return [
      { ...base, file, outputs: tensors.map(([key, t]) => ({ name: key, dtype: t.dtype, shape: [...t.shape] })) },
    ];
  });
  const contract = setup.contract ?? null;
  const observation: Observation = {
    runtime: name,
    version: '1',
    options: {},
    packages: {},
    contract,
    facts: setup.facts ?? {},
    samples,
    findings: [],
    openMilliseconds: 1,
    peakMemoryBytes: null,
    log: '',
    ...(setup.failure === undefined ? {} : { failure: setup.failure }),
  };
  return { contract, observation, dir };
}

export const rulesOf = (rules: Partial<CompareRules> = {}): CompareRules => ({
  tolerances: {},
  source: 'suite',
  mapInputs: {},
  mapOutputs: {},
  ties: {},
  dynamic: [],
  ...rules,
});

export const sampleOf = (id: string, inputs: Sample['inputs'] = []): Sample => ({
  id,
  generator: 'test',
  seed: 0,
  inputs,
  digest: '',
  file: `${id}.safetensors`,
});

/** Writes real files, compares them, and checks that every record and every sentence is well formed. */
export async function compareScene(scene: Scene): Promise<ConversionComparison> {
  const dir = mkdtempSync(join(tmpdir(), 'onpar-compare-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const reference = 'answers' in scene.reference ? scene.reference : { answers: scene.reference };
  const candidate = 'answers' in scene.candidate ? scene.candidate : { answers: scene.candidate };
  const count = Math.max(reference.answers.length, candidate.answers.length);
  const result = await compareConversion({
    reference: observe('reference', dir, reference),
    candidate: observe('candidate', dir, candidate),
    samples: scene.samples ?? Array.from({ length: count }, (_, i) => sampleOf(`s${i}`)),
    sampleDir: scene.sampleDir ?? null,
    declared: scene.declared ?? [],
    sameFormat: scene.sameFormat ?? false,
    rules: rulesOf(scene.rules),
    ...(scene.fitness === undefined ? {} : { fitness: scene.fitness }),
  });
  checkRecords(result);
  return result;
}

function checkRecords(result: ConversionComparison): void {
  for (const output of result.outputs) outputComparison.parse(JSON.parse(JSON.stringify(output)));
  for (const row of result.contract) contractRow.parse(JSON.parse(JSON.stringify(row)));
  for (const finding of result.findings) {
    const words = sentence(finding);
    if (/undefined|\[object|NaN %/.test(words)) throw new Error(`bad sentence: ${words}`);
  }
  if (result.verdict !== 'pass' && !result.findings.some((f) => f.severity === 'error'))
    throw new Error(`${result.verdict} without a reason`);
}

/** Codes that are errors, in order, each once. */
export const errors = ({ findings }: ConversionComparison): string[] => codes(findings, 'error');
export const codes = (findings: readonly RawFinding[], severity?: RawFinding['severity']): string[] => [
  ...new Set(findings.filter((f) => severity === undefined || f.severity === severity).map((f) => f.code)),
];

export function findingOf(result: ConversionComparison, code: keyof typeof CATALOGUE): RawFinding {
  const found = result.findings.find((f) => f.code === code);
  if (found === undefined) throw new Error(`no ${code} in ${codes(result.findings).join(', ') || 'no findings'}`);
  return found;
}

export const says = (result: ConversionComparison, code: keyof typeof CATALOGUE): string =>
  sentence(findingOf(result, code));

export const spec = (name: string, more: Partial<TensorSpec> = {}): TensorSpec => ({
  name,
  dtype: 'float32',
  shape: null,
  ...more,
});

export const contractOf = (outputs: TensorSpec[], more: Partial<IoContract> = {}): IoContract => ({
  inputs: [],
  outputs,
  names: 'declared',
  ...more,
});
