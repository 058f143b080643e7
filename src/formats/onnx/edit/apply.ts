import type { ModelEdit } from '../../../records/edit.ts';
import { Draft } from './draft.ts';
import { finish } from './finish.ts';
import { insertBefore, insertBehind, permuteAxes } from './insert-edits.ts';
import { float32Island } from './island.ts';
import { bypassNode, fixTensor, setAttribute, setConstant, setOperand, setOperator } from './node-edits.ts';
import { transplant } from './transplant.ts';

/**
 * Writes a copy of an ONNX model to `to` with edits, applied one after the other. Nodes are named by the ids that `graphOf`
 * gives, tensors by their names in the main graph. A tensor behind which something was inserted keeps its name for what
 * readers see; what the node itself makes is called `…__before` then.
 *
 * The result is valid in the model's own opset: what nobody reads is gone, declarations that may not be true any more are
 * dropped, values have the element types of their places. Weights in other files are put into the copy while they are few,
 * else copied beside it.
 *
 * OnparError `edit-impossible` names the node or tensor and why; `output-exists` where `to` is the original; errors as
 * `parseOnnx` has them.
 */
export function applyEdits(from: string, to: string, edits: readonly ModelEdit[]): void {
  const draft = new Draft(from);
  for (const edit of edits) apply(draft, edit);
  finish(draft, to);
}

function apply(draft: Draft, edit: ModelEdit): void {
  switch (edit.edit) {
    case 'attribute':
      return setAttribute(draft, edit);
    case 'operator':
      return setOperator(draft, edit);
    case 'constant':
      return setConstant(draft, edit);
    case 'operand':
      return setOperand(draft, edit);
    case 'fix':
      return fixTensor(draft, edit);
    case 'insert':
      return insertBehind(draft, edit);
    case 'insert-before':
      return insertBefore(draft, edit);
    case 'bypass':
      return bypassNode(draft, edit);
    case 'transplant':
      return transplant(draft, edit);
    case 'permute':
      return permuteAxes(draft, edit);
    case 'float32-island':
      return float32Island(draft, edit);
  }
}
