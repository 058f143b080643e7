import type { OpNode } from '../../../../records/graph.ts';
import { elementCount, type Tensor } from '../../../../tensor/tensor.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import type { Difference } from '../difference.ts';
import type { Proven } from './cause.ts';

/** Sums of float32 softmaxes stay this near to one. */
const ROUNDING = 1e-4;

/** The axes, others than the reference's one, over which the candidate's values sum up to one everywhere; all sets of neighbouring axes are tried. */
export function softmaxAxes(
  { tensors }: Extract<Difference, { kind: 'replaced' }>,
  { sides }: Proven,
  main: OpNode,
): readonly number[] | undefined {
  const value = sides.candidate.value(tensors.candidate);
  if (value === undefined) return undefined;
  const rank = value.shape.length;
  const declared = Number(main.attributes.axis ?? -1);
  const own = declared < 0 ? declared + rank : declared;
  const isLog = main.op === 'LogSoftmax';
  for (let first = 0; first < rank; first++) {
    for (let last = first; last < rank; last++) {
      const axes = Array.from({ length: last - first + 1 }, (_, i) => first + i);
      const others = axes.filter((a) => a !== own && value.shape[a] !== 1);
      if (others.length > 0 && sumsToOne(value, first, last, isLog)) return axes;
    }
  }
  return undefined;
}

function sumsToOne(value: Tensor, first: number, last: number, isLog: boolean): boolean {
  const numbers = toFloat64(value);
  const inner = elementCount(value.shape.slice(last + 1));
  const middle = elementCount(value.shape.slice(first, last + 1));
  const sums = new Float64Array(numbers.length / middle);
  for (let i = 0; i < numbers.length; i++) {
    const at = Math.floor(i / (middle * inner)) * inner + (i % inner);
    const x = numbers[i] as number;
    sums[at] = (sums[at] as number) + (isLog ? Math.exp(x) : x);
  }
  return sums.every((s) => Math.abs(s - 1) <= ROUNDING);
}
