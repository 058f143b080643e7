import { expect, test } from 'vitest';
import { wrongGrids } from '../../src/investigate/grids.ts';
import type { Scene } from '../../src/investigate/scene.ts';
import { tensorFrom } from '../../src/tensor/build.ts';

const x = Array.from({ length: 64 }, (_, i) => Math.sin(3 * i));

/** Input → QuantizeLinear → DequantizeLinear → Relu against input → Relu. */
function scene(scale: number, zero: number): Scene {
  const node = (id: string, op: string, inputs: string[]) => ({ id, op, inputs, outputs: [id], attributes: {} });
  const values = new Map([
    ['x', tensorFrom('float32', [64], x)],
    ['s', tensorFrom('float32', [], [scale])],
    ['z', tensorFrom('uint8', [], [zero])],
  ]);
  const tensors = { s: { constant: true, dtype: 'float32' }, z: { constant: true, dtype: 'uint8' } };
  const nodes = [node('q', 'QuantizeLinear', ['x', 's', 'z']), node('d', 'DequantizeLinear', ['q', 's', 'z'])];
  return {
    candidate: { values, graph: { tensors, nodes: [...nodes, node('y', 'Relu', ['d'])] } },
    reference: { values, graph: { tensors: {}, nodes: [node('y', 'Relu', ['x'])] } },
    alignment: { ofCandidate: (t: string) => [{ reference: t, candidate: t, by: 'name', confidence: 1 }] },
  } as unknown as Scene;
}

test('the best grid costs what it must', () => {
  expect(wrongGrids(scene(2 / 255, 128))).toEqual([]);
});

test('a range that is too wide or too narrow stands out, and its mend is the best grid', () => {
  const [wide] = wrongGrids(scene(20 / 255, 128));
  expect(wide?.excess).toBeGreaterThan(7);
  expect(wide?.node.id).toBe('y');
  expect(wide?.mend.map((m) => (m.edit === 'constant' ? m.tensor : ''))).toEqual(['s', 'z', 's', 'z']);
  expect(wrongGrids(scene(0.5 / 255, 128))[0]?.excess).toBeGreaterThan(20);
});
