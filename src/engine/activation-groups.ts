import { ActivationWatch } from '../compare/activation-watch.ts';
import type { Activation } from '../formats/onnx/activations.ts';
import type { Sample, TensorInfo } from '../records/sample.ts';
import { BYTES_PER_ELEMENT } from '../tensor/dtype.ts';
import { elementCount, type NamedTensors } from '../tensor/tensor.ts';

/** What the tapped tensors of one sample may take, in bytes: a model process holds them beside its own. */
const MOST_BYTES = 256 * 1024 ** 2;

/** Called with what a sample gave, read only where it is wanted; false: no further sample. */
export type OnSample = (sample: Sample, outputs: readonly TensorInfo[], read: () => NamedTensors) => boolean;

/** Runs samples with some tensors given out; false when `onSample` ended it. Samples that fail tell nothing. */
export type RunTapped = (
  group: readonly Activation[],
  samples: readonly Sample[],
  onSample: OnSample,
) => Promise<boolean>;

const elementsOf = ({ inputs }: Sample): number => inputs.reduce((n, { shape }) => n + elementCount(shape), 0);

const bytesOf = ({ dtype, shape }: TensorInfo): number => elementCount(shape) * BYTES_PER_ELEMENT[dtype];

/**
 * Follows a group of activations through the samples, the smallest first. What that one took, times how much larger the
 * largest sample is, tells what the group will take; one that would take too much is halved, a lone tensor left out.
 */
export async function watchGroup(
  run: RunTapped,
  group: readonly Activation[],
  samples: readonly Sample[],
  watches: Map<string, ActivationWatch>,
  mostBytes: number = MOST_BYTES,
): Promise<void> {
  const bySize = samples.toSorted((a, b) => elementsOf(a) - elementsOf(b));
  const largest = Math.max(0, ...bySize.map(elementsOf));
  const mine = new Map(group.map((activation) => [activation.tensor, new ActivationWatch(activation)]));
  let isFirst = true;
  const fits = await run(group, bySize, (sample, outputs, read) => {
    if (isFirst) {
      isFirst = false;
      const growth = Math.max(1, largest / Math.max(elementsOf(sample), 1));
      const bytes = outputs.filter(({ name }) => mine.has(name)).reduce((n, info) => n + bytesOf(info), 0);
      if (bytes * growth > mostBytes) return false;
    }
    for (const [name, tensor] of read()) if (tensor.dtype !== 'string') mine.get(name)?.add(tensor);
    return true;
  });
  if (fits) {
    for (const [name, watch] of mine) if (watch.result().samples > 0) watches.set(name, watch);
  } else if (group.length > 1) {
    const half = Math.ceil(group.length / 2);
    await watchGroup(run, group.slice(0, half), samples, watches, mostBytes);
    await watchGroup(run, group.slice(half), samples, watches, mostBytes);
  }
}
