import { resolve } from 'node:path';
import type { Observation } from '../../records/observation.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { openTensorFile } from '../../tensor/stored.ts';
import { type Agrees, type Distance, distanceOf, isIdentical, orOneStep, quantisedOutputs } from './agreement.ts';

/** An observation and the folder that its files are relative to. */
export interface Observed {
  readonly observation: Observation;
  readonly dir: string;
}

/** An output that a runtime's optimiser moves beyond rounding. */
export interface Moved extends Distance {
  readonly sample: string;
  readonly output: string;
}

/** What one runtime's optimiser does to a model's answers. */
export interface OptimiserEffect {
  /** Samples that ran both ways. */
  readonly samples: readonly string[];
  /** Every output of every one of them came back bit for bit. */
  readonly identical: boolean;
  /** The output that it moves farthest for its scale, beyond rounding; null: none. */
  readonly worst: Moved | null;
}

/** Compares a model as deployed with itself unoptimised, sample by sample, one in memory at a time. */
export function optimiserEffect(deployed: Observed, unoptimised: Observed, rule: Agrees): OptimiserEffect {
  const agrees = orOneStep(rule, quantisedOutputs(deployed.observation.contract));
  const samples: string[] = [];
  let identical = true;
  let worst: Moved | null = null;
  for (const { sample, file } of deployed.observation.samples) {
    const other = fileOf(unoptimised, sample);
    if (file === undefined || other === null) continue;
    samples.push(sample);
    const one = openTensorFile(resolve(deployed.dir, file), { verify: false });
    const two = openTensorFile(other, { verify: false });
    const differing = [...one].flatMap(([output, first]) => {
      const second = two.get(output);
      return second === undefined || isIdentical(first, second) ? [] : [{ output, first, second }];
    });
    identical &&= differing.length === 0;
    const moved = differing.filter(({ output, first, second }) => !agrees(output, sample, first, second));
    // A label that flips where all scores stayed is a tie, not another answer.
    const hasScores = [...one.values()].some(({ dtype }) => isFloat(dtype));
    if (hasScores && moved.every(({ first }) => !isFloat(first.dtype))) continue;
    for (const { output, first, second } of moved) {
      const found = { sample, output, ...distanceOf(first, second) };
      if (worst === null || shareOf(found) > shareOf(worst)) worst = found;
    }
  }
  return { samples, identical, worst };
}

/** Absolute path of a sample's outputs; null where it did not run. */
export function fileOf({ observation, dir }: Observed, sample: string): string | null {
  const file = observation.samples.find((run) => run.sample === sample)?.file;
  return file === undefined ? null : resolve(dir, file);
}

/** Error for the scale; an output without a number (another shape, strings) is the worst. */
const shareOf = ({ maxAbs, scale }: Moved): number =>
  maxAbs === null ? Number.POSITIVE_INFINITY : maxAbs / Math.max(scale ?? 0, 2 ** -126);
