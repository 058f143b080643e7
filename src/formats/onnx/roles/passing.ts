import { TensorProto_DataType as Type } from '../onnx_pb.generated.ts';
import type { Rule } from './claim.ts';
import { type GraphView, intAttribute } from './graph.ts';
import { ends, onwards } from './step.ts';

/** Operators through which elements go unchanged, from their first operand. */
const KEEPS = new Set([
  ...['Identity', 'Reshape', 'Squeeze', 'Flatten', 'Transpose', 'Tile', 'Split', 'Pad', 'Resize'],
  ...['Gather', 'GatherElements', 'GatherND', 'Dropout', 'Compress', 'Upsample'],
]);
const FLOATS: ReadonlySet<number> = new Set([Type.FLOAT, Type.DOUBLE, Type.FLOAT16, Type.BFLOAT16]);

/** Changes of shape, place and dtype: the values go on. Where something else may stand in for them (Clip, Min), they end. */
export const passing: Rule = ({ use, carried, input, graph }) => {
  const { node, index } = use;
  if (node.opType === 'Cast' && index === 0) {
    const to = intAttribute(node, 'to', 0);
    if (to === Type.BOOL)
      return onwards(node, carried, { kind: carried.kind === 'value' ? 'condition' : carried.kind });
    const isInteger = !FLOATS.has(to);
    if (isInteger && carried.isQuotient) {
      const because = 'a quotient of it is cut to a whole number, where the sign decides';
      return {
        ...onwards(node, carried, { isInteger, isQuotient: false }),
        claims: [{ role: 'dividend', range: [-100, 100], because }],
      };
    }
    return onwards(node, carried, { isInteger: isInteger && carried.kind === 'value' });
  }
  if (node.opType === 'Unsqueeze' || node.opType === 'Expand')
    return index === 0 ? onwards(node, carried, { isBroadcast: true }) : ends();
  if (node.opType === 'Slice') return index === 0 ? onwards(node, carried, { isSliced: true }) : ends();
  if (node.opType === 'Concat') return onwards(node, carried);
  if (node.opType === 'Where' && index > 0) {
    // `Where(x < 0, x + n, x)`: the shifted branch holds for negative values alone, which the plain one leaves out.
    const isShifted = carried.offset !== 0 && isTestOf(graph, node.input[0] ?? '', input.name);
    return isShifted ? ends() : onwards(node, carried);
  }
  return index === 0 && KEEPS.has(node.opType) ? onwards(node, carried) : undefined;
};

/** Whether a condition is made of this input. */
function isTestOf(graph: GraphView, tensor: string, input: string, left = 6): boolean {
  if (tensor === input) return true;
  const node = graph.producerOf(tensor);
  return left > 0 && (node?.input ?? []).some((name) => name !== '' && isTestOf(graph, name, input, left - 1));
}
