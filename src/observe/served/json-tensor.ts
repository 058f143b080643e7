import { OnparError } from '../../core/errors.ts';
import { stringTensor, tensorFrom } from '../../tensor/build.ts';
import { type Dtype, isFloat } from '../../tensor/dtype.ts';
import { INTEGER_LIMITS } from '../../tensor/limits.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { numericReader } from '../../tensor/values.ts';
import { isList, type Json, JsonNumber } from './json-text.ts';

const failed = (code: string, message: string, fix?: string): OnparError =>
  new OnparError({ code, message, ...(fix === undefined ? {} : { fix }), exitCode: 1 });

/** Shape and elements of nested lists; a lone value has the shape []. OnparError `served-garbage` where the lists are ragged. */
export function flatten(value: Json, name: string): { shape: number[]; elements: Json[] } {
  const shape: number[] = [];
  for (let at = value; isList(at); at = at[0] ?? null) {
    shape.push(at.length);
    if (at.length === 0) break;
  }
  const elements: Json[] = [];
  const visit = (at: Json, axis: number): void => {
    if (!isList(at) !== (axis === shape.length) || (isList(at) && at.length !== shape[axis]))
      throw failed('served-garbage', `output ${name}: its lists are of different lengths`);
    if (!isList(at)) elements.push(at);
    else if (axis === shape.length - 1) for (const element of at) visit(element, axis + 1);
    else for (const part of at) visit(part, axis + 1);
  };
  visit(value, 0);
  return { shape, elements };
}

/** A tensor of `dtype` from what JSON holds. OnparError `served-garbage` or `served-value-lost` names the element. */
export function tensorOf(name: string, dtype: Dtype, shape: readonly number[], elements: readonly Json[]): Tensor {
  if (elements.length !== elementCount(shape)) {
    throw failed(
      'served-garbage',
      `output ${name} has ${elements.length} values, which do not fill its shape [${shape.join(', ')}]`,
    );
  }
  if (dtype === 'string')
    return stringTensor(
      shape,
      elements.map((element, i) => textOf(name, element, i)),
    );
  return tensorFrom(
    dtype,
    shape,
    elements.map((element, i) => numberOf(name, dtype, element, i)),
  );
}

/** Texts that stand for what JSON has no number for: protobuf's JSON mapping writes them. */
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

function numberOf(name: string, dtype: Exclude<Dtype, 'string'>, element: Json, index: number): number | bigint {
  if (typeof element === 'boolean') return Number(element);
  if (element === null && isFloat(dtype)) {
    throw failed(
      'served-value-lost',
      `output ${name} is null at element ${index}: this server writes NaN and both infinities alike as null`,
      'ask it over gRPC (oip+grpc://…) or with binary tensors, which keep them',
    );
  }
  if (element instanceof JsonNumber || typeof element === 'string') {
    const text = typeof element === 'string' ? element : element.text;
    const value = isFloat(dtype) ? (SPECIAL[text] ?? Number(text)) : integerOf(dtype, text);
    if (value !== undefined && (!Number.isNaN(value) || text === 'NaN') && text.trim() !== '') return value;
  }
  const shown = JSON.stringify(element instanceof JsonNumber ? Number(element.text) : element);
  const lost = element instanceof JsonNumber ? element.text : shown;
  throw failed('served-garbage', `output ${name} holds ${lost} at element ${index}, which is no ${dtype}`);
}

/** Exactly, whatever its size; undefined where the text is no integer of that dtype (2^53 + 0.5, 300 as uint8). */
function integerOf(dtype: Dtype, text: string): number | bigint | undefined {
  const whole = /^(-?\d+)(?:\.0+)?$/.exec(text)?.[1];
  if (whole === undefined) return undefined;
  const value = BigInt(whole);
  const [low, high] = dtype === 'bool' ? [0, 1] : INTEGER_LIMITS[dtype as keyof typeof INTEGER_LIMITS];
  return value < low || value > high ? undefined : value;
}

function textOf(name: string, element: Json, index: number): string {
  if (typeof element === 'string') return element;
  throw failed('served-garbage', `output ${name} holds no text at element ${index}`);
}

/** Elements of a tensor as JSON text, in row-major order, without losing a digit. NaN and infinities as Python writes them. */
function texts({ dtype, shape, data, strings }: Tensor): string[] {
  if (dtype === 'string') return (strings ?? []).map((text) => JSON.stringify(text));
  const read = numericReader({ dtype, shape, data });
  return Array.from({ length: elementCount(shape) }, (_, i) => {
    const value = read(i);
    if (dtype === 'bool') return value ? 'true' : 'false';
    return isFloat(dtype) ? floatText(value as number) : String(value);
  });
}

/** Always seen to be a float: a server in Python takes `[1, 2]` for integers. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : String(value);
}

/** Text of a flat JSON list. */
export const flatJson = (tensor: Tensor): string => `[${texts(tensor).join(',')}]`;

/** Text of nested JSON lists. */
export function nestedJson(tensor: Tensor): string {
  const all = texts(tensor);
  const build = (axis: number, from: number, count: number): string => {
    if (axis === tensor.shape.length) return all[from] ?? 'null';
    const size = tensor.shape[axis] ?? 0;
    const step = size === 0 ? 0 : count / size;
    return `[${Array.from({ length: size }, (_, i) => build(axis + 1, from + i * step, step)).join(',')}]`;
  };
  return build(0, 0, all.length);
}
