import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readBundle } from '../../../src/engine/read-bundle.ts';
import type { ModelProto } from '../../../src/formats/onnx/onnx_pb.generated.ts';
import { BudgetSpent, type Lab } from '../../../src/investigate/lab.ts';
import { localise } from '../../../src/investigate/localize/localise.ts';
import { Notebook } from '../../../src/investigate/notebook.ts';
import { reduce } from '../../../src/investigate/reduce/reduce.ts';
import type { Evidence, Scene } from '../../../src/investigate/scene.ts';
import type { Bundle } from '../../../src/records/bundle.ts';
import { readNpz } from '../../../src/tensor/npz.ts';
import { elementCount } from '../../../src/tensor/tensor.ts';
import { node, tensor } from '../../formats/build-onnx.ts';
import { scratch, write } from '../../scratch.ts';
import { labOf } from '../lab.ts';
import { images, network, type Parts, replace } from '../localize/network.ts';

const leaky = replace('r2', node('LeakyRelu', 'n1', 'r2', { alpha: 0.2 }));

interface Found {
  readonly bundle: Bundle | undefined;
  readonly dir: string;
  readonly notes: readonly string[];
  readonly spent: boolean;
}

async function reduced(
  candidate: ModelProto,
  through: (lab: Lab) => Lab = (lab) => lab,
  mends: readonly Evidence[] = [],
): Promise<Found> {
  const made = await labOf({ reference: network(), candidate, inputs: images(), dir: scratch() });
  const { scene, divergences } = await localise(made);
  const notebook = new Notebook();
  notebook.causes.push(...mends);
  const lab = through(made);
  let spent = false;
  await reduce(lab, { ...(scene as Scene), lab }, divergences[0] ?? null, notebook).catch((error: unknown) => {
    if (!(error instanceof BudgetSpent)) throw error;
    spent = true;
  });
  const [dir] = made.bundles;
  const bundle = dir === undefined ? undefined : readBundle(dir).bundle;
  return { bundle, dir: dir ?? '', notes: notebook.notes, spent };
}

describe('a failure alone', () => {
  test('is the node that differs, on few values that are nobody’s', async () => {
    const { bundle, dir } = await reduced(network(leaky));
    expect(bundle?.nodes.operators).toEqual(['LeakyRelu']);
    expect(bundle).toMatchObject({ expectedFrom: 'reference-model', inputValues: 'random', weights: 'none' });
    const [feed] = readNpz(join(dir, 'inputs.npz')).values();
    expect(elementCount(feed?.shape ?? [])).toBeLessThan(elementCount(images().get('image')?.shape ?? []) / 8);
    expect(Number(bundle?.failure.error)).toBeGreaterThanOrEqual(Number(bundle?.failure.before) / 2);
  });

  test('has random weights where it survives them: both sides the same', async () => {
    const { bundle } = await reduced(network(replace('c3', node('Conv', 'r2 w3 b3', 'c3', { pads: [2, 1, 0, 1] }))));
    expect(bundle?.nodes.operators).toEqual(['Conv']);
    expect(bundle?.weights).toBe('random');
  });

  test('keeps weights that it needs', async () => {
    const swapped = ({ weights }: Parts): void => {
      const bytes = weights.find(({ name }) => name === 'w3')?.rawData as Uint8Array;
      const first = bytes.slice(0, 144);
      bytes.copyWithin(0, 144, 288);
      bytes.set(first, 144);
    };
    const { bundle } = await reduced(network(swapped));
    expect(bundle?.nodes.operators).toEqual(['Conv']);
    expect(bundle?.weights).toBe('original');
  });

  test('is NaN where it was NaN', async () => {
    const { bundle } = await reduced(network(replace('s5', node('Log', 'a4', 's5'))));
    expect(bundle?.nodes.operators).toEqual(['Log']);
    expect(bundle?.failure.kind).toBe('nonfinite');
  });

  test('is the node that does not run', async () => {
    const { bundle } = await reduced(network(replace('c3', node('Conv', 'r2 w3 b3', 'c3', { pads: [2, 1, 1, 1] }))));
    expect(bundle?.nodes.operators).toEqual(['Add']);
    expect(bundle?.failure.kind).toBe('code');
  });

  test('that only the candidate computes is held against its input', async () => {
    const added = replace('a4', node('Add', 'c3 r2', 'x'), node('Mul', 'x two', 'a4'));
    const { bundle } = await reduced(
      network((parts) => {
        added(parts);
        parts.weights.push(tensor('two', 'float32', [], [2]));
      }),
    );
    expect(bundle?.nodes.operators).toEqual(['Mul']);
    expect(bundle).toMatchObject({ expectedFrom: 'unchanged', inputValues: 'random' });
  });

  test('is judged by the mended model where the reference is of another format', async () => {
    const foreign = (lab: Lab): Lab => ({ ...lab, canEdit: ({ role }) => role === 'candidate' });
    const wrong = network(replace('c3', node('Conv', 'r2 w3 b3', 'c3', { pads: [2, 1, 0, 1] })));
    const mend = { edit: 'attribute', node: 'conv_c3', name: 'pads', value: [1, 1, 1, 1] } as const;
    const mended = await reduced(wrong, foreign, [{ explained: 1, mend: [mend] } as unknown as Evidence]);
    expect(mended.bundle).toMatchObject({ expectedFrom: 'mended', inputValues: 'random', weights: 'random' });
    const useless = { ...mend, value: [0, 1, 2, 1] } as const;
    const recorded = await reduced(wrong, foreign, [{ explained: 1, mend: [useless] } as unknown as Evidence]);
    expect(recorded.bundle).toMatchObject({ expectedFrom: 'recorded', inputValues: 'recorded', weights: 'original' });
  });

  test('is no failure where nothing fails', async () => {
    const { bundle, notes } = await reduced(network());
    expect(bundle).toBeUndefined();
    expect(notes).toEqual([expect.stringContaining('no failure is reduced')]);
  });

  test('is kept as far as it was reduced when the time is spent', async () => {
    let left = 2;
    const { bundle, spent } = await reduced(network(leaky), (lab) => ({
      ...lab,
      run: (...asked) => (left-- > 0 ? lab.run(...asked) : Promise.reject(new BudgetSpent(false))),
    }));
    expect(spent).toBe(true);
    expect(bundle?.nodes.after).toBe(1);
  });
});

describe('its folder', () => {
  test('holds all that it needs and nothing of this machine', async () => {
    const named = network(leaky);
    for (const each of named.graph?.node ?? []) each.docString = `File "${process.cwd()}/model.py", line 3`;
    named.docString = process.cwd();
    const { bundle, dir } = await reduced(named);
    expect(readdirSync(dir).sort()).toEqual([
      'README.md',
      'bundle.json',
      'environment.json',
      'expected.npz',
      'got.npz',
      'inputs.npz',
      'model.onnx',
      'reference.onnx',
      'repro.py',
    ]);
    for (const name of readdirSync(dir)) {
      const text = readFileSync(join(dir, name), 'latin1');
      expect(text, name).not.toContain(process.cwd());
      expect(text, name).not.toContain(dir);
    }
    expect(readFileSync(join(dir, 'repro.py'), 'utf8').trim().split('\n').length).toBeLessThanOrEqual(25);
    expect(bundle?.nodes).toEqual({ before: 10, after: 1, operators: ['LeakyRelu'] });
    expect(bundle?.runtime.options).toEqual({ graphOptimizationLevel: 'basic' });
  });

  test('is refused where it is not one', () => {
    const dir = scratch();
    expect(() => readBundle(dir)).toThrow('bundle.json does not exist');
    write(dir, 'bundle.json', '{');
    expect(() => readBundle(dir)).toThrow('is not JSON');
    write(dir, 'bundle.json', '{"schemaVersion": 99}');
    expect(() => readBundle(dir)).toThrow('reads up to 1');
    write(dir, 'bundle.json', '{"schemaVersion": 1}');
    expect(() => readBundle(dir)).toThrow('is not a bundle');
  });
});
