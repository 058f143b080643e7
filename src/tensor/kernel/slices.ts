import * as slot from './assembly/layout.ts';
import { type Elements, reading } from './elements.ts';
import type { PassSpec } from './kernel.ts';
import { kernel } from './load.ts';
import { chunks } from './pass.ts';

/** Per slice of one axis: what hides behind larger neighbours otherwise (design 6.4). */
export interface SliceMaxima {
  readonly maxAbs: Float64Array;
  readonly sumSquares: Float64Array;
  readonly maxReference: Float64Array;
  readonly sumReference: Float64Array;
}

/**
 * max |d|, Σd², max |reference| and Σreference² of each slice of `axis`, over elements finite on both sides. Up to 4,096
 * slices. Null as `runPass`; compare/values/slices.ts is the scalar twin.
 */
export function runSlices(
  reference: Elements,
  candidate: Elements,
  shape: readonly number[],
  axis: number,
): SliceMaxima | null {
  const size = shape[axis] ?? 0;
  const instance = size > slot.SLICES ? null : kernel();
  if (instance === null) return null;
  const inner = shape.slice(axis + 1).reduce((n, d) => n * d, 1);
  const result = newSlices(size);
  const spec: PassSpec = { reference, candidate, atol: 0, rtol: 0, exact: false, columns: 0 };
  const starts = chunks(reference.count, 0);
  reading([reference, candidate], () => {
    for (let i = 0; i + 1 < starts.length; i++) {
      const table = instance.slices(spec, starts[i] as number, starts[i + 1] as number, size, inner);
      for (let s = 0; s < size; s++) {
        const [most, squares, largest, energy] = table.subarray(4 * s, 4 * s + 4) as unknown as [
          number,
          number,
          number,
          number,
        ];
        result.maxAbs[s] = Math.max(result.maxAbs[s] as number, most);
        result.sumSquares[s] = (result.sumSquares[s] as number) + squares;
        result.maxReference[s] = Math.max(result.maxReference[s] as number, largest);
        result.sumReference[s] = (result.sumReference[s] as number) + energy;
      }
    }
  });
  return result;
}

export const newSlices = (size: number): SliceMaxima => ({
  maxAbs: new Float64Array(size),
  sumSquares: new Float64Array(size),
  maxReference: new Float64Array(size),
  sumReference: new Float64Array(size),
});
