import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../core/hash.ts';
import type { InputPlan } from '../records/rules.ts';
import type { Sample } from '../records/sample.ts';
import type { PerturbStep } from '../records/variant.ts';
import { readSafetensors, serializeSafetensors } from '../tensor/safetensors.ts';
import { perturbInput } from './perturb-input.ts';

export interface PerturbSamples {
  /** Folder of the samples' files. */
  readonly sampleDir: string;
  readonly samples: readonly Sample[];
  /** What is known of the inputs; one without a plan counts as plain data. */
  readonly inputs: readonly InputPlan[];
  readonly step: PerturbStep;
  readonly seed: number;
  /** Folder for the copies; made where it is missing. */
  readonly outDir: string;
  /** What an ulp of step `float32` is for float64 inputs; `float64` for models that work in double. */
  readonly grid?: 'float32' | 'float64';
}

/**
 * Writes copies of samples whose float inputs are moved by one step at random (`perturbInput`). They keep ids and file
 * names, so that their outputs can be matched with those of the originals; digests are their own. The move of a tensor
 * follows from seed, sample id and input name alone. Errors are those of reading safetensors files.
 */
export function perturbSamples({ sampleDir, samples, inputs, outDir, ...how }: PerturbSamples): Sample[] {
  mkdirSync(outDir, { recursive: true });
  const plans = new Map(inputs.map((input) => [input.name, input]));
  return samples.map((sample) => {
    const tensors = new Map(
      [...readSafetensors(join(sampleDir, sample.file))].map(([name, tensor]) => [
        name,
        perturbInput(tensor, plans.get(name), { ...how, key: [sample.id, name] }),
      ]),
    );
    const bytes = serializeSafetensors(tensors);
    writeFileSync(join(outDir, sample.file), bytes);
    return { ...sample, digest: sha256(bytes) };
  });
}
