import type { ModelEdit } from '../../../records/edit.ts';
import { renameReads } from '../graph/captures.ts';
import { isConstantNode, protoOf } from '../graph/constants-of.ts';
import type { NodeProto } from '../onnx_pb.generated.ts';
import { domainOf, operatorOf } from '../scopes.ts';
import type { Draft } from './draft.ts';
import { fitted } from './fitted.ts';
import { impossible, quoted } from './impossible.ts';
import { asOperand, attributeFor, inputSlot, operandName, requireSchema } from './make-node.ts';
import { reachOfAttribute, sameShape } from './reach.ts';
import { inputAt, leastInputs } from './schemas.ts';
import { letterOf } from './typed.ts';

type Edit<K extends ModelEdit['edit']> = Extract<ModelEdit, { readonly edit: K }>;

/** Sets, or removes, an attribute; where the opset has an operand in its place, the operand. */
export function setAttribute(draft: Draft, { node: id, name, value }: Edit<'attribute'>): void {
  const node = draft.node(id);
  const op = operatorOf(node);
  const old = node.attribute.find((each) => each.name === name);
  draft.touch(node.output, reachOfAttribute(name));
  const schema = requireSchema(draft, domainOf(node.domain), node.opType);
  const slot = old === undefined && schema?.attributes.has(name) !== true ? inputSlot(schema, name) : undefined;
  if (slot !== undefined) {
    const first = node.input[0] as string;
    if (value === null) return setInput(node, slot, '');
    const operand =
      typeof value === 'object' && 'dtype' in value
        ? value
        : asOperand(draft, { op, first }, schema as NonNullable<typeof schema>, slot, name, value);
    return setInput(node, slot, operandName(draft, { op, first, name: id }, schema, slot, operand));
  }
  if (value === null) {
    if (old === undefined)
      throw impossible(draft.file, `${op} ${quoted(id)} has no attribute ${quoted(name)} to remove`);
    node.attribute = node.attribute.filter((each) => each !== old);
    return;
  }
  const made = attributeFor(draft, op, schema, name, value, old === undefined ? undefined : letterOf(old.type));
  node.attribute = [...node.attribute.filter((each) => each !== old), made];
}

/** Another operator with the same operands. */
export function setOperator(draft: Draft, { node: id, op }: Edit<'operator'>): void {
  const node = draft.node(id);
  const at = op.lastIndexOf('::');
  const domain = at < 0 ? '' : domainOf(op.slice(0, at));
  const opType = at < 0 ? op : op.slice(at + 2);
  const schema = requireSchema(draft, domain, opType);
  if (schema !== undefined) {
    const extra = node.input.findIndex((_, i) => inputAt(schema, i) === undefined);
    if (extra >= 0) node.input = node.input.slice(0, extra);
    const present = node.input.findLastIndex((name) => name !== '') + 1;
    if (present < leastInputs(schema))
      throw impossible(
        draft.file,
        `${op} needs ${leastInputs(schema)} operands, ${operatorOf(node)} ${quoted(id)} has ${present}`,
      );
    node.attribute = node.attribute.filter(({ name, type }) => schema.attributes.get(name) === letterOf(type));
  }
  Object.assign(node, { domain, opType, overload: '' });
  draft.touch(node.output, 'shape');
}

/** Another value for a constant, in the type that it has. */
export function setConstant(draft: Draft, { tensor, value }: Edit<'constant'>): void {
  const old = draft.constant(tensor);
  if (old === undefined) {
    draft.require(tensor);
    throw impossible(draft.file, `tensor ${quoted(tensor)} is no constant`, 'use the edit "fix" for computed tensors');
  }
  const fit = fitted(value, old.dataType);
  if (fit === undefined)
    throw impossible(draft.file, `constant ${quoted(tensor)} cannot hold these values of type ${value.dtype}`);
  const same = sameShape(fit.shape, old.dims.map(Number));
  draft.removeConstant(tensor);
  draft.addInitializer(protoOf(tensor, fit));
  draft.touch(readersOf(draft, tensor), same ? 'value' : fit.shape.length === old.dims.length ? 'shape' : 'rank');
  draft.touch([tensor], same ? 'value' : 'rank');
}

/** One operand of one node: a constant of its own, another tensor, or none. */
export function setOperand(draft: Draft, { node: id, index, value }: Edit<'operand'>): void {
  const node = draft.node(id);
  const op = operatorOf(node);
  const schema = requireSchema(draft, domainOf(node.domain), node.opType);
  const input = schema === undefined ? undefined : inputAt(schema, index);
  if (!Number.isInteger(index) || index < 0 || (schema !== undefined && input === undefined))
    throw impossible(draft.file, `${op} ${quoted(id)} has no operand ${index}`);
  if (value === null || value === '') {
    if (schema !== undefined && input?.optional !== true)
      throw impossible(draft.file, `${op} ${quoted(id)} cannot do without operand ${index} (${input?.name})`);
    draft.touch(node.output, 'shape');
    return setInput(node, index, '');
  }
  const old = node.input[index] ?? '';
  if (typeof value === 'string') {
    draft.require(value);
    const [shape, other] = [draft.shape(old), draft.shape(value)];
    const same = old !== '' && shape !== null && other !== null && sameShape(shape, other);
    draft.touch(node.output, same ? 'value' : 'rank');
    return setInput(node, index, value);
  }
  const type = old === '' ? undefined : draft.elementType(old);
  const fit = type === undefined ? value : fitted(value, type);
  if (fit === undefined)
    throw impossible(draft.file, `operand ${index} of ${op} ${quoted(id)} cannot be ${value.dtype}`);
  const shape = old === '' ? null : draft.shape(old);
  draft.touch(node.output, old === '' || (shape !== null && sameShape(shape, value.shape)) ? 'value' : 'shape');
  const first = index === 0 ? '' : (node.input[0] ?? '');
  setInput(
    node,
    index,
    type === undefined && first !== ''
      ? operandName(draft, { op, first, name: id }, schema, index, fit)
      : draft.addConstant(`${id}__${input?.name ?? index}`, fit),
  );
}

/** A tensor is a constant from now on. */
export function fixTensor(draft: Draft, { tensor, value }: Edit<'fix'>): void {
  if (draft.constant(tensor) !== undefined) return setConstant(draft, { edit: 'constant', tensor, value });
  draft.require(tensor);
  const type = draft.elementType(tensor);
  const fit = fitted(value, type);
  if (fit === undefined)
    throw impossible(draft.file, `tensor ${quoted(tensor)} cannot be these values of type ${value.dtype}`);
  const shape = draft.shape(tensor);
  const reach =
    shape === null || !fitsShape(shape, fit.shape) ? (shape?.length === fit.shape.length ? 'shape' : 'rank') : 'value';
  const producer = draft.producer(tensor);
  if (producer === undefined) {
    // An input of the model stays one, so that who feeds it need not know; nobody reads it any more.
    const name = draft.addConstant(`${tensor}__fixed`, fit);
    draft.redirect(tensor, name);
    if (draft.isOutput(tensor))
      throw impossible(
        draft.file,
        `${quoted(tensor)} is an input and an output of the model at once and cannot be another value`,
      );
    draft.touch(readersOf(draft, name), reach);
    return;
  }
  draft.takeOver(tensor, producer);
  if (draft.isOutput(tensor)) {
    // Not every runtime gives out constants.
    const name = draft.addConstant(`${tensor}__fixed`, fit);
    draft.addNode({ opType: 'Identity', name: `${tensor}__is`, input: [name], output: [tensor] });
  } else draft.addInitializer(protoOf(tensor, fit));
  draft.touch([tensor, ...readersOf(draft, tensor)], reach);
}

/** A node is left out. */
export function bypassNode(draft: Draft, { node: id, index }: Edit<'bypass'>): void {
  const node = draft.node(id);
  const op = operatorOf(node);
  const [result] = node.output;
  const operand = node.input[index];
  if (operand === undefined || operand === '')
    throw impossible(draft.file, `${op} ${quoted(id)} has no operand ${index}`);
  if (result === undefined || isConstantNode(node))
    throw impossible(draft.file, `${op} ${quoted(id)} has nothing that could be left out`);
  const [from, to] = [draft.elementType(operand), draft.elementType(result)];
  if (from !== undefined && to !== undefined && from !== to)
    throw impossible(
      draft.file,
      `${op} ${quoted(id)} cannot be left out: its result is of another type than operand ${index}`,
    );
  const [before, after] = [draft.shape(operand), draft.shape(result)];
  const reach = before !== null && after !== null && sameShape(before, after) ? 'value' : 'rank';
  for (const other of node.output.slice(1)) {
    const read = other !== '' && (draft.isOutput(other) || readersOf(draft, other).length > 0);
    if (read)
      throw impossible(draft.file, `${op} ${quoted(id)} cannot be left out: its other result ${quoted(other)} is read`);
  }
  draft.removeNode(node);
  draft.touch([result, ...readersOf(draft, result)], reach);
  draft.redirect(result, operand);
  if (draft.isOutput(result))
    draft.addNode({ opType: 'Identity', name: `${id}__bypassed`, input: [operand], output: [result] });
}

/** Results of the nodes that read a tensor. */
function readersOf({ graph }: Draft, tensor: string): string[] {
  return graph.node.flatMap((node) => {
    let reads = false;
    renameReads(node, (name) => {
      reads ||= name === tensor;
      return name;
    });
    return reads ? node.output : [];
  });
}

function setInput(node: NodeProto, index: number, name: string): void {
  while (node.input.length <= index) node.input.push('');
  node.input[index] = name;
  while (node.input.at(-1) === '') node.input.pop();
}

/** Whether a value may stand where a file declares sizes: names and unknown sizes hold any. */
const fitsShape = (declared: readonly (number | string | null)[], shape: readonly number[]): boolean =>
  declared.length === shape.length && declared.every((size, i) => typeof size !== 'number' || size === shape[i]);
