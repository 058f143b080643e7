import type { Element } from '../../records/comparison.ts';
import type { Quantization } from '../../records/contract.ts';
import { toNum } from '../../records/numbers.ts';
import { type Dtype, isFloat } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { reader, toFloat64 } from '../../tensor/values.ts';
import { viewBytes } from '../../tensor/views.ts';
import { dequantise, isQuantised } from './dequantise.ts';
import type { NumericView } from './kernel.ts';
import type { WideView } from './kernel-wide.ts';
import type { MomentsKind } from './moments.ts';

/** Two tensors of one output, brought to a form that one kernel can compare. */
export type Operands = { readonly kind: MomentsKind; readonly identical: boolean } & (
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
 * `asNumbers` is set when the user gave an integer output a tolerance of its own.
 */
export function prepare(reference: Operand, candidate: Operand, asNumbers: boolean): Operands | null {
  const a = reference.tensor;
  const b = candidate.tensor;
  const sameType = a.dtype === b.dtype;
  if (a.dtype === 'string' || b.dtype === 'string') {
    if (!sameType) return null;
    const [x, y] = [a.strings ?? [], b.strings ?? []];
    return { kind: 'label', storage: 'text', identical: x.every((s, i) => s === y[i]), reference: x, candidate: y };
  }
  const quantised = isQuantised(a, reference.quantization) || isQuantised(b, candidate.quantization);
  if (quantised) {
    const views = { reference: real(reference), candidate: real(candidate) };
    return {
      kind: 'number',
      storage: 'numbers',
      identical: sameType && sameBytes(views.reference, views.candidate),
      ...views,
    };
  }
  const identical = sameType && Buffer.compare(a.data, b.data) === 0;
  const exact = !isFloat(a.dtype) && !isFloat(b.dtype) && !asNumbers;
  if (exact && (isWide(a.dtype) || isWide(b.dtype))) {
    return { kind: 'integer', storage: 'wide', identical, reference: wide(a), candidate: wide(b) };
  }
  const kind = !exact ? 'number' : a.dtype === 'bool' && b.dtype === 'bool' ? 'label' : 'integer';
  return { kind, storage: 'numbers', identical, reference: narrow(a, b), candidate: narrow(b, a) };
}

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
    if (operands.storage === 'wide') return toNum(operands[side][at] as bigint);
    const value = operands[side][at] as number;
    return operands.kind === 'label' ? value !== 0 : toNum(value);
  };
  return { sample, index: unravel(at, shape), reference: show('reference'), candidate: show('candidate') };
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
