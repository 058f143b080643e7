import type { Element } from '../../records/comparison.ts';
import type { Quantization } from '../../records/contract.ts';
import { toNum } from '../../records/numbers.ts';
import { BYTES_PER_ELEMENT, type Dtype, isFloat } from '../../tensor/dtype.ts';
import { type Elements, elementsOf, reading } from '../../tensor/kernel/elements.ts';
import { KERNEL_FROM } from '../../tensor/kernel/pass.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { numericReader, reader, toFloat64 } from '../../tensor/values.ts';
import { bytesOf, type NumericDtype, viewBytes } from '../../tensor/views.ts';
import { dequantise, isQuantised } from './dequantise.ts';
import type { NumericView } from './kernel.ts';
import type { WideView } from './kernel-wide.ts';
import type { MomentsKind } from './moments.ts';

/** Both sides for the compiled kernel; null for tensors so small that the scalar one is done before it is loaded. */
export type ElementPair = { readonly reference: Elements; readonly candidate: Elements } | null;

/**
 * Two tensors of one output, brought to a form that one kernel can compare. Views are made when they are asked for: of a
 * large tensor in a file they would hold all of it.
 */
export type Operands = {
  readonly kind: MomentsKind;
  /** Bit by bit. Of large tensors this is known after they were measured, and false here. */
  readonly identical: boolean;
  readonly elements: ElementPair;
} & (
  | { readonly storage: 'numbers'; readonly reference: NumericView; readonly candidate: NumericView }
  | { readonly storage: 'wide'; readonly reference: WideView; readonly candidate: WideView }
  | { readonly storage: 'text'; readonly reference: readonly string[]; readonly candidate: readonly string[] }
);

export interface Operand {
  readonly tensor: Tensor;
  readonly quantization: Quantization | undefined;
}

const isWide = (dtype: Dtype): boolean => dtype === 'int64' || dtype === 'uint64';

/**
 * Null when one side holds strings and the other numbers: nothing to compare.
 * `asNumbers` is set when the user gave an integer output a tolerance of its own; `compiled` unset keeps to the scalar kernel.
 */
export function prepare(reference: Operand, candidate: Operand, asNumbers: boolean, compiled = true): Operands | null {
  const a = reference.tensor;
  const b = candidate.tensor;
  const sameType = a.dtype === b.dtype;
  if (a.dtype === 'string' || b.dtype === 'string') {
    if (!sameType) return null;
    const [x, y] = [a.strings ?? [], b.strings ?? []];
    const identical = x.every((s, i) => s === y[i]);
    return { kind: 'label', storage: 'text', identical, elements: null, reference: x, candidate: y };
  }
  if (isQuantised(a, reference.quantization) || isQuantised(b, candidate.quantization)) {
    const views = { reference: real(reference), candidate: real(candidate) };
    const elements =
      views.reference.length < KERNEL_FROM
        ? null
        : { reference: inMemory(views.reference), candidate: inMemory(views.candidate) };
    return {
      kind: 'number',
      storage: 'numbers',
      identical: sameType && sameBytes(views.reference, views.candidate),
      elements,
      ...views,
    };
  }
  const elements = compiled ? elementPair(a, b) : null;
  const identical = elements === null && sameType && Buffer.compare(a.data, b.data) === 0;
  const exact = !isFloat(a.dtype) && !isFloat(b.dtype) && !asNumbers;
  if (exact && (isWide(a.dtype) || isWide(b.dtype))) {
    return withViews(
      { kind: 'integer', storage: 'wide', identical, elements } as const,
      () => wide(a),
      () => wide(b),
    );
  }
  const kind = !exact ? 'number' : a.dtype === 'bool' && b.dtype === 'bool' ? 'label' : 'integer';
  return withViews(
    { kind, storage: 'numbers', identical, elements } as const,
    () => narrow(a, b),
    () => narrow(b, a),
  );
}

function withViews<B extends object, V>(
  base: B,
  reference: () => V,
  candidate: () => V,
): B & { reference: V; candidate: V } {
  const once = (make: () => V): PropertyDescriptor => {
    let view: V | undefined;
    return { enumerable: true, get: () => (view ??= make()) };
  };
  const views = { reference: once(reference), candidate: once(candidate) };
  return Object.defineProperties({ ...base }, views) as B & { reference: V; candidate: V };
}

function elementPair(a: Tensor, b: Tensor): ElementPair {
  const count = elementCount(a.shape);
  if (count === 0 || elementCount(b.shape) !== count) return null;
  if (count < KERNEL_FROM && a.place === undefined && b.place === undefined) return null;
  const side = (tensor: Tensor): Elements =>
    elementsOf(tensor.dtype as NumericDtype, count, tensor.place ?? { bytes: tensor.data });
  return { reference: side(a), candidate: side(b) };
}

const inMemory = (view: Float64Array): Elements => elementsOf('float64', view.length, { bytes: bytesOf(view) });

/** Two float32 tensors stay as they are; everything else becomes doubles, which hold it exactly. */
const narrow = (tensor: Tensor, other: Tensor): NumericView =>
  tensor.dtype === 'float32' && other.dtype === 'float32' ? viewBytes('float32', tensor.data) : toFloat64(tensor);

const real = ({ tensor, quantization }: Operand): Float64Array =>
  isQuantised(tensor, quantization) ? dequantise(tensor, quantization) : toFloat64(tensor);

function wide(tensor: Tensor): WideView {
  if (tensor.dtype === 'int64' || tensor.dtype === 'uint64') return viewBytes(tensor.dtype, tensor.data);
  const read = reader(tensor);
  const count = toFloat64(tensor).length;
  return BigInt64Array.from({ length: count }, (_, i) => BigInt(read(i)));
}

function sameBytes(a: Float64Array, b: Float64Array): boolean {
  return (
    Buffer.compare(
      Buffer.from(a.buffer, a.byteOffset, a.byteLength),
      Buffer.from(b.buffer, b.byteOffset, b.byteLength),
    ) === 0
  );
}

/** One place of both operands as a record shows it: dequantised, booleans as such, large integers as text. */
export function elementAt(operands: Operands, sample: string, shape: readonly number[], at: number): Element {
  const show = (side: 'reference' | 'candidate'): Element['reference'] => {
    if (operands.storage === 'text') return operands[side][at] as string;
    const value =
      operands.elements === null ? (operands[side][at] as number | bigint) : one(operands.elements[side], at);
    return operands.kind === 'label' ? value !== 0 : toNum(value);
  };
  return { sample, index: unravel(at, shape), reference: show('reference'), candidate: show('candidate') };
}

/** Without a view of the whole tensor. */
function one(elements: Elements, at: number): number | bigint {
  const data = new Uint8Array(BYTES_PER_ELEMENT[elements.dtype]);
  reading([elements], () => elements.read(at, data));
  return numericReader({ dtype: elements.dtype, shape: [], data })(0);
}

export function unravel(at: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = at;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}
