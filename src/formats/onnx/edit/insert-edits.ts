import type { ModelEdit } from '../../../records/edit.ts';
import type { NodeProto } from '../onnx_pb.generated.ts';
import { operatorOf } from '../scopes.ts';
import type { Draft } from './draft.ts';
import { impossible, quoted } from './impossible.ts';
import { addOperator, SOFTMAX, type Wanted } from './make-node.ts';
import { reachOfOperator } from './reach.ts';

type Edit<K extends ModelEdit['edit']> = Extract<ModelEdit, { readonly edit: K }>;

/** An operator between a tensor and all that read it. The tensor's own name goes on meaning what is read. */
export function insertBehind(draft: Draft, { tensor, op, operands, attributes }: Edit<'insert'>): void {
  const { from, to, producer } = opened(draft, tensor, op);
  const added = add(draft, { op, first: from, operands, attributes, outputs: [to], name: `${tensor}__${op}` });
  if (producer === undefined) draft.redirect(tensor, to, added);
  draft.touch([to], reachOfOperator(op));
}

/**
 * Room behind a tensor: what stands there reads `from` and makes `to`. For a tensor that a node makes, `to` is its name;
 * inputs and constants keep theirs, and whoever reads them has to read `to`.
 */
function opened(draft: Draft, tensor: string, op: string) {
  draft.require(tensor);
  const producer = draft.constant(tensor) === undefined ? draft.producer(tensor) : undefined;
  if (producer !== undefined) return { from: draft.takeOver(tensor, producer), to: tensor, producer };
  if (draft.isOutput(tensor))
    throw impossible(
      draft.file,
      `${quoted(tensor)} is an output and no node makes it, so that no ${op} fits behind it`,
    );
  return { from: tensor, to: draft.fresh(`${tensor}__after`), producer };
}

/** An operator between a tensor and one operand of one node. */
export function insertBefore(draft: Draft, edit: Edit<'insert-before'>): void {
  const { node: id, index, op, operands, attributes } = edit;
  const node = draft.node(id);
  const first = node.input[index];
  if (first === undefined || first === '')
    throw impossible(draft.file, `${operatorOf(node)} ${quoted(id)} has no operand ${index}`);
  const to = draft.fresh(`${first}__${op}`);
  add(draft, { op, first, operands, attributes, outputs: [to], name: to });
  node.input[index] = to;
  draft.touch(node.output, reachOfOperator(op));
}

/** The nodes of an operator: one, but for softmaxes over an inner axis before opset 13, which only knew the last axes. */
function add(draft: Draft, wanted: Wanted): NodeProto[] {
  const axis = wanted.attributes?.['axis'];
  const old = SOFTMAX.has(wanted.op) && (draft.opset() ?? 0) < 13 && typeof axis === 'number';
  if (!old) return [addOperator(draft, wanted)];
  const rank = draft.shape(wanted.first)?.length;
  if (axis === -1 || (rank !== undefined && axis === rank - 1))
    return [addOperator(draft, { ...wanted, attributes: { axis: -1 } })];
  if (rank === undefined)
    throw impossible(
      draft.file,
      `in opset ${draft.opset()} ${wanted.op} over axis ${axis} needs the rank of ${quoted(wanted.first)}, which is not known`,
    );
  const inner = axis < 0 ? axis + rank : axis;
  const perm = Array.from({ length: rank }, (_, i) => (i === inner ? rank - 1 : i === rank - 1 ? inner : i));
  const [turned, soft] = [draft.fresh(`${wanted.name}__turned`), draft.fresh(`${wanted.name}__soft`)];
  return [
    addOperator(draft, { op: 'Transpose', first: wanted.first, attributes: { perm }, outputs: [turned], name: turned }),
    addOperator(draft, { op: wanted.op, first: turned, attributes: { axis: -1 }, outputs: [soft], name: soft }),
    addOperator(draft, { ...wanted, op: 'Transpose', first: soft, attributes: { perm }, operands: [] }),
  ];
}

/** Axes of an input or output in another order. The declared sizes of an input follow, so that readers see what they saw. */
export function permuteAxes(draft: Draft, { tensor, permutation }: Edit<'permute'>): void {
  const sorted = permutation.toSorted((a, b) => a - b);
  if (permutation.length === 0 || sorted.some((axis, i) => axis !== i))
    throw impossible(draft.file, `[${permutation.join(', ')}] is no order of axes`);
  const shape = draft.shape(tensor);
  if (shape !== null && shape.length !== permutation.length)
    throw impossible(draft.file, `${quoted(tensor)} has ${shape.length} axes, the permutation ${permutation.length}`);
  insertBehind(draft, { edit: 'insert', tensor, op: 'Transpose', attributes: { perm: [...permutation] } });
  const declared = draft.graph.input.find(({ name }) => name === tensor)?.type?.value;
  const dims = declared?.case === 'tensorType' ? declared.value.shape?.dim : undefined;
  if (dims === undefined || !draft.isInput(tensor)) return;
  const before = [...dims];
  // Axis i behind the transposition is axis permutation[i] of the input.
  for (const [i, axis] of permutation.entries()) dims[axis] = before[i] as (typeof before)[number];
}
