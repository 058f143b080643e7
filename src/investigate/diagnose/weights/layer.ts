import type { OpNode } from '../../../records/graph.ts';
import { elementCount, type Tensor } from '../../../tensor/tensor.ts';
import { transpose } from '../../../tensor/transpose.ts';
import { toFloat64 } from '../../../tensor/values.ts';

/** A linear layer in one form for all formats: a row of weights for each output, and a bias for each. */
export interface Linear {
  readonly outputs: number;
  /** Sizes behind the output axis: inputs (of the group), then the window. */
  readonly inner: readonly number[];
  /** [outputs, …inner], row-major. */
  readonly weight: Float64Array;
  /** Null: none. */
  readonly bias: Float64Array | null;
}

/**
 * Which axis of a weight is what, by operator: o outputs, i inputs, m multiplier of a depthwise convolution (with i, as
 * outputs i·m), 1 an axis of one, h w d the window. Sources: torch.nn.functional (linear, conv*), keras.layers (Dense,
 * Conv*D, DepthwiseConv*D), TFLite's kernels (FULLY_CONNECTED [o, i], CONV_2D [o, h, w, i], DEPTHWISE_CONV_2D [1, h, w, o]),
 * ONNX (Gemm with transB, MatMul, Conv).
 */
const AXES: readonly (readonly [RegExp, string])[] = [
  [/^aten\.linear|^FULLY_CONNECTED$|^Linear$/, 'oi'],
  [/^Dense$|^MatMul$|^aten\.(mm|addmm|matmul|bmm)/, 'io'],
  [/^aten\.conv(olution|1d|2d|3d)|^Conv$|^FusedConv$|^Conv[123]d$/, 'oi*'],
  [/^DEPTHWISE_CONV_2D$/, '1*o'],
  [/^CONV_2D$|^CONV_3D$/, 'o*i'],
  [/^DepthwiseConv[123]D$/, '*im'],
  [/^Conv[123]D$/, '*io'],
];

/** Orders of the axes of a weight of an operator; undefined for operators without one. */
export function axesOf({ op, attributes }: OpNode, rank: number): string | undefined {
  if (op === 'Gemm') return Number(attributes.transB ?? 0) === 1 ? 'oi' : 'io';
  const found = AXES.find(([of]) => of.test(op))?.[1];
  if (found === undefined) return undefined;
  const window = 'hwd'.slice(0, rank - (found.length - 1));
  const axes = found.replace('*', window);
  return axes.length === rank ? axes : undefined;
}

/** A weight and a bias as rows; null where they do not fit together. */
export function linearOf(weight: Tensor, axes: string, bias: Tensor | null): Linear | null {
  if (weight.dtype === 'string' || bias?.dtype === 'string' || weight.shape.length !== axes.length) return null;
  // Depthwise: outputs are i·m, in that order, and each sees one input.
  const outputs = axes.includes('m') ? ['i', 'm'] : ['o'];
  const inputs = axes.includes('m') || axes.includes('1') ? [] : ['i'];
  const window = [...'hwd'].filter((axis) => axes.includes(axis));
  const order = [...outputs, ...inputs, ...(axes.includes('1') ? ['1'] : []), ...window].map((axis) =>
    axes.indexOf(axis),
  );
  const rows = transpose(weight, order);
  const count = elementCount(rows.shape.slice(0, outputs.length));
  const inner = [
    ...(inputs.length === 0 ? [1] : [weight.shape[axes.indexOf('i')] as number]),
    ...window.map((axis) => weight.shape[axes.indexOf(axis)] as number),
  ];
  if (bias !== null && elementCount(bias.shape) !== count) return null;
  return { outputs: count, inner, weight: toFloat64(rows), bias: bias === null ? null : toFloat64(bias) };
}

export interface BatchNorm {
  readonly gamma: Float64Array | null;
  readonly beta: Float64Array | null;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly epsilon: number;
}

/** A linear layer with the batch normalisation behind it: w·s, (b − mean)·s + β, with s = γ / √(variance + ε) (Jacob et al. 2018, 3.2). */
export function folded(layer: Linear, norm: BatchNorm): Linear {
  const width = elementCount(layer.inner);
  const factor = (o: number) => (norm.gamma?.[o] ?? 1) / Math.sqrt((norm.variance[o] as number) + norm.epsilon);
  return {
    ...layer,
    weight: layer.weight.map((w, i) => w * factor(Math.floor(i / width))),
    bias: Float64Array.from(
      { length: layer.outputs },
      (_, o) => ((layer.bias?.[o] ?? 0) - (norm.mean[o] as number)) * factor(o) + (norm.beta?.[o] ?? 0),
    ),
  };
}
