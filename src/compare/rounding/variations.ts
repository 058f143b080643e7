import { resolve } from 'node:path';
import type { SampleRun } from '../../records/observation.ts';
import { openTensorFile } from '../../tensor/stored.ts';
import type { NamedTensors } from '../../tensor/tensor.ts';
import type { Evidence, Variation } from '../evidence.ts';

/** The variations' outputs for one sample. Runs that failed on it are left out. */
export interface VariedOutputs {
  readonly perturbed: readonly NamedTensors[];
  readonly reference64: NamedTensors | null;
  readonly candidate64: NamedTensors | null;
  readonly perturbed64: readonly NamedTensors[];
  readonly accumulated64: readonly NamedTensors[];
}

/** Reads the variations' outputs of one sample, when they are asked for: never all samples at once. */
export function variationsOf(evidence: Evidence): (sample: string) => VariedOutputs {
  const reader = (variation: Variation): ((sample: string) => NamedTensors | null) => {
    const runs = new Map<string, SampleRun>(variation.observation.samples.map((run) => [run.sample, run]));
    return (sample) => {
      const file = runs.get(sample)?.file;
      return file === undefined ? null : openTensorFile(resolve(variation.dir, file), { verify: false });
    };
  };
  const one = (variation: Variation | null) => (variation === null ? () => null : reader(variation));
  const all = (variations: readonly Variation[]) => {
    const readers = variations.map(reader);
    return (sample: string): NamedTensors[] => readers.flatMap((read) => read(sample) ?? []);
  };
  const readers = {
    perturbed: all(evidence.perturbed),
    reference64: one(evidence.reference64),
    candidate64: one(evidence.candidate64),
    perturbed64: all(evidence.perturbed64),
    accumulated64: all(evidence.accumulated64),
  };
  return (sample) => ({
    perturbed: readers.perturbed(sample),
    reference64: readers.reference64(sample),
    candidate64: readers.candidate64(sample),
    perturbed64: readers.perturbed64(sample),
    accumulated64: readers.accumulated64(sample),
  });
}
