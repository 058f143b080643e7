import { takeRows } from '../../../tensor/rows.ts';
import type { Tensor } from '../../../tensor/tensor.ts';

/**
 * The gates in the order in which ONNX stores them: input, output, forget, cell; update (z), reset, hidden. PyTorch stores
 * i f g o and r z n, Keras i f c o and z r h: https://onnx.ai/onnx/operators/onnx__LSTM.html, torch.nn.LSTM (weight_ih_l[k]),
 * keras.layers.LSTM (`_compute_carry_and_output`).
 */
export const GATES = { LSTM: ['i', 'o', 'f', 'c'], GRU: ['z', 'r', 'h'] } as const;

/**
 * Weights [directions, gates·hidden, …] or biases [directions, 2·gates·hidden] with their blocks in another order:
 * block `i` of the result is block `order[i]`. Biases of a recurrence hold the input's, then the recurrent ones.
 */
export function reorderGates(tensor: Tensor, order: readonly number[]): Tensor {
  const rows = tensor.shape[1] as number;
  const parts = tensor.shape.length === 2 ? 2 : 1;
  const block = rows / parts / order.length;
  const taken = Array.from({ length: parts }, (_, part) =>
    order.flatMap((gate) => Array.from({ length: block }, (_, i) => (part * order.length + gate) * block + i)),
  ).flat();
  return takeRows(tensor, 1, taken);
}
