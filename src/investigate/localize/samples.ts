import { elementCount, type NamedTensors } from '../../tensor/tensor.ts';
import { summarise } from '../align/summary.ts';
import type { Lab } from '../lab.ts';

/** Elements beyond which a smaller sample is preferred: tapping costs time and disk for each. */
const LARGE = 1 << 20;

/**
 * Samples to look at, best first: failing ones of ordinary values before special ones; those whose inputs hold many different
 * values before zeros and constants, which make every tensor look alike; of those the ones that failed worst.
 */
export function samplesToTry({ facts, inputs }: Pick<Lab, 'facts' | 'inputs'>): string[] {
  const failing = facts.samples.filter((sample) => sample.failed);
  const from = failing.length > 0 ? failing : facts.samples;
  const scored = from.map((sample, i) => ({
    id: sample.id,
    order: i,
    penalty: (sample.group === null ? 0 : 2) + (isRich(inputs(sample.id)) ? 0 : 4) + (sample.elements > LARGE ? 1 : 0),
  }));
  return scored.toSorted((a, b) => a.penalty - b.penalty || a.order - b.order).map(({ id }) => id);
}

function isRich(inputs: NamedTensors): boolean {
  return [...inputs.values()].some((tensor) => {
    const summary = elementCount(tensor.shape) > 1 ? summarise(tensor) : null;
    return summary?.informative === true && summary.unlike === 0;
  });
}
