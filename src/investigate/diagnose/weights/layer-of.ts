import type { OpNode } from '../../../records/graph.ts';
import { elementCount, type Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import type { View } from '../../scene.ts';
import { axesOf, type BatchNorm, type Linear, linearOf } from './layer.ts';

/** A linear layer of a graph with the names of what it holds. */
export interface LayerPlace {
  readonly node: OpNode;
  readonly layer: Linear;
  readonly axes: string;
  readonly weight: { readonly name: string; readonly index: number; readonly value: Tensor };
  readonly bias: { readonly name: string; readonly index: number; readonly value: Tensor } | null;
  /** Behind a multiplication the bias is a node of its own. */
  readonly biasNode: OpNode | null;
}

/** Operators that hand a constant on in another type or order: what a weight is made of. */
const HANDING = /^(DEQUANTIZE|Cast|Identity|aten\.(permute|t|transpose|_to_copy|to))/;

/** A tensor that the model holds, directly or cast; transposed ones are left to whoever knows the axes. */
export function held({ graph, values }: View, name: string): Tensor | undefined {
  if (name === '') return undefined;
  if (graph.tensors[name]?.constant === true) return values.get(name);
  const maker = graph.nodes.find((n) => n.outputs.includes(name));
  if (maker === undefined || !HANDING.test(maker.op)) return undefined;
  const source = held({ graph, values } as View, maker.inputs[0] ?? '');
  if (source === undefined) return undefined;
  // Its value as computed, where it could be tapped; a cast changes none.
  return (
    values.get(name) ??
    (/^(DEQUANTIZE|Cast|Identity)/.test(maker.op) && source.dtype.includes('float') ? source : undefined)
  );
}

/** The linear layer that a node is; undefined for others, and where its weight is not held by the model. */
export function layerOf(view: View, node: OpNode): LayerPlace | undefined {
  const constants = node.inputs.flatMap((name, index) => {
    const value = held(view, name);
    return value === undefined ? [] : [{ name, index, value }];
  });
  const weight = constants
    .filter(({ value }) => value.shape.length > 1 && value.dtype.includes('float'))
    .sort((a, b) => elementCount(b.value.shape) - elementCount(a.value.shape))[0];
  if (weight === undefined) return undefined;
  const axes = axesOf(node, weight.value.shape.length);
  if (axes === undefined) return undefined;
  const own = constants.find(({ value, index }) => index !== weight.index && value.shape.length <= 1) ?? null;
  const [behind] = own === null && /MatMul|matmul|mm/.test(node.op) ? biasBehind(view, node) : [];
  const bias = own ?? behind?.bias ?? null;
  const layer = linearOf(weight.value, axes, bias?.value ?? null);
  return layer === null
    ? undefined
    : { node, layer, axes, weight, bias, biasNode: own === null ? (behind?.node ?? null) : null };
}

/** The constant that the only reader of a product adds to it. */
function biasBehind(view: View, node: OpNode) {
  const readers = view.graph.nodes.filter((n) => n.inputs.includes(node.outputs[0] ?? ''));
  return readers.flatMap((reader) => {
    if (!/^(Add|aten\.add)/.test(reader.op)) return [];
    return reader.inputs.flatMap((name, index) => {
      const value = held(view, name);
      return value === undefined || value.shape.length > 1 ? [] : [{ node: reader, bias: { name, index, value } }];
    });
  });
}

const BATCH_NORM = /batch_?norm/i;

/** The stored numbers of a batch normalisation: by their names, else in the order of ONNX and ATen: gain, shift, mean, variance. */
export function batchNormOf(view: View, node: OpNode): BatchNorm | undefined {
  if (!BATCH_NORM.test(node.op)) return undefined;
  const constants = node.inputs.flatMap((name) => {
    const value = held(view, name);
    return value === undefined || value.dtype === 'string' || value.shape.length !== 1
      ? []
      : [{ name, value: toFloat64(value) }];
  });
  const named = (pattern: RegExp) => constants.find(({ name }) => pattern.test(name))?.value;
  const epsilon = Number(node.attributes.epsilon ?? node.attributes.eps ?? 1e-5);
  const [mean, variance] = [named(/mean/i), named(/var/i)];
  if (mean !== undefined && variance !== undefined)
    return {
      mean,
      variance,
      epsilon,
      gamma: named(/gamma|scale|weight/i) ?? null,
      beta: named(/beta|bias|shift/i) ?? null,
    };
  if (constants.length !== 4) return undefined;
  const [gamma, beta, third, fourth] = constants.map(({ value }) => value);
  return third === undefined || fourth === undefined
    ? undefined
    : { gamma: gamma ?? null, beta: beta ?? null, mean: third, variance: fourth, epsilon };
}
