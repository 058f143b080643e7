import { expect, test } from 'vitest';
import { storedIntegers } from '../../../src/investigate/diagnose/values/stored-integers.ts';
import type { CaseFacts, Specimen } from '../../../src/investigate/lab.ts';
import type { Question } from '../../../src/investigate/scene.ts';
import type { OpGraph } from '../../../src/records/graph.ts';
import { tensorFrom } from '../../../src/tensor/build.ts';
import type { NamedTensors, Tensor } from '../../../src/tensor/tensor.ts';
import { toFloat64 } from '../../../src/tensor/values.ts';
import { changed, drawn, recorded } from './recorded.ts';

/** y = 2x − 0.3, stored in int8 of these scales by the candidate. */
const layer = (x: Tensor) => changed(x, (value) => 2 * value - 0.3);
const IN = 0.005;
const OUT = 0.012;
const store = (tensor: Tensor, scale: number) =>
  tensorFrom(
    'int8',
    tensor.shape,
    toFloat64(tensor).map((x) => Math.round(x / scale)),
  );
const load = (tensor: Tensor, scale: number) =>
  tensorFrom(
    'float32',
    tensor.shape,
    toFloat64(tensor).map((x) => x * scale),
  );

const tensorOf = (scale?: number) => ({
  dtype: scale === undefined ? ('float32' as const) : ('int8' as const),
  shape: [4, 32],
  constant: false,
  tappable: true,
  ...(scale !== undefined && { quantization: { scales: [scale], zeroPoints: [0] } }),
});
const node = (op: string, inputs: string[], outputs: string[]) => ({
  id: op,
  op,
  inputs,
  outputs,
  attributes: {},
  module: [],
  source: null,
  origins: [],
});
const GRAPH: OpGraph = {
  format: 'tflite',
  inputs: ['x'],
  outputs: ['y'],
  nodes: [node('QUANTIZE', ['x'], ['stored']), node('FULLY_CONNECTED', ['stored'], ['y'])],
  tensors: { x: tensorOf(), stored: tensorOf(IN), y: tensorOf(OUT) },
};

/** `gives`: the candidate's stored result. */
function question(declared: CaseFacts['declared'], gives: (x: Tensor) => Tensor): Question {
  const inputs = [1, 2].map((seed) => new Map([['x', drawn([4, 32], seed)]]));
  const [reference, candidate] = ['reference', 'candidate'].map(
    (role) => ({ role, format: 'tflite', path: role, history: [], key: role }) as Specimen,
  ) as [Specimen, Specimen];
  const base = recorded(
    inputs.map((given) => ({ inputs: given, reference: new Map(), candidate: new Map() })),
    {
      facts: { declared, inputs: [{ reference: 'x', candidate: 'x' }] },
      tap: ({ role }, _, { sample }) => {
        const x = (typeof sample === 'string' ? inputs[Number(sample)] : sample)?.get('x') as Tensor;
        const taps: NamedTensors = new Map([['y', role === 'reference' ? layer(x) : gives(x)]]);
        return Promise.resolve({ ok: true, taps, outputs: new Map(), untapped: [], apart: [], milliseconds: 0 });
      },
    },
  );
  const x = drawn([4, 32], 1);
  const graph = { ...GRAPH, tensors: { x: tensorOf(), y: tensorOf() } };
  const view = { untapped: new Map<string, string>() };
  return {
    divergence: {
      reference: { tensor: 'y', node: 'y', opType: 'Dense', module: ['y'], source: null },
      candidate: { tensor: 'y', node: 'FULLY_CONNECTED', opType: 'FULLY_CONNECTED' },
      region: { reference: ['y'], candidate: ['QUANTIZE', 'FULLY_CONNECTED'] },
      local: null,
      accumulated: 1,
      explained: null,
      sample: '0',
      precision: 'deployed',
    },
    scene: {
      ...base.scene,
      tolerance: 0.05,
      reference: { ...view, specimen: reference, graph, values: new Map([['y', layer(x)]]) },
      candidate: { ...view, specimen: candidate, graph: GRAPH, values: new Map([['y', load(gives(x), OUT)]]) },
    },
  };
}

/** Inputs of int8, a layer, a result of int8. */
const stored = (x: Tensor) => store(layer(load(store(x, IN), IN)), OUT);

test('values that were cut at the ends of their ranges saturate', async () => {
  const evidence = await storedIntegers.test(question('int8', stored));
  expect(evidence).toMatchObject({ code: 'saturation', args: { share: expect.stringMatching(/^[\d.]+ %$/) } });
  expect(evidence?.explained).toBeGreaterThan(0.95);
});

test('integers that nobody declared are the cause themselves', async () => {
  expect(await storedIntegers.test(question('float32', stored))).toMatchObject({
    code: 'dtype-narrowed',
    args: { dtype: 'int8' },
  });
});

test('a result that is cut and wrong besides is not explained by its range', async () => {
  const flipped = (x: Tensor) => stored(changed(x, (value) => -value));
  expect(await storedIntegers.test(question('int8', flipped))).toBeUndefined();
});
