import type { AttributeProto, TensorProto } from './onnx_pb.generated.ts';
import { domainOf, type Flow, keyOf, type Place, type Value } from './scopes.ts';

/** A tensor that the file itself holds, with the value that it is in its scope. */
export interface Constant {
  readonly value: Value;
  /** The same for every file that names its tensors alike: scope and name. */
  readonly key: string;
  readonly held:
    | { readonly kind: 'tensor'; readonly tensor: TensorProto }
    /** The elements of a sparse tensor that are not zero. */
    | { readonly kind: 'sparse'; readonly tensor: TensorProto }
    /** Float32 numbers in an attribute: a Constant's `value_floats`. */
    | { readonly kind: 'floats'; readonly attribute: AttributeProto };
}

/** All initializers and Constant nodes of the graph, its subgraphs and functions. */
export function constantsOf({ scopes }: Flow): Constant[] {
  const found: Constant[] = [];
  for (const scope of scopes) {
    const add = (name: string, held: Constant['held']): void => {
      const value = { scope, name };
      found.push({ value, key: keyOf(value), held });
    };
    for (const tensor of scope.graph?.initializer ?? []) add(tensor.name, { kind: 'tensor', tensor });
    for (const { values } of scope.graph?.sparseInitializer ?? [])
      if (values !== undefined) add(values.name, { kind: 'sparse', tensor: values });
    for (const { opType, domain, output, attribute: attributes } of scope.nodes) {
      const [name] = output;
      if (opType !== 'Constant' || domainOf(domain) !== '' || name === undefined) continue;
      for (const attribute of attributes) {
        const { t, sparseTensor } = attribute;
        if (attribute.name === 'value' && t !== undefined) add(name, { kind: 'tensor', tensor: t });
        else if (attribute.name === 'value_floats') add(name, { kind: 'floats', attribute });
        else if (attribute.name === 'sparse_value' && sparseTensor?.values !== undefined)
          add(name, { kind: 'sparse', tensor: sparseTensor.values });
      }
    }
  }
  return found;
}

/** A place where a tensor's numbers are used for something, not just handed on. */
export interface FinalUse extends Place {
  /** For each axis of the operand the tensor's own axis; null where a change of shape lost them. */
  readonly axes: readonly number[] | null;
}

/** Operators that hand on their first operand with other axes, or none that can be told. */
const RESHAPING = new Set(['Reshape', 'Squeeze', 'Unsqueeze', 'Flatten', 'Expand', 'Tile']);
const HANDING = new Set(['Identity', 'Cast', 'CastLike', 'QuantizeLinear', 'DequantizeLinear', 'Dropout']);

/**
 * The uses of a tensor of `rank` axes, through operators that hand it on and into functions and loops. A Cast to integers
 * is a final use: what it makes of a number jumps.
 */
export function finalUses(flow: Flow, start: Value, rank: number): FinalUse[] {
  const found: FinalUse[] = [];
  const seen = new Set<string>();
  const visit = (value: Value, axes: readonly number[] | null): void => {
    const state = `${keyOf(value)}\0${axes}`;
    if (seen.has(state)) return;
    seen.add(state);
    for (const outer of flow.outOf(value)) visit(outer, axes);
    for (const use of flow.usesOf(value)) {
      const { node, index, scope } = use;
      const inside = flow.into(use);
      for (const inner of inside) visit(inner, axes);
      if (inside.length > 0) continue;
      const onward = index === 0 ? handedOn(use, axes) : undefined;
      if (onward === undefined) found.push({ ...use, axes });
      else if (node.output[0] !== undefined) visit({ scope, name: node.output[0] }, onward);
    }
  };
  visit(
    start,
    Array.from({ length: rank }, (_, i) => i),
  );
  return found;
}

/** Undefined where the operator computes with its operand. */
function handedOn({ node }: Place, axes: readonly number[] | null): readonly number[] | null | undefined {
  const { opType, attribute } = node;
  if (opType === 'Cast' && !isFloatType(Number(attribute.find(({ name }) => name === 'to')?.i ?? 0))) return undefined;
  if (HANDING.has(opType)) return axes;
  if (RESHAPING.has(opType)) return null;
  if (opType !== 'Transpose') return undefined;
  const order = attribute.find(({ name }) => name === 'perm')?.ints.map(Number);
  if (axes === null) return null;
  return order === undefined || order.length === 0 ? axes.toReversed() : order.map((axis) => axes[axis] ?? 0);
}

/** float, float16, double, bfloat16 by their numbers in onnx.proto. */
const isFloatType = (type: number): boolean => type === 1 || type === 10 || type === 11 || type === 16;
