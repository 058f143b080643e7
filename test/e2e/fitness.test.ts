import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratch, sharedScratch, write } from '../scratch.ts';
import { BAD, onlyCase, onpar, readReport } from './onpar.ts';

const UNFIT = join(BAD, 'unfit');
// One store for the whole file: each model is observed once, however many tests look at it.
const cache = sharedScratch();

async function compare(reference: string, candidate: string, ...more: readonly string[]) {
  const out = join(scratch(), 'run');
  const models = [reference, candidate].map((name) => join(UNFIT, `${name}.onnx`));
  const { exitCode, text } = await onpar(['compare', ...models, '--out', out, '--cache', cache, ...more]);
  const c = onlyCase(out);
  const told = c.findings.map((f) => `${f.severity} ${f.code}`);
  return { exitCode, text, case: c, verdict: c.verdict, told, says: c.findings.map((f) => f.message).join('\n') };
}

describe('chance', () => {
  test('a graph that draws without a seed is no judge, and the node is named', async () => {
    const result = await compare('noisy', 'steady');
    expect([result.exitCode, result.verdict, result.case.grade]).toEqual([1, 'unverifiable', null]);
    expect(result.told).toEqual(['error reference-not-deterministic']);
    expect(result.says).toContain('RandomNormalLike make_noise draws random numbers without a seed');
    expect(result.text).toContain('make the random numbers an input');
  });
  test('a seed does not help: every run draws on', async () => {
    const result = await compare('noisy-seeded', 'steady');
    expect(result).toMatchObject({ verdict: 'unverifiable', told: ['error reference-not-deterministic'] });
    expect(result.says).toContain('RandomNormalLike make_noise draws on from its seed with every run');
  });
  test('a dropout left in training mode, which the runtime takes out: no judge either', async () => {
    const result = await compare('dropping', 'steady');
    expect(result).toMatchObject({ verdict: 'unverifiable', told: ['error reference-not-deterministic'] });
    expect(result.says).toContain('Dropout make_kept');
  });
  test('a candidate that draws where the reference does not fails, also where all answers agree', async () => {
    const noisy = await compare('steady', 'noisy');
    expect([noisy.exitCode, noisy.verdict]).toEqual([1, 'fail']);
    expect(noisy.told).toEqual([
      'error candidate-not-deterministic',
      'error values-differ',
      'error beyond-noise-floor',
    ]);
    const dropping = await compare('steady', 'dropping');
    expect([dropping.verdict, dropping.case.grade]).toEqual(['fail', 'broken']);
    expect(dropping.told).toEqual(['error candidate-not-deterministic']);
  });
  test('a steady pair: no finding, and as deep as can be', async () => {
    expect(await compare('steady', 'steady')).toMatchObject({ exitCode: 0, told: [] });
    expect(await compare('steady', 'steady', '--deep')).toMatchObject({ exitCode: 0, told: [] });
  });
});

describe('rows', () => {
  test('a candidate that mixes rows where the reference does not', async () => {
    const result = await compare('rows-apart', 'rows-mixed');
    expect(result).toMatchObject({
      verdict: 'fail',
      told: ['error candidate-mixes-rows', 'error values-differ', 'error beyond-noise-floor'],
    });
    expect(result.says).toContain('row 0 of sample normal[batch=3] comes out otherwise alone than in its batch');
  });
  test('a reference that mixes rows explains why a candidate that does not differs', async () => {
    const result = await compare('rows-mixed', 'rows-apart');
    expect(result).toMatchObject({
      verdict: 'fail',
      told: ['warning reference-mixes-rows', 'error values-differ', 'error beyond-noise-floor'],
    });
    expect(result.says).toContain('the candidate keeps rows apart, so they cannot agree');
  });
  test('both mix: the model is so, and passes', async () => {
    const result = await compare('rows-mixed', 'rows-mixed');
    expect(result).toMatchObject({ exitCode: 0, told: ['warning reference-mixes-rows'] });
    expect(result.says).toContain('so it does in the candidate');
  });
});

describe('optimisers', () => {
  test('a fault that an optimiser hides fails, with the optimiser and its level', async () => {
    const result = await compare('pad-then-pool', 'padding-pool');
    expect([result.exitCode, result.verdict, result.case.grade]).toEqual([1, 'fail', 'broken']);
    expect(result.told).toEqual(['error masked-by-optimiser']);
    expect(result.says).toMatch(/onnxruntime-node [\d.]+ \(graphOptimizationLevel=basic\) hides it/);
    expect(result.case.outputs.map((o) => o.verdict)).toEqual(['pass']);
  });
  test('both agree, and both move: a warning that names the level', async () => {
    const result = await compare('pad-then-pool', 'pad-then-pool');
    expect(result).toMatchObject({ exitCode: 0, verdict: 'pass', told: ['warning optimiser-changes-result'] });
    expect(result.says).toMatch(
      /^both models: the optimiser of onnxruntime-node [\d.]+ \(graphOptimizationLevel=basic\) moves output y/,
    );
  });
  test('a pair that fails by an optimiser alone: told, and it fails all the same', async () => {
    const dir = scratch();
    cpSync(UNFIT, dir, { recursive: true });
    write(
      dir,
      'onpar.yaml',
      `cases:
  pool:
    source: pad-then-pool.onnx
    reference: { runtime: onnxruntime-node, options: { graphOptimizationLevel: disabled } }
    convert: { to: same, run: { runtime: onnxruntime-node, options: { graphOptimizationLevel: extended } } }
`,
    );
    const { exitCode, text } = await onpar(['run', '--out', 'run', '--cache', cache], { cwd: dir });
    const [c] = readReport(join(dir, 'run')).cases;
    expect([exitCode, c?.verdict]).toEqual([1, 'fail']);
    expect(c?.findings.filter((f) => f.severity !== 'info').map((f) => f.code)).toEqual([
      'values-differ',
      'beyond-noise-floor',
      'optimiser-makes-difference',
    ]);
    expect(text).toContain('with the optimiser off the models agree');
  });
});
