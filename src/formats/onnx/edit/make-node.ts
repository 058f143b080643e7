import type { Operand } from '../../../records/edit.ts';
import type { AttributeValue } from '../../../records/graph.ts';
import { tensorFrom } from '../../../tensor/build.ts';
import { isFloat } from '../../../tensor/dtype.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import type { AttributeProto, NodeProto } from '../onnx_pb.generated.ts';
import { domainOf } from '../scopes.ts';
import { dtypeOfOnnx } from '../summary.ts';
import { type Draft, isFloatType } from './draft.ts';
import { fitted } from './fitted.ts';
import { impossible, quoted, some } from './impossible.ts';
import { inputAt, leastInputs, type OperatorSchema, schemaAt, schemasOf } from './schemas.ts';
import { typedAttribute } from './typed.ts';

/** An operator to be added: `first` is its first operand, `operands` stand behind it. */
export interface Wanted {
  readonly op: string;
  readonly first: string;
  readonly operands?: readonly Operand[] | undefined;
  readonly attributes?: Readonly<Record<string, AttributeValue>> | undefined;
  readonly outputs: readonly string[];
  /** What to call the node. */
  readonly name: string;
}

/**
 * Adds a node that is valid in the model's opset: what an opset has as an input is made a constant where it was given as an
 * attribute (`axes`, bounds of Clip), and the other way round; floats get the type of the first operand. OnparError
 * `edit-impossible` where the opset has no such operator, attribute or operand.
 */
export function addOperator(draft: Draft, wanted: Wanted): NodeProto {
  const { domain, opType } = split(wanted.op);
  const schema = requireSchema(draft, domain, opType);
  const operands: (Operand | null)[] = [wanted.first, ...(wanted.operands ?? [])];
  const attributes: AttributeProto[] = [];
  const setAttribute = (name: string, value: Exclude<AttributeValue, null> | Tensor): void => {
    attributes.push(attributeFor(draft, wanted.op, schema, name, value));
  };
  for (const [name, value] of Object.entries(wanted.attributes ?? {})) {
    if (value === null) continue;
    const slot = inputSlot(schema, name);
    if (slot === undefined || schema?.attributes.has(name) === true) setAttribute(name, value);
    else place(operands, slot, asOperand(draft, wanted, schema as OperatorSchema, slot, name, value));
  }
  if (SOFTMAX.has(opType) && domain === '' && wanted.attributes?.['axis'] === undefined) setAttribute('axis', -1);
  const inputs = operands.map((operand, index): string => {
    if (operand === null || operand === '') return '';
    if (index > 0 && schema !== undefined && inputAt(schema, index) === undefined) {
      setAttribute(...asAttribute(draft, wanted.op, schema, index, operand));
      return '';
    }
    return operandName(draft, wanted, schema, index, operand);
  });
  while (inputs.at(-1) === '') inputs.pop();
  if (schema !== undefined && inputs.length < leastInputs(schema)) {
    const missing = schema.inputs.slice(inputs.length).map(({ name }) => name);
    throw impossible(draft.file, `${wanted.op} needs operands that were not given: ${missing.join(', ')}`);
  }
  const lists = { input: inputs, output: [...wanted.outputs], attribute: attributes };
  return draft.addNode({ domain, opType, name: wanted.name, ...lists });
}

/** Their axis meant something else until opset 13: all axes from there on were one (onnx operator changelog). */
export const SOFTMAX: ReadonlySet<string> = new Set(['Softmax', 'LogSoftmax', 'Hardmax']);

function split(op: string): { readonly domain: string; readonly opType: string } {
  const at = op.lastIndexOf('::');
  return at < 0 ? { domain: '', opType: op } : { domain: domainOf(op.slice(0, at)), opType: op.slice(at + 2) };
}

/** The versions at which domains that a model lacks are imported: the first that all runtimes of today know. */
const IMPORTED: Readonly<Record<string, number>> = { 'com.microsoft': 1, 'ai.onnx.ml': 3 };

/** The operator's schema in the model's opset; undefined for domains whose schemas are not known here. */
export function requireSchema(draft: Draft, domain: string, opType: string): OperatorSchema | undefined {
  const local = draft.model.functions.some((fn) => domainOf(fn.domain) === domain && fn.name === opType);
  if (local) return undefined;
  const version = IMPORTED[domain];
  if (version !== undefined) draft.importOpset(domain, version);
  const opset = draft.opset(domain);
  const op = domain === '' ? opType : `${domain}::${opType}`;
  if (opset === undefined)
    throw impossible(
      draft.file,
      `${op} is of a domain that the model does not import`,
      `use one of ${some(draft.model.opsetImport.map((each) => each.domain || 'ai.onnx'))}`,
    );
  const known = schemasOf(domain, opType);
  if (known === undefined) {
    if (domain === '' || domain === 'ai.onnx.ml') throw impossible(draft.file, `ONNX has no operator ${op}`);
    return undefined;
  }
  const schema = schemaAt(domain, opType, opset);
  if (schema !== undefined) return schema;
  const since = known.find((each) => each !== null)?.since;
  throw impossible(
    draft.file,
    `opset ${opset} of the model has no operator ${op}${since === undefined ? '' : ` (opset ${since} brought it)`}`,
  );
}

/** The kind of attribute that a name is for an operator, with a value of that kind. */
export function attributeFor(
  draft: Draft,
  op: string,
  schema: OperatorSchema | undefined,
  name: string,
  value: Exclude<AttributeValue, null> | Tensor,
  fallback?: string,
): AttributeProto {
  const letter = schema?.attributes.get(name) ?? fallback;
  if (schema !== undefined && letter === undefined)
    throw impossible(
      draft.file,
      `${op} has no attribute ${quoted(name)} in opset ${draft.opset(split(op).domain)}`,
      `it has ${some(schema.attributes.keys())}`,
    );
  const made = typedAttribute(name, value, letter);
  if (made !== undefined) return made;
  throw impossible(draft.file, `attribute ${quoted(name)} of ${op} cannot be ${JSON.stringify(value)}`);
}

/** Attributes that became inputs under another name. */
const RENAMED: Readonly<Record<string, string>> = { value: 'constant_value', k: 'K' };

/** The operand that an attribute of older opsets is; undefined where there is none. The first operand is the tensor itself. */
export function inputSlot(schema: OperatorSchema | undefined, name: string): number | undefined {
  const at = schema?.inputs.findIndex((input, i) => i > 0 && (input.name === name || input.name === RENAMED[name]));
  return at === undefined || at < 0 ? undefined : at;
}

/** Operands that are a list even where they have one element. */
const LISTS = new Set([
  'axes',
  'K',
  'pads',
  'shape',
  'split',
  'repeats',
  'scales',
  'sizes',
  'starts',
  'ends',
  'steps',
  'roi',
]);

/** The value of an attribute as a tensor for an operand: of the first operand's type where the schema says so. */
export function asOperand(
  draft: Draft,
  { op, first }: Pick<Wanted, 'op' | 'first'>,
  schema: OperatorSchema,
  slot: number,
  name: string,
  value: Exclude<AttributeValue, null>,
): Tensor {
  const input = inputAt(schema, slot);
  const list = Array.isArray(value) ? value : [value];
  if (input === undefined || !list.every((item) => typeof item === 'number'))
    throw impossible(draft.file, `${name} of ${op} cannot be ${JSON.stringify(value)}`);
  const numbers = list as number[];
  const shape = Array.isArray(value) || LISTS.has(input.name) ? [numbers.length] : [];
  const own = dtypeOfOnnx(draft.elementType(first) ?? 0);
  const sizes = input.name === 'scales' || input.name === 'roi' || !numbers.every(Number.isInteger);
  const dtype = input.sameType ? (own ?? 'float32') : sizes ? 'float32' : 'int64';
  return tensorFrom(dtype === 'string' ? 'float32' : dtype, shape, numbers);
}

/** An operand that is an attribute in this opset: bounds of Clip, axes of Squeeze. */
function asAttribute(
  draft: Draft,
  op: string,
  schema: OperatorSchema,
  index: number,
  operand: Operand,
): [string, Exclude<AttributeValue, null>] {
  const { domain, opType } = split(op);
  const later = schemasOf(domain, opType)?.findLast((each) => each !== null && inputAt(each, index) !== undefined);
  const input = later == null ? undefined : inputAt(later, index)?.name;
  const name = [input, ...Object.keys(RENAMED).filter((each) => RENAMED[each] === input)].find(
    (each) => each !== undefined && schema.attributes.has(each),
  );
  const opset = draft.opset(domain);
  if (name === undefined) throw impossible(draft.file, `${op} has no operand ${index} in opset ${opset}`);
  if (typeof operand === 'string')
    throw impossible(
      draft.file,
      `${name} of ${op} is an attribute in opset ${opset} and cannot be the tensor ${quoted(operand)}`,
    );
  const numbers = Array.from(toFloat64(operand));
  return [name, /[A-Z]/.test(schema.attributes.get(name) as string) ? numbers : (numbers[0] as number)];
}

/** Sizes and places, which are int64 whatever the tensor is. */
const INT64 = new Set(['axes', 'K', 'pads', 'shape', 'split', 'repeats', 'sizes', 'starts', 'ends', 'steps']);

/** The name of an operand: the tensor's own, or that of a constant made from a value, in the type that goes there. */
export function operandName(
  draft: Draft,
  { op, first, name }: Pick<Wanted, 'op' | 'first' | 'name'>,
  schema: OperatorSchema | undefined,
  index: number,
  operand: Operand,
): string {
  if (typeof operand === 'string') {
    draft.require(operand);
    return operand;
  }
  const input = schema === undefined ? undefined : inputAt(schema, index);
  const own = draft.elementType(first);
  const wide = input?.name === 'scales' || input?.name === 'roi';
  const value =
    isFloat(operand.dtype) && wide
      ? fitted(operand, 1)
      : input !== undefined && INT64.has(input.name)
        ? fitted(operand, 7)
        : (isFloat(operand.dtype) && (own === undefined || isFloatType(own))) || input?.sameType === true
          ? fitted(operand, own)
          : operand;
  if (value === undefined)
    throw impossible(
      draft.file,
      `operand ${index} of ${op} is ${operand.dtype}, which ${quoted(first)} is not and which does not fit`,
    );
  return draft.addConstant(`${name}__${input?.name ?? index}`, value);
}

function place(operands: (Operand | null)[], index: number, value: Operand): void {
  while (operands.length <= index) operands.push(null);
  operands[index] = value;
}
