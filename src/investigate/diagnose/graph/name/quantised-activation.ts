import type { OpNode } from '../../../../records/graph.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import type { Named, Proven } from './cause.ts';
import { short } from './constant.ts';

/** More of a tensor's values than this beyond the grid: its range is too narrow. */
const CUT = 0.01;
/** From this many times the range of the values on, a grid is too coarse. */
const COARSE = 2;

/**
 * A quantiser (or what undoes it) between what both sides have: whether the grid fits the values that the reference has
 * there. Zero points of the two that differ, or scales, are wrong whatever they are given.
 */
export function nameActivationGrid(node: OpNode, { sides: { candidate } }: Proven): Named | undefined {
  if (node.op !== 'QuantizeLinear' && node.op !== 'DequantizeLinear') return undefined;
  const down = node.op === 'QuantizeLinear' ? node : candidate.producer(node.inputs[0] ?? '')?.node;
  const up =
    node.op === 'DequantizeLinear'
      ? node
      : candidate.readers(node.outputs[0] ?? '').find((n) => n.op === 'DequantizeLinear');
  const numbers = (tensor: string | undefined): Float64Array | undefined => {
    const value = tensor === undefined || tensor === '' ? undefined : candidate.value(tensor);
    return value === undefined ? undefined : toFloat64(value);
  };
  if (down?.op !== 'QuantizeLinear' || up === undefined) return { code: 'quantisation-parameters' };
  const [scale, scaleUp] = [numbers(down.inputs[1]), numbers(up.inputs[1])];
  const [zero, zeroUp] = [numbers(down.inputs[2]), numbers(up.inputs[2])];
  const values = numbers(down.inputs[0]);
  if (scale === undefined || scaleUp === undefined || values === undefined || scale.length !== 1) return undefined;
  const differ = (a: Float64Array | undefined, b: Float64Array | undefined) => (a?.[0] ?? 0) !== (b?.[0] ?? 0);
  if (differ(zero, zeroUp))
    return { code: 'quantisation-parameters', args: { from: zero?.[0] ?? 0, to: zeroUp?.[0] ?? 0 } };
  if (differ(scale, scaleUp)) return { code: 'quantisation-parameters', args: { from: scale[0], to: scaleUp[0] } };
  const stored =
    candidate.value(down.outputs[0] ?? '')?.dtype ?? candidate.view.graph.tensors[down.outputs[0] ?? '']?.dtype;
  const [low, high] = stored === 'uint8' ? [0, 255] : stored === 'int8' ? [-128, 127] : [-32768, 32767];
  const step = scale[0] as number;
  const at = zero?.[0] ?? 0;
  const [from, to] = [(low - at) * step, (high - at) * step];
  const beyond = values.reduce((n, v) => n + (v < from - step || v > to + step ? 1 : 0), 0) / values.length;
  if (beyond > CUT) return { code: 'saturation', args: { share: `${short(beyond * 100)} %` } };
  const range = Math.max(0, ...values) - Math.min(0, ...values);
  const times = (to - from) / (range || 1);
  if (times >= COARSE) return { code: 'quantisation-coarse', args: { times: short(times) } };
  if (beyond > 0) return { code: 'saturation', args: { share: `${short(beyond * 100)} %` } };
  return undefined;
}
