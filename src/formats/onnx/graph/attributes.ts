import type { AttributeValue } from '../../../records/graph.ts';
import { type AttributeProto, AttributeProto_AttributeType as Kind, type NodeProto } from '../onnx_pb.generated.ts';

const utf8 = new TextDecoder();

/** Attributes of a node as JSON; tensors, graphs and types are left out. Integers beyond 2^53 lose their last digits. */
export function attributesOf({ attribute }: NodeProto): Record<string, AttributeValue> {
  const found: Record<string, AttributeValue> = {};
  for (const each of attribute) {
    const value = jsonOf(each);
    if (value !== undefined) found[each.name] = value;
  }
  return found;
}

function jsonOf({ type, f, i, s, floats, ints, strings }: AttributeProto): AttributeValue | undefined {
  switch (type) {
    case Kind.FLOAT:
      return shortest(f);
    case Kind.INT:
      return Number(i);
    case Kind.STRING:
      return utf8.decode(s);
    case Kind.FLOATS:
      return floats.map(shortest);
    case Kind.INTS:
      return ints.map(Number);
    case Kind.STRINGS:
      return strings.map((each) => utf8.decode(each));
    default:
      return undefined;
  }
}

/** A float32 by the shortest decimal that rounds to it: 0.00001, not 0.000009999999747378752. */
function shortest(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}
