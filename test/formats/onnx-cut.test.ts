import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { random } from '../../src/core/random.ts';
import { cutOut } from '../../src/formats/onnx/edit/cut.ts';
import { graphOf } from '../../src/formats/onnx/graph/graph-of.ts';
import { tapOutputs } from '../../src/formats/onnx/tap.ts';
import type { OpGraph } from '../../src/records/graph.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { isFloat } from '../../src/tensor/dtype.ts';
import { elementCount, type NamedTensors } from '../../src/tensor/tensor.ts';
import { scratch } from '../tensor/helpers.ts';
import { listOf, runOnnx } from './run-onnx.ts';

const folder = fileURLToPath(new URL('../../fixtures/models/', import.meta.url));
const MODELS = [
  ...['tiny-mlp.onnx', 'two-outputs.onnx', 'onnx-tools/cnn.onnx', 'onnx-tools/encoder.onnx', 'onnx-tools/nested.onnx'],
  // Its sizes have to fit a filter.
  ...readdirSync(join(folder, 'roles'))
    .filter((name) => name.endsWith('.onnx') && name !== 'audio.onnx')
    .map((name) => `roles/${name}`),
  ...['state/cell.onnx'],
];

/** Sizes that are open. */
const OPEN = 3;

/** One is an index, a mask and a divisor. */
function feedsFor(graph: OpGraph): NamedTensors {
  const { integer } = random('cut', graph.inputs.join());
  return new Map(
    graph.inputs.map((name) => {
      const { dtype, shape } = graph.tensors[name] as OpGraph['tensors'][string];
      const sizes = (shape ?? [3]).map((size) => (typeof size === 'number' ? size : OPEN));
      const values = Array.from({ length: elementCount(sizes) }, () =>
        isFloat(dtype ?? 'bool') ? integer(0, 9) / 4 : 1,
      );
      return [name, tensorFrom(dtype === null || dtype === 'string' ? 'float32' : dtype, sizes, values)];
    }),
  );
}

test.each(MODELS)(
  '%s: every float node, cut out and fed with recorded values, gives what the whole gives',
  async (name) => {
    const path = join(folder, name);
    const graph = graphOf(path);
    const dir = scratch();
    const tapped = graph.nodes
      .flatMap(({ outputs }) => outputs)
      .filter((t) => graph.tensors[t]?.tappable === true && !graph.outputs.includes(t));
    tapOutputs(path, join(dir, 'tapped.onnx'), tapped);
    const feeds = feedsFor(graph);
    const whole = await runOnnx(join(dir, 'tapped.onnx'), feeds);
    const values = new Map([...feeds, ...whole]);
    let compared = 0;
    for (const node of graph.nodes) {
      const outputs = node.outputs.filter((t) => values.has(t) && isFloat(values.get(t)?.dtype ?? 'bool'));
      const inputs = [...new Set(node.inputs)].filter((t) => t !== '' && graph.tensors[t]?.constant !== true);
      if (outputs.length === 0) continue;
      const to = join(dir, 'cut.onnx');
      const types = Object.fromEntries(
        inputs.map((t) => [t, values.get(t) as NonNullable<ReturnType<typeof values.get>>]),
      );
      cutOut(path, to, { inputs, outputs, types });
      const got = await runOnnx(to, values);
      for (const t of outputs) {
        expect(listOf(got.get(t)), `${node.id} ${t}`).toEqual(listOf(values.get(t)));
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(0);
  },
);
