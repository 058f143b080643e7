import { create } from '@bufbuild/protobuf';
import type { AttributeValue } from '../../../records/graph.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { ELEMENT_TYPE, protoOf } from '../graph/constants-of.ts';
import {
  type AttributeProto,
  AttributeProtoSchema,
  AttributeProto_AttributeType as Kind,
} from '../onnx_pb.generated.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const isTensor = (value: AttributeValue | Tensor): value is Tensor =>
  typeof value === 'object' && value !== null && 'dtype' in value;

/** Kinds of attributes by the letters of the schemas. */
const LETTERS: Readonly<Partial<Record<Kind, string>>> = {
  [Kind.FLOAT]: 'f',
  [Kind.INT]: 'i',
  [Kind.STRING]: 's',
  [Kind.TENSOR]: 't',
  [Kind.FLOATS]: 'F',
  [Kind.INTS]: 'I',
  [Kind.STRINGS]: 'S',
};
export const letterOf = (kind: Kind): string | undefined => LETTERS[kind];

/**
 * An attribute of a kind that the operator's schema has (`letter`), or, where that is not known, of the kind that the value
 * looks like. Undefined where the value cannot be of that kind.
 */
export function typedAttribute(
  name: string,
  value: Exclude<AttributeValue, null> | Tensor,
  letter: string | undefined,
): AttributeProto | undefined {
  const make = (fields: Partial<AttributeProto>) => create(AttributeProtoSchema, { name, ...fields } as AttributeProto);
  if (isTensor(value))
    return letter === undefined || letter === 't' ? make({ type: Kind.TENSOR, t: protoOf('', value) }) : undefined;
  const kind = letter ?? guess(value);
  const list = Array.isArray(value) ? value : [value];
  const numbers = list.map((item) => (typeof item === 'boolean' ? Number(item) : elementType(item)));
  const allNumbers = numbers.every((item) => typeof item === 'number');
  const allWhole = allNumbers && numbers.every((item) => Number.isSafeInteger(item));
  const one = list.length === 1 && !Array.isArray(value);
  switch (kind) {
    case 'f':
      return one && allNumbers ? make({ type: Kind.FLOAT, f: numbers[0] as number }) : undefined;
    case 'i':
      return one && allWhole ? make({ type: Kind.INT, i: BigInt(numbers[0] as number) }) : undefined;
    case 'F':
      return allNumbers ? make({ type: Kind.FLOATS, floats: numbers as number[] }) : undefined;
    case 'I':
      return allWhole ? make({ type: Kind.INTS, ints: (numbers as number[]).map(BigInt) }) : undefined;
    case 's':
      return one && typeof value === 'string' ? make({ type: Kind.STRING, s: bytes(value) }) : undefined;
    case 'S':
      return list.every((item) => typeof item === 'string')
        ? make({ type: Kind.STRINGS, strings: (list as string[]).map(bytes) })
        : undefined;
    default:
      return undefined;
  }
}

/** `float16` where an element type's number is meant. */
const elementType = (item: number | string | null): number | string | null =>
  typeof item === 'string' && Object.hasOwn(ELEMENT_TYPE, item)
    ? ELEMENT_TYPE[item as keyof typeof ELEMENT_TYPE]
    : item;

function guess(value: Exclude<AttributeValue, null>): string {
  const [first] = Array.isArray(value) ? value : [value];
  const list = Array.isArray(value);
  if (typeof first === 'string') return list ? 'S' : 's';
  const whole = (list ? value : [value]).every((item) => typeof item === 'boolean' || Number.isInteger(item));
  return whole ? (list ? 'I' : 'i') : list ? 'F' : 'f';
}
