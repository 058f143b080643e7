import type { AttributeValue, OpNode } from '../../../records/graph.ts';
import { elementCount, type Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import type { Linear } from './layer.ts';

/** Multiplications at most: a layer that is larger is not computed here. */
const MOST = 3e7;

/** How a layer moves its window over an input, and where channels stand. */
interface Motion {
  readonly channelsLast: boolean;
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Before, for each axis of the window. */
  readonly pads: readonly number[];
  readonly sizes: readonly number[];
}

/**
 * What a linear layer (dense or convolution of one or two axes) makes of an input, in float64, in the layout of its
 * framework: attributes as ATen (`stride`, `padding`), Keras (`strides`, `padding: same | valid | causal`), or ONNX have
 * them. Null: another kind of layer, or too large.
 */
export function applied(node: OpNode, layer: Linear, input: Tensor): { values: Float64Array; shape: number[] } | null {
  if (input.dtype === 'string') return null;
  const x = toFloat64(input);
  const width = elementCount(layer.inner);
  if (layer.inner.length === 1) {
    const rows = x.length / width;
    if (!Number.isInteger(rows) || input.shape.at(-1) !== width || rows * width * layer.outputs > MOST) return null;
    const values = new Float64Array(rows * layer.outputs);
    for (let r = 0; r < rows; r++)
      for (let o = 0; o < layer.outputs; o++) {
        let sum = layer.bias?.[o] ?? 0;
        for (let i = 0; i < width; i++) sum += (layer.weight[o * width + i] as number) * (x[r * width + i] as number);
        values[r * layer.outputs + o] = sum;
      }
    return { values, shape: [...input.shape.slice(0, -1), layer.outputs] };
  }
  const motion = motionOf(node, layer, input.shape);
  return motion === null ? null : convolved(layer, motion, input.shape, x);
}

function convolved(
  layer: Linear,
  motion: Motion,
  shape: readonly number[],
  x: Float64Array,
): { values: Float64Array; shape: number[] } | null {
  const { channelsLast, strides, dilations, pads, sizes } = motion;
  const rank = sizes.length;
  const [within = 1, ...window] = layer.inner;
  const batch = shape[0] as number;
  const channels = (channelsLast ? shape.at(-1) : shape[1]) as number;
  const space = channelsLast ? shape.slice(1, -1) : shape.slice(2);
  const groups = channels / within;
  const perGroup = layer.outputs / groups;
  if (!Number.isInteger(groups) || !Number.isInteger(perGroup)) return null;
  const places = elementCount(sizes);
  const taps = elementCount(window);
  if (batch * layer.outputs * places * taps * within > MOST) return null;
  const inputSteps = stepsOf(space);
  const values = new Float64Array(batch * layer.outputs * places);
  const area = elementCount(space);
  for (let n = 0; n < batch; n++)
    for (let place = 0; place < places; place++) {
      const at = coordinates(place, sizes);
      for (let tap = 0; tap < taps; tap++) {
        const by = coordinates(tap, window);
        let from = 0;
        let inside = true;
        for (let axis = 0; axis < rank; axis++) {
          const p =
            (at[axis] as number) * (strides[axis] as number) +
            (by[axis] as number) * (dilations[axis] as number) -
            (pads[axis] as number);
          if (p < 0 || p >= (space[axis] as number)) inside = false;
          from += p * (inputSteps[axis] as number);
        }
        if (!inside) continue;
        for (let o = 0; o < layer.outputs; o++) {
          const first = Math.floor(o / perGroup) * within;
          let sum = 0;
          for (let i = 0; i < within; i++) {
            const c = first + i;
            const value = x[
              channelsLast ? (n * area + from) * channels + c : (n * channels + c) * area + from
            ] as number;
            sum += value * (layer.weight[(o * within + i) * taps + tap] as number);
          }
          const to = channelsLast ? (n * places + place) * layer.outputs + o : (n * layer.outputs + o) * places + place;
          values[to] = (values[to] as number) + sum;
        }
      }
      for (let o = 0; o < layer.outputs; o++) {
        const to = channelsLast ? (n * places + place) * layer.outputs + o : (n * layer.outputs + o) * places + place;
        values[to] = (values[to] as number) + (layer.bias?.[o] ?? 0);
      }
    }
  return { values, shape: channelsLast ? [batch, ...sizes, layer.outputs] : [batch, layer.outputs, ...sizes] };
}

function motionOf({ op, attributes }: OpNode, { inner }: Linear, shape: readonly number[]): Motion | null {
  const window = inner.slice(1);
  const rank = window.length;
  if (rank > 2 || shape.length !== rank + 2 || Number(attributes.transposed ?? 0) === 1) return null;
  const list = (value: AttributeValue | undefined, otherwise: number): number[] =>
    Array.isArray(value) && value.length === rank
      ? value.map(Number)
      : new Array<number>(rank).fill(
          typeof value === 'number' ? value : Array.isArray(value) && value.length === 1 ? Number(value[0]) : otherwise,
        );
  // Keras and TFLite keep channels last unless told otherwise; ATen and ONNX keep them second.
  const channelsLast = !/^aten|^Conv$/.test(op) && attributes.data_format !== 'channels_first';
  const space = channelsLast ? shape.slice(1, -1) : shape.slice(2);
  const strides = list(attributes.strides ?? attributes.stride, 1);
  const dilations = list(attributes.dilation_rate ?? attributes.dilations ?? attributes.dilation, 1);
  const reach = window.map((k, i) => (k - 1) * (dilations[i] as number) + 1);
  const mode = String(attributes.padding ?? '').toLowerCase();
  const totals = space.map((d, i) => {
    const stride = strides[i] as number;
    if (mode === 'same') return Math.max(0, (Math.ceil(d / stride) - 1) * stride + (reach[i] as number) - d);
    if (mode === 'causal') return (reach[i] as number) - 1;
    return 0;
  });
  const given = Array.isArray(attributes.pads) ? attributes.pads.map(Number) : null;
  const explicit =
    given !== null ? given.slice(0, rank) : /^(same|valid|causal|)$/.test(mode) ? null : list(attributes.padding, 0);
  const pads = explicit ?? totals.map((t) => (mode === 'causal' ? t : Math.floor(t / 2)));
  const behind = given !== null ? given.slice(rank) : (explicit ?? totals.map((t, i) => t - (pads[i] as number)));
  const sizes = space.map(
    (d, i) =>
      Math.floor((d + (pads[i] as number) + (behind[i] as number) - (reach[i] as number)) / (strides[i] as number)) + 1,
  );
  return sizes.some((s) => !(s > 0)) ? null : { channelsLast, strides, dilations, pads, sizes };
}

const stepsOf = (shape: readonly number[]): number[] => shape.map((_, i) => elementCount(shape.slice(i + 1)));

function coordinates(index: number, shape: readonly number[]): number[] {
  const steps = stepsOf(shape);
  return shape.map((d, i) => Math.floor(index / (steps[i] as number)) % d);
}
