import type { AttributeValue } from '../../../records/graph.ts';
import { type AttributeProto, AttributeProto_AttributeType as Kind, type NodeProto } from '../onnx_pb.generated.ts';

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Longer lists are weights (trees, coefficients, vocabularies) and stay in the file. */
const MAX_LIST = 65_536;

/**
 * The attributes of a node as JSON values: element types by their numbers, as in the file. Tensors, graphs and lists of
 * more than 65,536 are left out.
 */
export function attributesOf(node: NodeProto): Record<string, AttributeValue> {
  const found: Record<string, AttributeValue> = {};
  for (const attribute of node.attribute) {
    const value = valueOf(attribute);
    if (value !== undefined) found[attribute.name] = value;
  }
  return found;
}

function valueOf(attribute: AttributeProto): AttributeValue | undefined {
  if (attribute.refAttrName !== '') return undefined;
  switch (kindOf(attribute)) {
    case Kind.FLOAT:
      return shortest(attribute.f);
    case Kind.INT:
      return Number(attribute.i);
    case Kind.STRING:
      return text(attribute.s);
    case Kind.FLOATS:
      return attribute.floats.length > MAX_LIST ? undefined : attribute.floats.map(shortest);
    case Kind.INTS:
      return attribute.ints.length > MAX_LIST ? undefined : attribute.ints.map(Number);
    case Kind.STRINGS:
      return attribute.strings.length > MAX_LIST ? undefined : attribute.strings.map(text);
    default:
      return undefined;
  }
}

/** Files before IR version 2 leave the type out; then the field that is set tells. */
function kindOf({ type, s, i, f, ints, floats, strings }: AttributeProto): Kind {
  if (type !== Kind.UNDEFINED) return type;
  if (s.length > 0) return Kind.STRING;
  if (ints.length > 0) return Kind.INTS;
  if (floats.length > 0) return Kind.FLOATS;
  if (strings.length > 0) return Kind.STRINGS;
  return f !== 0 ? Kind.FLOAT : i !== 0n ? Kind.INT : Kind.UNDEFINED;
}

/** The shortest decimal that is the same float32: 1e-5 instead of 0.000009999999747378752. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
