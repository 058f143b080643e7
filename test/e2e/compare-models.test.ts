import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { tensorFrom } from '../../src/tensor/build.ts';
import { serializeNpy } from '../../src/tensor/npy.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import { scratch, sharedScratch, write } from '../scratch.ts';
import { codesOf, MODELS, onlyCase, onpar, withModels } from './onpar.ts';

// One store for the whole file: each model is observed once, however many tests look at it.
const cache = sharedScratch();

async function compare(reference: string, candidate: string, ...more: readonly string[]) {
  const out = join(scratch(), 'run');
  const at = (name: string): string => (name.includes('/') ? name : join(MODELS, name));
  const finished = await onpar([
    'compare',
    at(reference),
    at(candidate),
    '--out',
    out,
    '--cache',
    cache,
    '--reporter',
    'terminal',
    ...more,
  ]);
  return { ...finished, case: onlyCase(out) };
}

const messages = (c: { findings: readonly { message: string }[] }): string =>
  c.findings.map((f) => f.message).join('\n');

describe('healthy', () => {
  test('a model against itself: identical, exit code 0', async () => {
    const { exitCode, stdout, case: c } = await compare('tiny-mlp.onnx', 'tiny-mlp.onnx');
    expect([exitCode, c.verdict, c.grade]).toEqual([0, 'pass', 'identical']);
    expect(stdout).toContain('Parity holds: the one conversion passes');
    expect(c.samples.length).toBeGreaterThanOrEqual(10);
    expect(c.outputs.map((o) => [o.name, o.metrics.maxAbs])).toEqual([
      ['logits', 0],
      ['label', 0],
    ]);
  });
  test('NaN and infinities at the same places agree', async () => {
    const { exitCode, case: c } = await compare('nan.onnx', 'nan.onnx');
    expect([exitCode, c.grade, c.outputs[0]?.metrics.nanMismatches]).toEqual([0, 'identical', 0]);
  });
  test('strings', async () => {
    const { exitCode, case: c } = await compare('strings.onnx', 'strings.onnx');
    expect([exitCode, c.grade, c.outputs[0]?.referenceDtype]).toEqual([0, 'identical', 'string']);
  });
  test('--range for token ids; without it, what was assumed is told', async () => {
    const assumed = await compare('int-input.onnx', 'int-input.onnx');
    const ranged = await compare('int-input.onnx', 'int-input.onnx', '--range', 'tokens=0,9');
    expect([assumed.exitCode, ranged.exitCode]).toEqual([0, 0]);
    expect(codesOf(ranged.case)).not.toContain('range-assumed');
  });
});

describe('faulty', () => {
  test('a forgotten bias: broken, and where', async () => {
    const { exitCode, stdout, case: c } = await compare('tiny-mlp.onnx', 'tiny-mlp-faulty.onnx');
    expect([exitCode, c.verdict, c.grade]).toEqual([1, 'fail', 'broken']);
    expect(codesOf(c)).toContain('values-differ');
    expect(stdout).toMatch(
      /output logits: .* of the elements lie outside the tolerance; the worst of them is in sample/,
    );
  });
  test('renamed outputs fail, and --map-output mends it', async () => {
    const plain = await compare('tiny-mlp.onnx', 'tiny-mlp-renamed.onnx');
    expect([plain.exitCode, plain.case.verdict]).toEqual([1, 'fail']);
    expect(messages(plain.case)).toContain('output logits is called scores in the candidate');
    expect(plain.stdout).toContain('--map-output');
    const mapped = await compare(
      'tiny-mlp.onnx',
      'tiny-mlp-renamed.onnx',
      '--map-output',
      'logits=scores',
      '--map-output',
      'label=class',
    );
    expect([mapped.exitCode, mapped.case.grade]).toEqual([0, 'identical']);
    expect(mapped.case.outputs.map((o) => [o.name, o.candidateName, o.pairedBy])).toEqual([
      ['logits', 'scores', 'map'],
      ['label', 'class', 'map'],
    ]);
  });
  test('a map to a name that does not exist maps nothing, and says so', async () => {
    const { exitCode, case: c } = await compare(
      'tiny-mlp.onnx',
      'tiny-mlp-renamed.onnx',
      '--map-output',
      'logits=scors',
    );
    expect(exitCode).toBe(1);
    expect(messages(c)).toContain('output logits is mapped, but the candidate has no `scors`; it has scores, class');
  });
  test('swapped order: a positional caller gets the wrong tensor', async () => {
    const { exitCode, case: c } = await compare('two-outputs.onnx', 'two-outputs-swapped.onnx');
    expect([exitCode, codesOf(c)]).toEqual([1, ['order-changed']]);
    expect(messages(c)).toBe('outputs: order changed from left, right to right, left');
  });
  test('crossed values: found by value', async () => {
    const { exitCode, case: c } = await compare('two-outputs.onnx', 'two-outputs-crossed.onnx');
    expect(exitCode).toBe(1);
    expect(codesOf(c)).toContain('outputs-permuted');
    expect(messages(c)).toContain('left = right, right = left fit by value');
  });
  test('a frozen batch', async () => {
    const { exitCode, case: c } = await compare('tiny-mlp.onnx', 'tiny-mlp-frozen.onnx');
    expect([exitCode, c.grade]).toEqual([1, 'broken']);
    expect(messages(c)).toContain('input x: dimension 0 (batch) is frozen to 1 in the candidate');
    // What the runtime says about a wrong size stands on its second line; it must come along.
    expect(messages(c)).toMatch(/Got invalid dimensions for input: x .*Got: \d+ Expected: 1/);
    expect(c.samples.filter((s) => s.failure !== undefined).length).toBe(c.samples.length - 1);
  });
  test('int64 labels that became int32', async () => {
    const { exitCode, case: c } = await compare('tiny-mlp.onnx', 'tiny-mlp-int32.onnx');
    expect([exitCode, codesOf(c), messages(c)]).toEqual([
      1,
      ['dtype-changed'],
      'output label changed dtype from int64 to int32',
    ]);
  });
  test('an output on one side only, and on the other', async () => {
    const one = await compare('nan.onnx', 'two-outputs.onnx');
    expect(one.exitCode).toBe(1);
    expect(codesOf(one.case)).toContain('output-extra');
    const other = await compare('two-outputs.onnx', 'nan.onnx');
    expect(other.exitCode).toBe(1);
    expect(codesOf(other.case)).toContain('output-missing');
  });
  test('illegal token ids: the reference cannot judge, so nothing is proven', async () => {
    const { exitCode, case: c } = await compare('int-input.onnx', 'int-input.onnx', '--range', 'tokens=0,30');
    expect([exitCode, c.verdict]).toEqual([1, 'unverifiable']);
    expect(codesOf(c)).toContain('reference-failed');
    expect(messages(c)).toMatch(/the reference failed on sample .* out of data bounds/);
  });
  test('no sample at all proves nothing', async () => {
    const { exitCode, case: c } = await compare('tiny-mlp.onnx', 'tiny-mlp.onnx', '--samples', '0');
    expect([exitCode, c.verdict, codesOf(c)]).toEqual([1, 'unverifiable', ['no-sample-compared']]);
  });
});

describe('files that are not what they say', () => {
  test('a truncated ONNX', async () => {
    const cut = write(scratch(), 'cut.onnx', readFileSync(join(MODELS, 'tiny-mlp.onnx')).subarray(0, 700));
    const finished = await onpar(['compare', cut, cut, '--out', join(scratch(), 'run'), '--cache', cache]);
    expect(finished.text).toContain('cut.onnx');
    expect(finished.text).toMatch(/truncated|not a complete ONNX model/);
    expect([1, 2]).toContain(finished.exitCode);
  });
  test('a truncated candidate is an error of the candidate', async () => {
    const cut = write(scratch(), 'cut.onnx', readFileSync(join(MODELS, 'tiny-mlp.onnx')).subarray(0, 1000));
    const finished = await onpar([
      'compare',
      join(MODELS, 'tiny-mlp.onnx'),
      cut,
      '--out',
      join(scratch(), 'run'),
      '--cache',
      cache,
    ]);
    expect(finished.text).toContain('cut.onnx');
    expect(finished.exitCode).not.toBe(0);
    expect(finished.exitCode).not.toBe(70);
  });
  test('a TFLite that is a renamed text file', async () => {
    const text = write(scratch(), 'model.tflite', 'this is a text\n');
    const { exitCode, stderr } = await onpar(['compare', text, join(MODELS, 'tiny-mlp.onnx')]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/model\.tflite is (a )?text.*, not a model that onpar knows/);
    expect(stderr).toMatch(/fix: .+/);
  });
  test('an empty file', async () => {
    const { exitCode, stderr } = await onpar([
      'compare',
      write(scratch(), 'empty.onnx', ''),
      join(MODELS, 'tiny-mlp.onnx'),
    ]);
    expect([exitCode, stderr.replace(/\S*empty/, 'empty')]).toEqual([
      2,
      'onpar: empty.onnx is empty\n  fix: export or download it again\n',
    ]);
  });
  test('a misspelt name', async () => {
    const { exitCode, stderr } = await onpar(['compare', 'tiny-mpl.onnx', 'tiny-mlp.onnx'], { cwd: MODELS });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/tiny-mpl\.onnx does not exist\n {2}fix: did you mean `.*tiny-mlp\.onnx`\?/);
  });
});

describe('the user’s own samples', () => {
  const dir = sharedScratch();
  const x = (rows: number, columns = 8): ReturnType<typeof tensorFrom> =>
    tensorFrom(
      'float32',
      [rows, columns],
      Array.from({ length: rows * columns }, (_, i) => Math.sin(i)),
    );
  beforeAll(() => {
    withModels(dir, 'tiny-mlp.onnx', 'two-outputs.onnx');
    writeSafetensors(join(dir, 'good.safetensors'), new Map([['x', x(5)]]));
    writeSafetensors(
      join(dir, 'names.safetensors'),
      new Map([
        ['x', x(5)],
        ['y', x(5)],
      ]),
    );
    writeSafetensors(join(dir, 'wide.safetensors'), new Map([['x', x(5, 9)]]));
    writeSafetensors(
      join(dir, 'dtype.safetensors'),
      new Map([
        [
          'x',
          tensorFrom(
            'int64',
            [5, 8],
            Array.from({ length: 40 }, (_, i) => BigInt(i)),
          ),
        ],
      ]),
    );
    write(dir, 'rank.npy', serializeNpy(tensorFrom('float32', [8], [1, 2, 3, 4, 5, 6, 7, 8])));
    write(dir, 'text.npz', 'no tensors here');
  });
  const run = (file: string, ...more: readonly string[]) =>
    compare(join(dir, 'tiny-mlp.onnx'), join(dir, 'tiny-mlp.onnx'), '--inputs', join(dir, file), ...more);
  test('are compared alone, with their rows swept as batches', async () => {
    const { exitCode, case: c } = await run('good.safetensors');
    expect(exitCode).toBe(0);
    expect(c.samples[0]).toMatchObject({ id: 'user:good.safetensors#0', shape: [[5, 8]], verdict: 'pass' });
    expect(c.samples.every((s) => s.generator === 'file')).toBe(true);
  });
  test('what the model does not take is left aside and said', async () => {
    const { exitCode, case: c } = await run('names.safetensors');
    expect([exitCode, c.verdict]).toEqual([0, 'pass']);
    expect(c.findings.find((f) => f.code === 'data-ignored')?.args).toEqual({ names: ['y'] });
  });
  test('beside two of the portfolio with --samples 2', async () => {
    const { case: c } = await run('good.safetensors', '--samples', '2');
    expect(c.samples.filter((s) => s.generator !== 'file')).toHaveLength(2);
  });
  test.each([
    ['wide.safetensors', /wide\.safetensors: axis 1 of x has size 9, the model takes 8/, 'reshape the data'],
    ['dtype.safetensors', /dtype\.safetensors: tensor x is int64, but input x takes float32/, 'save it as float32'],
    ['rank.npy', /rank\.npy: tensor rank has shape \[8\], but input x has 2 dimensions: \[batch, 8\]/, 'x[None]'],
  ])('%s is refused with what was expected', async (file, message, fix) => {
    const { exitCode, stdout, case: c } = await run(file);
    expect([exitCode, c.verdict]).toEqual([1, 'error']);
    expect(messages(c)).toMatch(message);
    expect(stdout).toContain(fix);
  });
  test('a file without tensors', async () => {
    const { exitCode, text } = await onpar(
      [
        'compare',
        'tiny-mlp.onnx',
        'tiny-mlp.onnx',
        '--inputs',
        'text.npz',
        '--out',
        join(scratch(), 'o'),
        '--cache',
        cache,
      ],
      { cwd: dir },
    );
    expect(exitCode).not.toBe(0);
    expect(exitCode).not.toBe(70);
    expect(text).toContain('text.npz is not a tensor file');
    expect(text).toContain('use npy, npz or safetensors');
  });
  test('a file that does not exist', async () => {
    const { exitCode, stderr } = await onpar(['compare', 'tiny-mlp.onnx', 'tiny-mlp.onnx', '--inputs', 'no.npz'], {
      cwd: dir,
    });
    expect([exitCode, stderr]).toEqual([
      2,
      `onpar: --inputs no.npz does not exist\n  fix: looked for ${join(dir, 'no.npz')}\n`,
    ]);
  });
});
