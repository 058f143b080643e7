import type { ModelProto } from '../../../src/formats/onnx/onnx_pb.generated.ts';
import type { NamedTensors } from '../../../src/tensor/tensor.ts';
import { type GraphInit, info, model, type NodeInit, node, type TensorInit, tensor } from '../../formats/build-onnx.ts';
import { floats } from '../lab.ts';

/** Numbers that repeat in no pattern, between −1 and 1. */
export const noise = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.sin((i + 1) * 12.9898 + seed * 78.233) * 0.9);

export interface Parts {
  nodes: NodeInit[];
  weights: TensorInit[];
}

/** Convolution, batch-norm, Relu, convolution, residual, pooling, dense layer, softmax. Edits change its parts. */
export function network(edit: (parts: Parts) => void = () => undefined): ModelProto {
  const parts: Parts = {
    nodes: [
      node('Conv', 'image w0 b0', 'c0', { pads: [1, 1, 1, 1] }),
      node('BatchNormalization', 'c0 gamma beta mean var', 'n1', { epsilon: 1e-3 }),
      node('Relu', 'n1', 'r2'),
      node('Conv', 'r2 w3 b3', 'c3', { pads: [1, 1, 1, 1] }),
      node('Add', 'c3 r2', 'a4'),
      node('Sigmoid', 'a4', 's5'),
      node('GlobalAveragePool', 's5', 'p6'),
      node('Flatten', 'p6', 'f7'),
      node('Gemm', 'f7 w8 b8', 'g8'),
      node('Softmax', 'g8', 'scores'),
    ],
    weights: [
      tensor('w0', 'float32', [4, 3, 3, 3], noise(108, 1)),
      tensor('b0', 'float32', [4], noise(4, 2)),
      tensor('gamma', 'float32', [4], [1.2, 0.7, 0.9, 1.1]),
      tensor('beta', 'float32', [4], noise(4, 3)),
      tensor('mean', 'float32', [4], noise(4, 4)),
      tensor('var', 'float32', [4], [0.6, 1.3, 0.8, 1.9]),
      tensor('w3', 'float32', [4, 4, 3, 3], noise(144, 5)),
      tensor('b3', 'float32', [4], noise(4, 6)),
      tensor('w8', 'float32', [4, 3], noise(12, 7)),
      tensor('b8', 'float32', [3], noise(3, 8)),
    ],
  };
  edit(parts);
  const graph: GraphInit = {
    node: parts.nodes,
    initializer: parts.weights,
    input: [info('image', 'float32', ['batch', 3, 5, 6])],
    output: [info('scores', 'float32', ['batch', 3])],
  };
  return model(graph);
}

export const images = (batch = 2): NamedTensors => new Map([['image', floats([batch, 3, 5, 6], noise(batch * 90, 9))]]);

/** Places a node before, or in the place of, the one that makes `output`. */
export const replace =
  (output: string, ...made: NodeInit[]) =>
  ({ nodes }: Parts): void => {
    const at = nodes.findIndex((n) => n.output?.includes(output));
    nodes.splice(at, 1, ...made);
  };

/** The same model with other names inside, so that nothing but values and structure tells what is what. */
export function anonymous(named: ModelProto): ModelProto {
  const graph = named.graph;
  if (graph === undefined) return named;
  const ends = new Set([...graph.input, ...graph.output].map(({ name }) => name));
  const other = new Map<string, string>();
  const rename = (name: string): string => {
    if (name === '' || ends.has(name)) return name;
    const made = other.get(name) ?? `t${other.size}`;
    other.set(name, made);
    return made;
  };
  graph.node.forEach((each, i) => {
    each.name = `node ${i}`;
    each.input = each.input.map(rename);
    each.output = each.output.map(rename);
  });
  for (const each of graph.initializer) each.name = rename(each.name);
  return named;
}
