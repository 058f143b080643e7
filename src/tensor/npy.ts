import { writeFileSync } from 'node:fs';
import { OnparError } from '../core/errors.ts';
import { withFile } from './bytes.ts';
import { BYTES_PER_ELEMENT, type Dtype } from './dtype.ts';
import { makeNpyHeader, type NpyHeader, parseNpyHeader } from './npy-header.ts';
import { elementCount, type Tensor } from './tensor.ts';

/**
 * Reads an npy file into a row-major, little-endian tensor: big-endian and Fortran-ordered arrays are converted, unicode
 * and byte strings become strings. OnparError `tensor-file-invalid` for objects (a pickle), complex numbers, truncation.
 */
export const readNpy = (path: string): Tensor => withFile(path, (source, size) => parseNpy(source(0, size), path));

/** As `readNpy`, from bytes in memory; the tensor shares them where no conversion is needed. */
export function parseNpy(bytes: Uint8Array, file: string): Tensor {
  const header = parseNpyHeader(bytes, file);
  const { dtype, shape, itemSize, bigEndian, fortranOrder, kind } = header;
  const expected = elementCount(shape) * itemSize;
  const stored = bytes.subarray(header.dataStart);
  if (stored.byteLength !== expected) {
    const hint = stored.byteLength < expected ? 'truncated?' : 'more than one array in the file?';
    throw new OnparError({
      code: 'tensor-file-invalid',
      message: `${file} holds ${stored.byteLength} bytes of data, its shape (${shape.join(', ')}) takes ${expected}: ${hint}`,
    });
  }
  const unit = kind === 'U' ? 4 : kind === 'S' ? 1 : itemSize;
  let data = bigEndian && unit > 1 ? swapped(stored, unit) : stored;
  if (fortranOrder && shape.length > 1) data = rowMajor(data, shape, itemSize);
  if (kind !== 'number') return { dtype, shape, data: new Uint8Array(0), strings: decodeStrings(data, header, file) };
  return { dtype, shape, data };
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const result = bytes.slice();
  for (let at = 0; at < result.byteLength; at += size) result.subarray(at, at + size).reverse();
  return result;
}

/** From Fortran order (first axis fastest) to C order (last axis fastest). */
function rowMajor(bytes: Uint8Array, shape: readonly number[], itemSize: number): Uint8Array {
  const result = new Uint8Array(bytes.byteLength);
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)) * itemSize);
  const index = shape.map(() => 0);
  for (let to = 0, from = 0; to < result.byteLength; to += itemSize) {
    for (let b = 0; b < itemSize; b++) result[to + b] = bytes[from + b] as number;
    // Counts like an odometer, last axis first, and moves `from` along.
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] as number) + 1;
      from += strides[axis] as number;
      if (next < (shape[axis] as number)) {
        index[axis] = next;
        break;
      }
      from -= next * (strides[axis] as number);
      index[axis] = 0;
    }
  }
  return result;
}

/** numpy pads strings with zero characters and cannot keep trailing ones. */
function decodeStrings(data: Uint8Array, { kind, itemSize, shape }: NpyHeader, file: string): string[] {
  const decode = kind === 'U' ? decodeUtf32 : decodeUtf8;
  return Array.from({ length: elementCount(shape) }, (_, i) => {
    try {
      return decode(data.subarray(i * itemSize, (i + 1) * itemSize));
    } catch (cause) {
      throw new OnparError({ code: 'tensor-file-invalid', message: `${file}: string ${i} is not Unicode`, cause });
    }
  });
}

function decodeUtf32(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.byteLength;
  while (end > 0 && view.getUint32(end - 4, true) === 0) end -= 4;
  let text = '';
  for (let at = 0; at < end; at += 4) text += String.fromCodePoint(view.getUint32(at, true));
  return text;
}

function decodeUtf8(bytes: Uint8Array): string {
  let end = bytes.byteLength;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, end));
}

const DESCR: Readonly<Partial<Record<Dtype, string>>> = {
  float64: '<f8',
  float32: '<f4',
  float16: '<f2',
  int64: '<i8',
  int32: '<i4',
  int16: '<i2',
  int8: '|i1',
  uint64: '<u8',
  uint32: '<u4',
  uint16: '<u2',
  uint8: '|u1',
  bool: '|b1',
};

/** The bytes of an npy file; strings as `U`. OnparError `tensor-file-unsupported` for bfloat16, which numpy does not have. */
export function serializeNpy(tensor: Tensor): Uint8Array {
  const { dtype, shape } = tensor;
  if (dtype === 'string') return serializeStrings(tensor);
  const descr = DESCR[dtype];
  if (descr === undefined) {
    throw new OnparError({
      code: 'tensor-file-unsupported',
      message: `npy has no ${dtype}`,
      fix: 'write safetensors instead',
    });
  }
  if (tensor.data.byteLength !== elementCount(shape) * BYTES_PER_ELEMENT[dtype]) {
    throw new RangeError(
      `${tensor.data.byteLength} bytes do not fill a ${dtype} tensor of shape [${shape.join(', ')}]`,
    );
  }
  return joined(makeNpyHeader(descr, shape), tensor.data);
}

function serializeStrings({ strings = [], shape }: Tensor): Uint8Array {
  const points = strings.map((s) => Array.from(s, (c) => c.codePointAt(0) as number));
  const width = Math.max(1, ...points.map((p) => p.length));
  const data = new Uint32Array(strings.length * width);
  points.forEach((p, i) => {
    data.set(p, i * width);
  });
  return joined(makeNpyHeader(`<U${width}`, shape), new Uint8Array(data.buffer));
}

function joined(header: Uint8Array, data: Uint8Array): Uint8Array {
  const file = new Uint8Array(header.byteLength + data.byteLength);
  file.set(header);
  file.set(data, header.byteLength);
  return file;
}

/** Writes `serializeNpy` to a file. */
export const writeNpy = (path: string, tensor: Tensor): void => writeFileSync(path, serializeNpy(tensor));
