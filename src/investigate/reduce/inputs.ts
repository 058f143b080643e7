import { random } from '../../core/random.ts';
import type { Bundle } from '../../records/bundle.ts';
import { tensorFrom } from '../../tensor/build.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { range, takeRows } from '../../tensor/rows.ts';
import { elementCount, type NamedTensors, type Tensor } from '../../tensor/tensor.ts';
import { toFloat64 } from '../../tensor/values.ts';

/**
 * Smaller inputs to try: axes of one size are shortened together (they commonly are one quantity: the batch, a length), and
 * the first axis also to each of its halves, since the failure may sit in one row.
 */
export function shorter(feeds: NamedTensors): NamedTensors[] {
  const sizes = new Set([...feeds.values()].flatMap(({ shape }) => shape).filter((size) => size > 1));
  const tried: NamedTensors[] = [];
  for (const size of [...sizes].sort((a, b) => b - a)) {
    const half = Math.ceil(size / 2);
    const choices: (readonly number[])[] = [[0], range(0, half)];
    if (size > 2) choices.push(range(half, size));
    for (const rows of choices) {
      // All axes of that size, then only where it is a first axis: a square matrix need not be one.
      tried.push(taken(feeds, rows, size, () => true));
      tried.push(taken(feeds, rows, size, (axis) => axis === 0));
    }
  }
  return tried.filter((each) => elements(each) < elements(feeds));
}

const elements = (feeds: NamedTensors): number =>
  [...feeds.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);

function taken(
  feeds: NamedTensors,
  rows: readonly number[],
  size: number,
  counts: (axis: number) => boolean,
): NamedTensors {
  return new Map(
    [...feeds].map(([name, tensor]): [string, Tensor] => [
      name,
      tensor.shape.reduce<Tensor>(
        (now, length, axis) => (length === size && counts(axis) ? takeRows(now, axis, rows) : now),
        tensor,
      ),
    ]),
  );
}

/** A failure of few values shows with some numbers only: negative ones, say. */
const DRAWS = 4;
/** Digits that are kept of recorded values. */
const DIGITS = 3;

/** Values to try in place of recorded ones, those that tell least of the user's data first. */
export function otherValues(feeds: NamedTensors): { readonly values: Bundle['inputValues']; feeds: NamedTensors }[] {
  const changed = (change: (name: string, tensor: Tensor) => Tensor): NamedTensors =>
    new Map([...feeds].map(([name, tensor]): [string, Tensor] => [name, change(name, tensor)]));
  return [
    ...Array.from({ length: DRAWS }, (_, i) => ({
      values: 'random' as const,
      feeds: changed((name, tensor) => drawn(tensor, name, i)),
    })),
    { values: 'rounded', feeds: changed((_, tensor) => rounded(tensor)) },
  ];
}

/** Normal numbers of the same mean and deviation; integers and booleans uniform between the smallest and the largest. */
function drawn(tensor: Tensor, name: string, draw: number): Tensor {
  const { dtype, shape } = tensor;
  const count = elementCount(shape);
  if (dtype === 'string' || count === 0) return tensor;
  const source = random('reduce-inputs', name, draw);
  const finite = toFloat64(tensor).filter(Number.isFinite);
  if (!isFloat(dtype)) {
    const [low, high] = [Math.min(...finite), Math.max(...finite)];
    return tensorFrom(
      dtype,
      shape,
      Float64Array.from({ length: count }, () => source.integer(low, high)),
    );
  }
  const mean = finite.reduce((sum, x) => sum + x, 0) / Math.max(1, finite.length);
  const deviation = Math.sqrt(finite.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, finite.length));
  const normal = new Float64Array(count + (count % 2));
  source.fillNormal(normal);
  return tensorFrom(
    dtype,
    shape,
    normal.subarray(0, count).map((x) => Number((mean + deviation * x).toPrecision(DIGITS))),
  );
}

function rounded(tensor: Tensor): Tensor {
  const { dtype, shape } = tensor;
  if (dtype === 'string' || !isFloat(dtype)) return tensor;
  return tensorFrom(
    dtype,
    shape,
    toFloat64(tensor).map((x) => (Number.isFinite(x) ? Number(x.toPrecision(DIGITS)) : x)),
  );
}
