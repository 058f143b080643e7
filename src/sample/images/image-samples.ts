import type { ImageSet } from '../../records/images.ts';
import type { InputPlan, SamplePlan } from '../../records/rules.ts';
import { BYTES_PER_ELEMENT } from '../../tensor/dtype.ts';
import { range, takeRows } from '../../tensor/rows.ts';
import { readSafetensors } from '../../tensor/safetensors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Axes, type Sizes, shapeAt } from '../axes.ts';
import { fillInput } from '../fill-input.ts';
import { normal } from '../generators/normal.ts';
import { type Candidate, domainAt } from '../portfolio.ts';

/** Pictures in one sample where the batch is dynamic: few enough to name the one that differs, more than one to be quick. */
const PER_SAMPLE = 8;
/** … and no more than this, so that a batch of large pictures does not need gigabytes inside the model. */
const MAX_BYTES = 2 ** 24;

/**
 * Pictures as samples: as many a sample as its batch holds, in the order of their names, and then, of the first set, the
 * swept batch sizes. Other inputs of the model are drawn at random.
 */
export const imageSamples = (plan: SamplePlan, axes: Axes): Candidate[] =>
  plan.images.flatMap((set, i) => samplesOf(set, i === 0, plan, axes));

function samplesOf(set: ImageSet, isFirst: boolean, plan: SamplePlan, axes: Axes): Candidate[] {
  const input = plan.inputs.find(({ name }) => name === set.input) as InputPlan;
  let read: Tensor | undefined;
  const pictures = (): Tensor => {
    read ??= readSafetensors(set.path).get(set.input) as Tensor;
    return read;
  };
  const hasBatch = input.shape.length === set.shape.length + 1;
  const keys = axes.keysOf(input);
  const batch = hasBatch ? axes.all.find(({ key }) => key === keys[0]) : undefined;
  const count = set.names.length;
  const candidate = (id: string, rows: readonly number[]): Candidate => ({
    id,
    generator: 'image',
    make: () => {
      const taken = takeRows(pictures(), 0, rows);
      const tensor = hasBatch ? taken : { ...taken, shape: [...set.shape] };
      return withOthers(input, tensor, plan, axes);
    },
  });
  const label = `image:${set.label}`;
  const bytes = set.shape.reduce((n, d) => n * d, 1) * BYTES_PER_ELEMENT[input.dtype];
  const fixed = !hasBatch ? 1 : batch === undefined ? (input.shape[0] as number) : null;
  const size = fixed ?? Math.max(1, Math.min(PER_SAMPLE, Math.floor(MAX_BYTES / bytes)));
  const chunks = range(0, Math.ceil(count / size)).map((i) => {
    const rows =
      fixed === null
        ? range(i * size, Math.min((i + 1) * size, count))
        : // The last one is filled up from the first pictures.
          range(i * size, (i + 1) * size).map((row) => row % count);
    const [only] = rows;
    return candidate(rows.length === 1 ? `${label}/${set.names[only as number]}` : `${label}#${i}`, rows);
  });
  const sweep = isFirst && batch !== undefined ? [batch.base, ...batch.sweep].sort((a, b) => a - b) : [];
  return [
    ...chunks,
    ...sweep.map((n) =>
      candidate(
        `${label}[${batch?.label}=${n}]`,
        range(0, n).map((row) => row % count),
      ),
    ),
  ];
}

/** All inputs of one sample: the pictures, and the others at sizes that suit them. */
function withOthers(input: InputPlan, tensor: Tensor, plan: SamplePlan, axes: Axes): Map<string, Tensor> {
  const own = new Map(axes.keysOf(input).flatMap((key, axis) => (key === null ? [] : [[key, tensor.shape[axis]]])));
  const rows = tensor.shape[0] as number;
  const sizes: Sizes = new Map(
    axes.all.map((axis) => [
      axis.key,
      own.get(axis.key) ?? (axis.isBatch && tensor.shape.length === input.shape.length ? rows : axis.base),
    ]),
  );
  return new Map(
    plan.inputs.map((each) => [
      each.name,
      each === input
        ? tensor
        : fillInput(normal, each, shapeAt(each, axes, sizes), domainAt(each, plan.inputs, axes, sizes), plan.seed)
            .tensor,
    ]),
  );
}
