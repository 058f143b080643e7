import { BYTES_PER_ELEMENT } from './dtype.ts';
import { elementCount, type Tensor } from './tensor.ts';

/** The given indices along one axis of a tensor, in that order, repeats allowed; the bytes are copied. */
export function takeRows(tensor: Tensor, axis: number, rows: readonly number[]): Tensor {
  const { dtype, shape, data, strings } = tensor;
  const count = shape[axis] as number;
  const outer = elementCount(shape.slice(0, axis));
  const inner = elementCount(shape.slice(axis + 1));
  const taken = [...shape.slice(0, axis), rows.length, ...shape.slice(axis + 1)];
  if (strings !== undefined) {
    const picked = Array.from({ length: outer }, (_, block) =>
      rows.flatMap((row) => strings.slice((block * count + row) * inner, (block * count + row + 1) * inner)),
    ).flat();
    return { dtype, shape: taken, data, strings: picked };
  }
  const width = inner * BYTES_PER_ELEMENT[dtype];
  const bytes = new Uint8Array(outer * rows.length * width);
  for (let block = 0; block < outer; block++) {
    rows.forEach((row, i) => {
      const from = (block * count + row) * width;
      bytes.set(data.subarray(from, from + width), (block * rows.length + i) * width);
    });
  }
  return { dtype, shape: taken, data: bytes };
}

export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
