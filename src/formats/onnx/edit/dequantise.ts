import { tensorFrom } from '../../../tensor/build.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { NodeProto } from '../onnx_pb.generated.ts';
import { numbersIn } from '../tensor-data.ts';
import type { Draft } from './draft.ts';

/**
 * What a DequantizeLinear makes of a constant: (x − zero point) · scale in float32, per tensor or along one axis (onnx,
 * DequantizeLinear). Undefined where its operands are computed, or scaled in blocks.
 */
export function dequantised(draft: Draft, node: NodeProto): Tensor | undefined {
  const [stored, scales, zeros] = node.input.map((name) => (name === '' ? undefined : draft.constant(name)));
  if (stored === undefined || scales === undefined || (node.input[2] && zeros === undefined)) return undefined;
  const [numbers, scale] = [numbersIn(stored, draft.file), numbersIn(scales, draft.file)];
  const zero = zeros === undefined ? undefined : numbersIn(zeros, draft.file);
  if (numbers === null || scale === null || zero === null || scales.dims.length > 1) return undefined;
  const shape = stored.dims.map(Number);
  const axis = Number(node.attribute.find(({ name }) => name === 'axis')?.i ?? 1n);
  const at = axis < 0 ? axis + shape.length : axis;
  const count = scale.length;
  if (count > 1 && shape[at] !== count) return undefined;
  const inner = count === 1 ? 1 : shape.slice(at + 1).reduce((n, d) => n * d, 1);
  const values = new Float64Array(numbers.length);
  for (let i = 0; i < values.length; i++) {
    const channel = Math.floor(i / inner) % count;
    values[i] = ((numbers[i] as number) - (zero?.[channel] ?? 0)) * (scale[channel] as number);
  }
  return tensorFrom('float32', shape, values);
}
