import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isInside } from '../../core/paths.ts';
import type { ReportCase } from '../../records/report.ts';
import { openTensorFile } from '../../tensor/stored.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import { toFloat64 } from '../../tensor/values.ts';

/** The elements of one output in the sample whose tensors the run folder keeps. */
export interface KeptOutput {
  readonly sample: string;
  readonly reference: Float64Array;
  readonly candidate: Float64Array;
}

/** More elements are not read: the bound that report.json gives by itself is loose, but it holds. */
const MOST_ELEMENTS = 2 ** 24;

/** Reads what the run folder keeps of an output; null where it keeps nothing of it, or nothing that can be compared so. */
export function keptOutputs(c: ReportCase, folder: string): (output: string) => KeptOutput | null {
  const { tensors } = c;
  const reference = openKept(tensors?.reference, folder);
  const candidate = openKept(tensors?.candidate, folder);
  return (output) => {
    const known = c.outputs.find((o) => o.name === output);
    if (tensors === null || reference === null || candidate === null || known === undefined) return null;
    const r = reference.get(output);
    const d = candidate.get(known.candidateName ?? output);
    if (r === undefined || d === undefined || !comparable(r, d) || isQuantised(c, output)) return null;
    return { sample: tensors.sample, reference: toFloat64(r), candidate: toFloat64(d) };
  };
}

function openKept(path: string | null | undefined, folder: string): NamedTensors | null {
  if (path === null || path === undefined) return null;
  const file = resolve(join(folder, path));
  // A report may come from anywhere; what it names is read only inside its own folder.
  if (!isInside(folder, file) || !existsSync(file)) return null;
  try {
    return openTensorFile(file, { verify: false });
  } catch {
    return null;
  }
}

const comparable = (a: Tensor, b: Tensor): boolean =>
  a.dtype !== 'string' &&
  b.dtype !== 'string' &&
  a.shape.join() === b.shape.join() &&
  a.shape.reduce((n, size) => n * size, 1) <= MOST_ELEMENTS;

/** Stored integers that stand for real numbers would have to be dequantised first. */
const isQuantised = (c: ReportCase, output: string): boolean =>
  c.contract.some(
    (row) =>
      row.side === 'output' &&
      row.reference?.name === output &&
      [row.reference, row.candidate].some((spec) => (spec?.quantization?.scales.length ?? 0) > 0),
  );
