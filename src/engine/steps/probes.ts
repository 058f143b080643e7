import { join } from 'node:path';
import type { Sample } from '../../records/sample.ts';
import { takeRows } from '../../tensor/rows.ts';
import { readSafetensors, writeSafetensors } from '../../tensor/safetensors.ts';

/** A run beyond the planned ones, made to learn about the model itself: a sample once more, or one of its rows alone. */
export interface Probe {
  /** Unlike that of any sample. */
  readonly id: string;
  readonly sample: Sample;
  /** The row of the leading axis of every input; null: the whole sample. */
  readonly row: number | null;
}

/** Where the inputs of each probe lie. Rows are cut out of their sample into a folder of the run; nothing of it is kept. */
export function fedProbes(
  probes: readonly Probe[],
  sampleDir: string,
  scratch: () => string,
): { readonly id: string; readonly inputs: string }[] {
  return probes.map(({ id, sample, row }) => {
    const whole = join(sampleDir, sample.file);
    if (row === null) return { id, inputs: whole };
    const inputs = join(scratch(), `${sample.digest.slice(0, 16)}-${row}.safetensors`);
    writeSafetensors(inputs, new Map([...readSafetensors(whole)].map(([name, t]) => [name, takeRows(t, 0, [row])])));
    return { id, inputs };
  });
}
