import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { toFailure } from '../../src/core/errors.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { detectFormat } from '../../src/formats/detect.ts';
import { modelFiles } from '../../src/formats/model-files.ts';
import { parseTfjs, type TfjsModelJson, type TfjsSignature, tfjsKind } from '../../src/formats/tfjs/model-json.ts';
import { perturbTfjs } from '../../src/formats/tfjs/perturb-weights.ts';
import { lowerStored, storedPrecisions } from '../../src/formats/tfjs/precision.ts';
import { readTfjs } from '../../src/formats/tfjs/weights.ts';
import { contractOfGraph } from '../../src/observe/tfjs/contract.ts';
import { scratch, write } from '../scratch.ts';

const LAYERS = join(packageRoot, 'fixtures', 'models', 'tfjs-layers');

function copy(): string {
  const dir = scratch();
  cpSync(LAYERS, dir, { recursive: true });
  return join(dir, 'model.json');
}

function edit(path: string, change: (json: TfjsModelJson) => object): void {
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as TfjsModelJson)));
}

const refusal = (run: () => unknown): { code: string; message: string } => {
  try {
    run();
  } catch (error) {
    return toFailure(error);
  }
  throw new Error('it was accepted');
};

describe('detection', () => {
  it('finds a folder, its model.json, and both kinds of model', () => {
    expect(detectFormat(LAYERS)).toEqual({ format: 'tfjs', path: join(LAYERS, 'model.json') });
    expect(modelFiles(join(LAYERS, 'model.json'), 'tfjs').map((f) => f.slice(LAYERS.length + 1))).toEqual([
      'model.json',
      'weights.bin',
    ]);
    expect(tfjsKind(readTfjs(join(LAYERS, 'model.json')).json)).toBe('layers');
    const old = { weightsManifest: [] };
    expect(tfjsKind({ ...old, modelTopology: { node: [] } })).toBe('graph');
    expect(tfjsKind({ ...old, modelTopology: { model_config: {} } })).toBe('layers');
  });

  it('finds keys behind long metadata, a model without weights, and a folder inside', () => {
    const dir = scratch();
    const json = { userDefinedMetadata: { labels: 'x'.repeat(9000) }, modelTopology: {}, weightsManifest: [] };
    write(dir, 'web/model.json', JSON.stringify(json));
    expect(detectFormat(join(dir, 'web')).format).toBe('tfjs');
    expect(() => detectFormat(dir)).toThrow(/is a folder without saved_model.pb; it holds web/);
    write(dir, 'other/model.json', '{"learner": 1}');
    expect(() => detectFormat(join(dir, 'other'))).toThrow(/is a folder without/);
  });
});

test.each([
  ['not JSON', '{', /is not JSON/],
  ['no topology', '{"weightsManifest": []}', /no modelTopology/],
  ['no manifest', '{"modelTopology": {}}', /no weightsManifest/],
  ['a group without names', '{"modelTopology": {}, "weightsManifest": [{"weights": []}]}', /without `paths`/],
])('a model.json with %s is refused', (_, text, message) => {
  expect(refusal(() => parseTfjs(text, 'model.json'))).toMatchObject({ code: 'model-load-failed' });
  expect(() => parseTfjs(text, 'model.json')).toThrow(message);
});

test('a weight file in another folder is refused', () => {
  const path = copy();
  edit(path, (json) => ({
    ...json,
    weightsManifest: json.weightsManifest.map((group) => ({ ...group, paths: ['../weights.bin'] })),
  }));
  expect(refusal(() => readTfjs(path))).toMatchObject({
    code: 'model-load-failed',
    message: expect.stringContaining('not in its folder'),
  });
});

describe('weights moved by one step', () => {
  const floats = (path: string): Float32Array => new Float32Array(readTfjs(path).weights.buffer as ArrayBuffer);

  it.each([
    ['float32', 2 ** -23],
    ['float16', 2 ** -11],
    ['bfloat16', 2 ** -8],
  ] as const)('%s: most of them, by no more than that step', (step, most) => {
    const dir = scratch();
    const moved = perturbTfjs(join(LAYERS, 'model.json'), join(dir, 'model.json'), { step, seed: 1 });
    const [before, after] = [floats(join(LAYERS, 'model.json')), floats(join(dir, 'model.json'))];
    // Zeros stay, and have no relative move.
    const relative = before.map((w, i) => (w === after[i] ? 0 : Math.abs(((after[i] as number) - w) / w)));
    expect(after).toHaveLength(before.length);
    expect(relative.filter((r) => r > 0)).toHaveLength(moved);
    expect(moved).toBeGreaterThan(before.length / 2);
    expect(Math.max(...relative)).toBeLessThanOrEqual(most * 1.001);
  });

  it('follows from the seed, and leaves masks and short vectors', () => {
    const make = (seed: number, path = join(LAYERS, 'model.json')) => {
      const to = join(scratch(), 'model.json');
      perturbTfjs(path, to, { step: 'float32', seed });
      return readTfjs(to).weights;
    };
    expect(make(1)).toEqual(make(1));
    expect(make(1)).not.toEqual(make(2));
    const masked = copy();
    writeFileSync(join(masked, '..', 'weights.bin'), new Uint8Array(1184));
    expect(make(1, masked)).toEqual(new Uint8Array(1184));
  });
});

test('stored precision is told by share, and not where the reference has it too', () => {
  const { json } = readTfjs(join(LAYERS, 'model.json'));
  const half: TfjsModelJson = {
    ...json,
    weightsManifest: json.weightsManifest.map((group) => ({
      ...group,
      weights: group.weights.map((w) => ({ ...w, quantization: { dtype: 'float16' } })),
    })),
  };
  expect(Object.keys(storedPrecisions(json))).toEqual(['float32']);
  expect(lowerStored(half, json)).toEqual(['100 % of its weights are stored as float16']);
  expect(lowerStored(half, null)).toHaveLength(1);
  expect(lowerStored(half, half)).toEqual([]);
  expect(lowerStored(json, null)).toEqual([]);
});

describe('names of a graph model', () => {
  const tensor = (name: string, size: string, dtype: string | number = 'DT_FLOAT') => ({
    name: `${name}:0`,
    dtype,
    tensorShape: { dim: [{ size: '-1' }, { size }] },
  });
  const graph = (outputs: TfjsSignature['outputs'], metadata?: object) => {
    const signature: TfjsSignature = {
      inputs: { x: tensor('x', '4', 1), table: { ...tensor('t', '1'), resourceId: 3 } },
      outputs: outputs ?? {},
    };
    const json = {
      modelTopology: {},
      weightsManifest: [],
      signature,
      ...(metadata && { userDefinedMetadata: metadata }),
    };
    return contractOfGraph(json as TfjsModelJson, { inputs: [], outputs: [] } as never);
  };

  it('are those of the signature, in its order, where all have one', () => {
    const { contract, fetched } = graph({
      scores: tensor('Identity_1', '3'),
      best: tensor('Identity', '1', 'DT_INT64'),
    });
    expect(contract).toMatchObject({
      names: 'declared',
      inputs: [{ name: 'x', dtype: 'float32', shape: [null, 4] }],
      outputs: [{ name: 'scores' }, { name: 'best', dtype: 'int32' }],
    });
    expect(fetched).toEqual(['scores', 'best']);
  });

  it('stand in the order of the model’s outputs where the converter has lost them', () => {
    const outputs = {
      'Identity_10:0': tensor('Identity_10', '3'),
      'Identity:0': tensor('Identity', '3'),
      y: tensor('Identity_2', '2'),
    };
    const { contract, fetched } = graph(outputs);
    expect(contract.names).toBe('generated');
    expect(fetched).toEqual(['Identity:0', 'y', 'Identity_10:0']);
  });

  it('are given by place as `predict` gives them, rightly or not', () => {
    const outputs = { 'Identity_1:0': tensor('Identity_1', '3'), 'Identity:0': tensor('Identity', '3') };
    const { contract, fetched } = graph(outputs, { structuredOutputKeys: ['a', 'b'] });
    expect(contract.outputs.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(fetched).toEqual(['Identity_1:0', 'Identity:0']);
  });
});
