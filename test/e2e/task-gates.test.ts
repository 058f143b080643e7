import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { tensorFrom } from '../../src/tensor/build.ts';
import { serializeNpy } from '../../src/tensor/npy.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensor/safetensors.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { sharedScratch, write } from '../scratch.ts';
import { codesOf, MODELS, onlyCase, onpar } from './onpar.ts';

const cache = sharedScratch();
const dir = sharedScratch();
const runs = sharedScratch();
let count = 0;
const ROWS = 40;

async function compare(candidate: string, ...more: readonly string[]) {
  const out = join(runs, String(count++));
  const names = ['tiny-mlp.onnx', candidate].map((name) => join(MODELS, name));
  const finished = await onpar([
    'compare',
    ...names,
    '--out',
    out,
    '--cache',
    cache,
    '--reporter',
    'terminal',
    ...more,
  ]);
  return { ...finished, out, case: onlyCase(out) };
}

/** Rows of data, and as labels what the healthy model answers to them. */
beforeAll(async () => {
  const inputs = onlyCase((await compare('tiny-mlp.onnx')).out).samples[0]?.inputs[0];
  const width = inputs?.shape[1] ?? 0;
  let state = 3;
  const x = Float32Array.from({ length: ROWS * width }, () => {
    state = (state * 16807) % 2147483647;
    return (state / 2147483647 - 0.5) * 4;
  });
  const tensor = tensorFrom('float32', [ROWS, width], x);
  write(dir, 'rows.npy', serializeNpy(tensor));
  const first = await compare('tiny-mlp.onnx', '--inputs', join(dir, 'rows.npy'));
  expect(first.case.tensors?.sample).toBe('user:rows.npy#0');
  const answers = readSafetensors(join(first.out, first.case.tensors?.reference ?? ''));
  const label = [...answers].find(([, t]) => t.dtype === 'int64')?.[1];
  if (label === undefined || inputs === undefined) throw new Error('tiny-mlp.onnx answers no labels');
  const truth = tensorFrom('int64', [ROWS], [...toFloat64(label)].map(BigInt));
  writeSafetensors(
    join(dir, 'labelled.safetensors'),
    new Map([
      [inputs.name, tensor],
      ['truth', truth],
    ]),
  );
});

describe('accuracy on labelled data, from the command line', () => {
  const gate = ['--tolerance', 'logits:accuracy=99%,labels=truth'];
  test('a model that answers like its original keeps all of its accuracy', async () => {
    const { case: c } = await compare('tiny-mlp.onnx', '--inputs', join(dir, 'labelled.safetensors'), ...gate);
    expect(c.outputs[0]?.gate).toMatchObject({ value: 1, counted: ROWS, accuracy: { reference: 1, candidate: 1 } });
    expect(codesOf(c)).not.toContain('data-ignored');
    expect(c.verdict).toBe('pass');
  });
  test('one that does not fails with both accuracies', async () => {
    const {
      exitCode,
      stdout,
      case: c,
    } = await compare('tiny-mlp-faulty.onnx', '--inputs', join(dir, 'labelled.safetensors'), ...gate);
    expect(exitCode).toBe(1);
    expect(codesOf(c)).toContain('accuracy-lost');
    expect(stdout).toMatch(/the candidate is right in [\d.]+ % of 40 labels, the reference in 100 %/);
  });
  test('without labels it proves nothing', async () => {
    const { exitCode, case: c } = await compare('tiny-mlp.onnx', '--inputs', join(dir, 'rows.npy'), ...gate);
    expect([exitCode, c.verdict]).toEqual([1, 'unverifiable']);
    expect(codesOf(c)).toContain('gate-undefined');
  });
});

describe('onpar suggest', () => {
  test('reads a run folder, and what it proposes makes the outputs pass', async () => {
    const { out } = await compare('tiny-mlp-faulty.onnx');
    const { exitCode, stdout } = await onpar(['suggest', out, '--json']);
    expect(exitCode).toBe(0);
    const [{ outputs }] = JSON.parse(stdout) as [
      { outputs: { output: string; refused: string | null; suggestions: { kind: string; yaml: string }[] }[] },
    ];
    expect(outputs.map((o) => [o.output, o.refused === null])).toEqual([
      ['logits', true],
      ['label', false],
    ]);
    for (const { kind, yaml } of outputs[0]?.suggestions ?? []) {
      const text = kind === 'expression' ? JSON.parse(yaml) : yaml.replace(/[{}" ]/g, '').replaceAll(':', '=');
      const again = await compare('tiny-mlp-faulty.onnx', '--tolerance', `logits:${text}`);
      expect([text, again.case.outputs[0]?.verdict]).toEqual([text, 'pass']);
    }
  });
  test('an unknown case is named with those that there are', async () => {
    const { out } = await compare('tiny-mlp.onnx');
    const { exitCode, stderr } = await onpar(['suggest', out, 'tiny-mpl']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('did you mean `tiny-mlp`?');
  });
  test('the text is short where all is within rounding', async () => {
    const { out } = await compare('tiny-mlp.onnx');
    expect((await onpar(['suggest', out])).stdout).toContain('no tolerance is needed');
  });
});
