import { describe, expect, it } from 'vitest';
import type { ModelProto } from '../../../src/formats/onnx/onnx_pb.generated.ts';
import { type Localised, localise } from '../../../src/investigate/localize/localise.ts';
import type { NamedTensors } from '../../../src/tensor/tensor.ts';
import { node, tensor } from '../../formats/build-onnx.ts';
import { scratch } from '../../scratch.ts';
import { labOf } from '../lab.ts';
import { anonymous, images, network, noise, type Parts, replace } from './network.ts';

async function found(candidate: ModelProto, inputs: NamedTensors = images()): Promise<Localised> {
  return localise(await labOf({ reference: network(), candidate, inputs, dir: scratch() }));
}

const places = ({ divergences }: Localised): string[] => divergences.map((d) => d.reference.node);

const leaky = replace('r2', node('LeakyRelu', 'n1', 'r2', { alpha: 0.2 }));

describe('where the names are kept', () => {
  it('names the node whose result is the first that differs, and proves it', async () => {
    const result = await found(network(leaky));
    expect(places(result)).toEqual(['relu_r2']);
    const [first] = result.divergences;
    expect(first?.candidate).toEqual({ tensor: 'r2', node: 'leakyrelu_r2', opType: 'LeakyRelu' });
    expect(first?.explained).toBe(1);
    expect(first?.local).toBeCloseTo(first?.accumulated as number, 6);
  });

  it('finds two independent faults, one behind the other', async () => {
    const result = await found(
      network((parts) => {
        leaky(parts);
        replace('s5', node('HardSigmoid', 'a4', 's5'))(parts);
      }),
    );
    expect(places(result)).toEqual(['relu_r2', 'sigmoid_s5']);
  });

  it('names the node behind which a step was added', async () => {
    const bounded = replace('r2', node('Relu', 'n1', 'x'), node('Clip', 'x _ top', 'r2'));
    const result = await found(
      network((parts) => {
        bounded(parts);
        parts.weights.push(tensor('top', 'float32', [], [0.4]));
      }),
    );
    expect(places(result)).toEqual(['relu_r2']);
  });

  it('passes over a layer that a converter folded into another one', async () => {
    const result = await found(network(foldedAndTanh));
    expect(places(result)).toEqual(['sigmoid_s5']);
  });

  it('finds a wrong tensor before a crash that only shows it', async () => {
    const result = await found(
      network((parts) => {
        replace('f7', node('Reshape', 'p6 shape', 'f7'))(parts);
        parts.weights.push(tensor('shape', 'int64', [2], [1, 8]));
      }),
    );
    expect(places(result)).toEqual(['flatten_f7']);
  });

  it('finds nothing where only the way of computing differs', async () => {
    const result = await found(network(otherwise));
    expect(places(result)).toEqual([]);
    expect(result.alignment?.matched.output).toBe(2);
  });
});

describe('where no name is kept', () => {
  it('names the node that computes something else', async () => {
    expect(places(await found(anonymous(network(leaky))))).toEqual(['relu_r2']);
  });

  it('names a node that was left out, not the one that shows it', async () => {
    const lost = (parts: Parts): void => {
      replace('s5')(parts);
      replace('p6', node('GlobalAveragePool', 'a4', 'p6'))(parts);
    };
    expect(places(await found(anonymous(network(lost))))).toEqual(['sigmoid_s5']);
  });

  it('keeps to the step that was taken apart', async () => {
    const parts = replace('r2', node('Mul', 'n1 slope', 'x'), node('Max', 'n1 x', 'r2'));
    const result = await found(
      anonymous(
        network((all) => {
          parts(all);
          all.weights.push(tensor('slope', 'float32', [], [0.1]));
        }),
      ),
    );
    expect(places(result)).toEqual(['relu_r2']);
    expect(result.divergences[0]?.region.candidate).toHaveLength(2);
  });

  it('finds nothing where only the way of computing differs', async () => {
    expect(places(await found(anonymous(network(otherwise))))).toEqual([]);
  });
});

it('tells what it found before the time is spent', async () => {
  const lab = await labOf({ reference: network(), candidate: network(leaky), inputs: images(), dir: scratch() });
  const told: number[] = [];
  await localise(lab, ({ divergences }) => told.push(divergences.length));
  expect(told.at(0)).toBe(0);
  expect(told.at(-1)).toBe(1);
});

/** The batch-norm goes into the convolution before it, as converters do. */
function fold({ nodes, weights }: Parts): void {
  const [gamma, variance] = [
    [1.2, 0.7, 0.9, 1.1],
    [0.6, 1.3, 0.8, 1.9],
  ];
  const factor = gamma.map((g, i) => g / Math.sqrt((variance[i] as number) + 1e-3));
  const [beta, mean] = [noise(4, 3), noise(4, 4)];
  const at = (name: string) => weights.findIndex((w) => w.name === name);
  weights[at('w0')] = tensor(
    'w0',
    'float32',
    [4, 3, 3, 3],
    noise(108, 1).map((w, i) => w * (factor[Math.floor(i / 27)] as number)),
  );
  weights[at('b0')] = tensor(
    'b0',
    'float32',
    [4],
    noise(4, 2).map((b, i) => (b - (mean[i] as number)) * (factor[i] as number) + (beta[i] as number)),
  );
  nodes.splice(0, 2, node('Conv', 'image w0 b0', 'n1', { pads: [1, 1, 1, 1] }));
}

/** Steps that take each other back. */
function twice(parts: Parts): void {
  replace('s5', node('Neg', 'a4', 'x'), node('Neg', 'x', 'y'), node('Sigmoid', 'y', 's5'))(parts);
}

function otherwise(parts: Parts): void {
  fold(parts);
  twice(parts);
}

function foldedAndTanh(parts: Parts): void {
  fold(parts);
  replace('s5', node('Tanh', 'a4', 's5'))(parts);
}
