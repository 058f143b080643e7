import { describe, expect, it } from 'vitest';
import { align, type Pairing } from '../../../src/investigate/align/align.ts';
import { byMetadata } from '../../../src/investigate/align/by-metadata.ts';
import { kindOf } from '../../../src/investigate/align/operators.ts';
import { type Side, sideOf } from '../../../src/investigate/align/side.ts';
import type { Specimen } from '../../../src/investigate/lab.ts';
import { see } from '../../../src/investigate/localize/view.ts';
import type { OpNode } from '../../../src/records/graph.ts';
import { info, model, node, tensor } from '../../formats/build-onnx.ts';
import { scratch } from '../../scratch.ts';
import { labOf, SAMPLE } from '../lab.ts';
import { anonymous, images, network, noise, replace } from '../localize/network.ts';

type Model = Parameters<typeof labOf>[0]['reference'];

async function sides(reference: Model, candidate: Model) {
  const lab = await labOf({ reference, candidate, inputs: images(), dir: scratch() });
  const side = async (specimen: Specimen | null): Promise<Side> => {
    const seen = await see(lab, specimen as Specimen, { sample: SAMPLE });
    if (!seen.ok) throw new Error(seen.reason);
    return sideOf(seen.value);
  };
  return { lab, reference: await side(lab.reference), candidate: await side(lab.candidate) };
}

async function aligned(reference: Model, candidate: Model): Promise<Pairing> {
  const { lab, ...both } = await sides(reference, candidate);
  return align(lab.facts, both.reference, both.candidate, () => 1e-6);
}

describe('by value', () => {
  it('pairs every tensor of a model whose names were lost', async () => {
    const pairing = await aligned(network(), anonymous(network()));
    for (const name of ['c0', 'n1', 'r2', 'c3', 'a4', 's5']) {
      expect(pairing.ofReference(name)[0], name).toMatchObject({ by: 'value', confidence: 1 });
    }
  });

  it('tells in which order of axes the values are the same', async () => {
    const last = network(
      replace('s5', node('Sigmoid', 'a4', 's5'), node('Transpose', 's5', 'x', { perm: [0, 2, 3, 1] })),
    );
    last.graph?.output.push(...(model({ output: [info('x', 'float32', ['b', 5, 6, 4])] }).graph?.output ?? []));
    const match = (await aligned(network(), last)).ofCandidate('x').find((m) => m.reference === 's5');
    expect(match?.permutation).toEqual([0, 2, 3, 1]);
  });

  it('does not take the same values in no order of axes for it', async () => {
    const turned = network(replace('s5', node('Sigmoid', 'a4', 's5'), node('Reshape', 's5 shape', 'x')));
    turned.graph?.initializer.push(
      ...(model({ initializer: [tensor('shape', 'int64', [4], [2, 6, 5, 4])] }).graph?.initializer ?? []),
    );
    turned.graph?.output.push(...(model({ output: [info('x', 'float32', ['b', 6, 5, 4])] }).graph?.output ?? []));
    expect((await aligned(network(), turned)).equals('s5').filter((m) => m.permutation !== undefined)).toEqual([]);
  });

  it('does not take constants and zeros for evidence', async () => {
    const flat = network(replace('r2', node('Mul', 'n1 zero', 'z'), node('Add', 'z one', 'r2')));
    flat.graph?.initializer.push(
      ...(model({ initializer: [tensor('zero', 'float32', [], [0]), tensor('one', 'float32', [], [1])] }).graph
        ?.initializer ?? []),
    );
    const pairing = await aligned(flat, anonymous(structuredClone(flat)));
    expect(pairing.equals('z')).toEqual([]);
    expect(pairing.equals('r2')).toEqual([]);
    expect(pairing.equals('n1')).toHaveLength(1);
  });
});

describe('by name', () => {
  it('holds where values differ: that is the difference', async () => {
    const pairing = await aligned(network(), network(replace('s5', node('Tanh', 'a4', 's5'))));
    expect(pairing.counterpart('s5')).toMatchObject({ candidate: 's5', by: 'name' });
    expect(pairing.counterpart('s5')?.error).toBeGreaterThan(0.1);
  });

  it('is dropped where values say that the names have moved on by one', async () => {
    const names = ['c0', 'n1', 'r2', 'c3', 'a4', 's5'];
    const shifted = network();
    const moved = (name: string): string => names[names.indexOf(name) + 1] ?? (name === 's5' ? 'extra' : name);
    const rename = (name: string): string => (names.includes(name) ? moved(name) : name);
    for (const each of shifted.graph?.node ?? []) {
      each.input = each.input.map(rename);
      each.output = each.output.map(rename);
      each.name = `other_${each.name}`;
    }
    const pairing = await aligned(network(), shifted);
    for (const name of names)
      expect(pairing.ofReference(name)[0]).toMatchObject({ candidate: moved(name), by: 'value' });
  });
});

describe('by structure', () => {
  it('finds the place of what differs behind a first difference', async () => {
    const other = network((parts) => {
      const at = parts.weights.findIndex((w) => w.name === 'w0');
      parts.weights[at] = tensor('w0', 'float32', [4, 3, 3, 3], noise(108, 20));
    });
    const pairing = await aligned(network(), anonymous(other));
    // Names are t0, t1 … in the order in which nodes use them.
    expect(pairing.counterpart('a4')?.by).toBe('structure');
    expect(pairing.counterpart('scores')?.by).toBe('output');
    expect(pairing.counterpart('a4')?.candidate).toBe(anonymousName('a4'));
  });

  it('has no place for a step that was taken apart by other operators', async () => {
    const apart = network(
      replace('s5', node('Neg', 'a4', 'x'), node('Exp', 'x', 'y'), node('Sqrt', 'y', 'z'), node('Tanh', 'z', 's5')),
    );
    const pairing = await aligned(network(), anonymous(apart));
    expect(pairing.counterpart('s5')?.read).toBe(true);
    expect(pairing.ofCandidate(anonymousName('z', apart))).toEqual([]);
  });
});

/** What `anonymous` calls a tensor: it numbers names as it meets them. */
function anonymousName(name: string, of: Model = network()): string {
  const before = structuredClone(of.graph?.node.map(({ output }) => output[0])) ?? [];
  const after = anonymous(structuredClone(of)).graph?.node.map(({ output }) => output[0]) ?? [];
  return of.graph?.node[0]?.name === 'node 0' ? name : (after[before.indexOf(name)] as string);
}

describe('by metadata', () => {
  const one = (id: string, op: string, inputs: string[], outputs: string[], origins: string[] = []): OpNode => ({
    id,
    op,
    inputs,
    outputs,
    attributes: {},
    module: [],
    source: null,
    origins,
  });

  /** Graphs as the record has them; values are not asked for but that there are some. */
  const side = (nodes: OpNode[], outputs: string[]): Side => {
    const names = nodes.flatMap((n) => [...n.inputs, ...n.outputs]);
    const some = { dtype: 'float32' as const, shape: [1], data: new Uint8Array(4) };
    return sideOf({
      graph: { format: 'x', inputs: ['x'], outputs, nodes, tensors: {} },
      values: new Map(names.map((name) => [name, some])),
    });
  };

  it('pairs a node with the last of those that it became', () => {
    const reference = side(
      [one('gelu', 'aten.gelu.default', ['x'], ['gelu']), one('relu', 'aten.relu.default', ['gelu'], ['relu'])],
      ['relu'],
    );
    const candidate = side(
      [
        one('a', 'Erf', ['x'], ['a'], ['gelu']),
        one('b', 'Mul', ['a', 'x'], ['b'], ['gelu']),
        one('c', 'Relu', ['b'], ['c'], ['relu']),
      ],
      ['c'],
    );
    expect([...byMetadata(reference, candidate)]).toEqual([
      ['gelu', 'b'],
      ['relu', 'c'],
    ]);
  });

  it('pairs nothing where the exporter noted nothing of this graph', () => {
    const reference = side([one('gelu', 'aten.gelu.default', ['x'], ['gelu'])], ['gelu']);
    expect(byMetadata(reference, side([one('a', 'Gelu', ['x'], ['a'], ['gelu_7'])], ['a'])).size).toBe(0);
  });
});

it('knows one operator by the names that frameworks have for it', () => {
  expect(['aten.conv2d.default', 'CONV_2D', 'Conv', 'com.microsoft::FusedConv'].map(kindOf)).toEqual([
    'conv',
    'conv',
    'conv',
    'conv',
  ]);
  expect(kindOf('aten.gelu.default')).not.toBe(kindOf('Relu'));
});
