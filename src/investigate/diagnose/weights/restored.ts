import type { ModelEdit } from '../../../records/edit.ts';
import { tensorFrom } from '../../../tensor/build.ts';
import { elementCount } from '../../../tensor/tensor.ts';
import { transpose } from '../../../tensor/transpose.ts';
import type { Linear } from './layer.ts';
import type { LayerPlace } from './layer-of.ts';

/** Edits that give a layer of the candidate the weight and the bias that it should have, in its own layout and dtype. */
export function restored({ node, axes, weight, bias, biasNode }: LayerPlace, layer: Linear): ModelEdit[] {
  const { dtype, shape } = weight.value;
  if (dtype === 'string') return [];
  const order = [...'oimhwd1'].filter((axis) => axes.includes(axis)).map((axis) => axes.indexOf(axis));
  // As `linearOf` reads it: outputs, inputs, window; put back where they stood.
  const rows = tensorFrom(
    dtype,
    order.map((axis) => shape[axis] as number),
    layer.weight,
  );
  const back = transpose(
    rows,
    shape.map((_, axis) => order.indexOf(axis)),
  );
  const edits: ModelEdit[] = [{ edit: 'operand', node: node.id, index: weight.index, value: back }];
  if (layer.bias !== null && bias !== null && elementCount(bias.value.shape) === layer.outputs)
    edits.push({
      edit: 'operand',
      node: (biasNode ?? node).id,
      index: bias.index,
      value: tensorFrom(dtype, bias.value.shape, layer.bias),
    });
  else if (layer.bias !== null && bias === null && layer.bias.some((b) => b !== 0)) {
    const value = tensorFrom(dtype, [layer.outputs], layer.bias);
    edits.push(
      node.op === 'MatMul'
        ? { edit: 'insert', tensor: node.outputs[0] ?? '', op: 'Add', operands: [value] }
        : { edit: 'operand', node: node.id, index: 2, value },
    );
  }
  return edits;
}
