import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compareConversion } from '../../src/compare/compare.ts';
import { sentence } from '../../src/core/findings.ts';
import { checkOptimisers } from '../../src/engine/conversion/optimiser.ts';
import { type Attempt, unoptimisedOptions, type Watched } from '../../src/engine/conversion/watched.ts';
import type { StepResult } from '../../src/engine/step.ts';
import type { Conversion } from '../../src/plan/conversion.ts';
import type { RuntimeInfo } from '../../src/records/catalogue.ts';
import type { Observation } from '../../src/records/observation.ts';
import type { Sample } from '../../src/records/sample.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { f32, i64, rulesOf, sampleOf } from '../compare/scene.ts';
import { scratch } from '../scratch.ts';

const RUNTIME: RuntimeInfo = {
  name: 'fake',
  formats: ['onnx'],
  toolchain: 'node',
  isReference: true,
  options: { fast: { type: 'boolean', default: true } },
  unoptimised: { fast: false },
};

type Outputs = Readonly<Record<string, Tensor>>;
type Answer = Outputs | Error;

let made = 0;
function observed(answers: readonly Answer[]): StepResult<Observation> {
  const dir = scratch();
  const samples = answers.map((answer, i) => {
    const run = { sample: `s${i}`, milliseconds: 1 };
    if (answer instanceof Error)
      return { ...run, outputs: [], failure: { code: 'run-failed', message: answer.message } };
    writeSafetensors(join(dir, `${i}.safetensors`), new Map(Object.entries(answer)));
    const outputs = Object.entries(answer).map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));
    return { ...run, outputs, file: `${i}.safetensors` };
  });
  const value: Observation = {
    runtime: 'fake',
    version: '1.2',
    options: {},
    packages: {},
    contract: null,
    facts: {},
    samples,
    findings: [],
    openMilliseconds: 1,
    peakMemoryBytes: null,
    log: '',
  };
  return { value, dir, id: `observed-${made++}`, cached: false, milliseconds: 1 };
}

const off = (...answers: readonly Answer[]): Attempt => ({ result: observed(answers) });

const watched = (
  role: 'reference' | 'candidate',
  deployed: readonly Answer[],
  unoptimised: Attempt | null,
): Watched => ({
  // Only the role is asked of it where no process is started: the runtime has no levels.
  request: { role, samples: [] } as unknown as Watched['request'],
  observation: observed(deployed),
  fresh: null,
  unoptimised,
});

async function check(reference: Watched, candidate: Watched, tolerance?: { atol: number; rtol: number }) {
  const side = { runtime: RUNTIME, options: {} };
  const conversion = { reference: side, candidate: side } as unknown as Conversion;
  const samples = reference.observation.value.samples.map(({ sample }) => sampleOf(sample));
  const compare = (r: StepResult<Observation>, c: StepResult<Observation>, chosen: readonly Sample[]) =>
    compareConversion({
      reference: { contract: null, observation: r.value, dir: r.dir },
      candidate: { contract: null, observation: c.value, dir: c.dir },
      samples: chosen,
      declared: [],
      sameFormat: true,
      rules: rulesOf(tolerance === undefined ? {} : { tolerances: { '*': { kind: 'bounds', ...tolerance } } }),
    });
  const deployed = await compare(reference.observation, candidate.observation, samples);
  // No run is asked for beyond those that were made.
  const result = await checkOptimisers(undefined as never, conversion, deployed, {
    reference,
    candidate,
    samples,
    compare,
  });
  const codes = result.findings.map((f) => `${f.severity} ${f.code}`);
  const says = result.findings.map(sentence).join('\n');
  expect(says).not.toMatch(/undefined|\[object|NaN/);
  return { verdict: result.verdict, grade: result.grade, codes, says };
}

const y = (...values: number[]): Outputs => ({ y: f32(values) });
const ref = (answers: readonly Answer[], unoptimised: Attempt | null) => watched('reference', answers, unoptimised);
const cand = (answers: readonly Answer[], unoptimised: Attempt | null) => watched('candidate', answers, unoptimised);

describe('the deployed pair agrees', () => {
  test('nothing moves: nothing is said', async () => {
    const result = await check(ref([y(1, 2)], off(y(1, 2))), cand([y(1, 2)], off(y(1, 2))));
    expect(result).toMatchObject({ verdict: 'pass', grade: 'identical', codes: [] });
  });
  test('rounding is no move', async () => {
    const result = await check(ref([y(1, 2)], off(y(1, 2.0000002))), cand([y(1, 2)], off(y(1, 2))));
    expect(result).toMatchObject({ verdict: 'pass', codes: [] });
  });
  test('the unoptimised candidate differs: masked', async () => {
    const result = await check(ref([y(1, 2)], off(y(1, 2))), cand([y(1, 2)], off(y(1, 3))));
    expect(result).toMatchObject({ verdict: 'fail', grade: 'broken', codes: ['error masked-by-optimiser'] });
    expect(result.says).toContain('fake 1.2 (fast=true) hides it');
    expect(result.says).toContain('candidate 3, reference 2 (off by 1)');
  });
  test('a reference without an optimiser is held against the candidate’s own two answers', async () => {
    const result = await check(ref([y(1, 2)], null), cand([y(1, 2)], off(y(1, 3))));
    expect(result.codes).toEqual(['error masked-by-optimiser']);
  });
  test('the suite’s own tolerance counts, and what moves within it is a warning', async () => {
    const tolerance = { atol: 2, rtol: 0 };
    const result = await check(ref([y(1, 2)], off(y(1, 2))), cand([y(1, 2)], off(y(1, 3))), tolerance);
    expect(result).toMatchObject({ verdict: 'pass', codes: ['warning optimiser-changes-result'] });
    expect(result.says).toMatch(/^candidate: the optimiser of fake 1\.2 \(fast=true\) moves output y/);
  });
  test('both move alike: one warning', async () => {
    const result = await check(ref([y(1, 2)], off(y(1, 3))), cand([y(1, 2)], off(y(1, 3))));
    expect(result).toMatchObject({ verdict: 'pass', codes: ['warning optimiser-changes-result'] });
    expect(result.says).toMatch(/^both models:/);
  });
  test('a label that flips where its scores stay is a tie', async () => {
    const label = (n: number): Outputs => ({ ...y(1, 1), label: i64([n]) });
    const result = await check(ref([label(0)], off(label(1))), cand([label(0)], off(label(1))));
    expect(result).toMatchObject({ verdict: 'pass', codes: [] });
  });
});

describe('what cannot be said', () => {
  test('a runtime that does not open the model unoptimised: told, and nothing else', async () => {
    const refused: Attempt = { error: new Error('no kernel for Fused') };
    const result = await check(ref([y(1)], off(y(1))), cand([y(1)], refused));
    expect(result).toMatchObject({ verdict: 'pass', codes: ['info optimiser-off-refused'] });
    expect(result.says).toContain('no kernel for Fused');
  });
  test('one that opens it and runs no sample: the same', async () => {
    const result = await check(ref([y(1)], null), cand([y(1)], off(new Error('not implemented'))));
    expect(result).toMatchObject({ verdict: 'pass', codes: ['info optimiser-off-refused'] });
  });
  test('a sample that runs only optimised is no failure; the others still count', async () => {
    const fine = await check(ref([y(1), y(2)], null), cand([y(1), y(2)], off(new Error('too large'), y(2))));
    expect(fine).toMatchObject({ verdict: 'pass', codes: [] });
    const masked = await check(ref([y(1), y(2)], null), cand([y(1), y(2)], off(new Error('too large'), y(3))));
    expect(masked.codes).toEqual(['error masked-by-optimiser']);
  });
});

describe('the deployed pair differs', () => {
  test('and agrees unoptimised: the optimiser is named', async () => {
    const result = await check(ref([y(1, 2)], off(y(1, 2))), cand([y(1, 3)], off(y(1, 2))));
    expect([result.verdict, result.codes]).toEqual([
      'fail',
      ['error values-differ', 'warning optimiser-makes-difference'],
    ]);
  });
  test('and differs unoptimised: nothing is added', async () => {
    const result = await check(ref([y(1, 2)], off(y(1, 2))), cand([y(1, 3)], off(y(1, 4))));
    expect([result.verdict, result.codes]).toEqual(['fail', ['error values-differ']]);
  });
});

test('switching off what is off already is no second observation', () => {
  expect(unoptimisedOptions({ runtime: RUNTIME, options: {} })).toEqual({ fast: false });
  expect(unoptimisedOptions({ runtime: RUNTIME, options: { fast: false } })).toBeNull();
  const { unoptimised: _, ...without } = RUNTIME;
  expect(unoptimisedOptions({ runtime: without, options: {} })).toBeNull();
});
