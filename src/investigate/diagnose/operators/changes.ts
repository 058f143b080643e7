import type { ModelEdit, Operand } from '../../../records/edit.ts';
import type { AttributeValue, OpNode } from '../../../records/graph.ts';
import { tensorFrom } from '../../../tensor/build.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { Site } from './site.ts';

export const attribute = (node: OpNode, name: string, value: AttributeValue): ModelEdit => ({
  edit: 'attribute',
  node: node.id,
  name,
  value,
});

export const operand = (node: OpNode, index: number, value: Operand | null): ModelEdit => ({
  edit: 'operand',
  node: node.id,
  index,
  value,
});

export const integers = (values: readonly number[]): Tensor => tensorFrom('int64', [values.length], values);

/** A number as the float type that a tensor of the candidate has; float32 where it is not known. */
export function scalar(site: Site, beside: string, value: number, shape: readonly number[] = []): Tensor {
  const dtype = site.dtype(beside);
  return tensorFrom(dtype === undefined || dtype === 'string' ? 'float32' : dtype, shape, [value]);
}

/** A constant operand with other numbers, of the same shape and dtype. */
export function revalued(site: Site, index: number, values: ArrayLike<number>): ModelEdit | undefined {
  const tensor = site.constant(index);
  if (tensor === undefined || tensor.dtype === 'string') return undefined;
  return operand(site.node, index, tensorFrom(tensor.dtype, tensor.shape, values));
}

/** Something that is an attribute in older opsets and an operand in newer ones (axes, pads, bounds): as it is in this node. */
export function parameter(site: Site, name: string, index: number, values: readonly number[]): ModelEdit {
  const given = site.node.inputs[index];
  return given !== undefined && given !== '' && !site.has(name)
    ? operand(site.node, index, integers(values))
    : attribute(site.node, name, [...values]);
}

/** Every choice of one value for each key. */
export function* choices<T extends Readonly<Record<string, readonly unknown[]>>>(
  options: T,
): Generator<{ [K in keyof T]: T[K][number] }> {
  const keys = Object.keys(options);
  const [first, ...rest] = keys;
  if (first === undefined) {
    yield {} as { [K in keyof T]: T[K][number] };
    return;
  }
  const others = Object.fromEntries(rest.map((key) => [key, options[key] as readonly unknown[]]));
  for (const value of options[first] as readonly unknown[])
    for (const choice of choices(others)) yield { [first]: value, ...choice } as { [K in keyof T]: T[K][number] };
}

/** Attributes that differ between two settings, as edits; and what they are, as text for the sentence. */
export function settings(
  node: OpNode,
  now: Readonly<Record<string, AttributeValue>>,
  then: Readonly<Record<string, AttributeValue>>,
): { edits: ModelEdit[]; from: string; to: string; changed: string[] } {
  const changed = Object.keys(then).filter((key) => then[key] !== now[key]);
  const words = (of: Readonly<Record<string, AttributeValue>>) => changed.map((key) => `${key} ${of[key]}`).join(', ');
  return {
    edits: changed.map((key) => attribute(node, key, then[key] ?? null)),
    from: words(then),
    to: words(now),
    changed,
  };
}
