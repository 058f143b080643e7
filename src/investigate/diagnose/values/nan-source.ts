import type { OpNode } from '../../../records/graph.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { distance, wrongness } from '../../measure.ts';
import type { Evidence, Hypothesis, Question, View } from '../../scene.ts';
import { placeOf } from '../operators/where.ts';
import { type Place, placesOf } from './places.ts';

/** float16's largest number (IEEE 754 binary16). */
export const LARGEST_FLOAT16 = 65504;

/**
 * The candidate has NaN or infinity where the reference has numbers (or the reverse). Where its values are known, the first
 * node that makes one from finite operands is named, with what its operands were; else the output.
 */
export const nanSource: Hypothesis = {
  name: 'nan-source',
  codes: ['nan-source', 'float16-range'],
  applies: () => true,
  test(question) {
    const place = placesOf(question).find((p) => strange(p) > 0);
    if (place === undefined) return Promise.resolve(undefined);
    // All else agrees: what is strange is the whole error. Else something more is wrong, and what it is explains this.
    const rest = restOf(place);
    if (rest > Math.max(place.tolerance, 0.1)) return Promise.resolve(undefined);
    const made = question.scene.candidate === null ? undefined : firstMaker(question, question.scene.candidate);
    return Promise.resolve(evidence(place, made, rest));
  },
};

function evidence(place: Place, made: Maker | undefined, rest: number): Evidence {
  const { where, before, tolerance } = place;
  const overflow = made?.largest !== undefined && made.largest > LARGEST_FLOAT16 && made.half;
  return {
    code: overflow ? 'float16-range' : 'nan-source',
    where: made?.where ?? where,
    args: overflow
      ? { largest: Number(made.largest?.toPrecision(4)) }
      : { value: oddValue(place), because: made?.because ?? null },
    experiment: `with the places of NaN and infinity left out${made?.because == null ? '' : ` (${made.because})`}`,
    before,
    after: rest,
    explained: rest <= tolerance ? 1 : Math.max(0, 1 - rest / Math.max(before, 1)),
  };
}

/** Positions where just one side is finite, or both are not and otherwise. */
function strange({ reference, candidate }: Place): number {
  return distance(reference, candidate)?.unlike ?? 0;
}

function restOf({ reference, candidate }: Place): number {
  const apart = distance(reference, candidate);
  return apart === null ? Number.POSITIVE_INFINITY : wrongness({ ...apart, unlike: 0 });
}

function oddValue({ reference, candidate }: Place): string {
  const [a, b] = [toFloat64(reference), toFloat64(candidate)];
  const at = b.findIndex((x, i) => !Number.isFinite(x) && !Object.is(x, a[i]));
  return at < 0 ? 'a number for NaN' : String(b[at]);
}

interface Maker {
  readonly where: string;
  readonly because: string | null;
  /** Largest size of what the reference has in its place. */
  readonly largest: number | undefined;
  readonly half: boolean;
}

/** The first node in graph order whose operands are finite and whose output is not. */
function firstMaker(question: Question, { graph, values }: View): Maker | undefined {
  for (const node of graph.nodes) {
    const out = values.get(node.outputs[0] ?? '');
    if (out === undefined || out.dtype === 'string' || allFinite(out)) continue;
    const operands = node.inputs.map((name) => values.get(name));
    if (operands.some((t) => t !== undefined && t.dtype !== 'string' && !allFinite(t))) continue;
    const twin = question.scene.alignment?.ofCandidate(node.outputs[0] ?? '')[0];
    const right = twin === undefined ? undefined : question.scene.reference?.values.get(twin.reference);
    return {
      where: placeOf(question, node),
      because: reasonOf(node, operands),
      largest: largestOf(right ?? question.scene.reference?.values.get(question.divergence?.reference.tensor ?? '')),
      half: out.dtype === 'float16' || graph.tensors[node.outputs[0] ?? '']?.dtype === 'float16',
    };
  }
  return undefined;
}

const allFinite = (tensor: Tensor): boolean => toFloat64(tensor).every(Number.isFinite);

const largestOf = (tensor: Tensor | undefined): number | undefined =>
  tensor === undefined || tensor.dtype === 'string'
    ? undefined
    : toFloat64(tensor).reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);

/** Why finite operands give what is not: domains of operators, in the words of any framework. */
function reasonOf({ op }: OpNode, operands: readonly (Tensor | undefined)[]): string | null {
  const [first, second] = operands.map((t) => (t === undefined || t.dtype === 'string' ? null : toFloat64(t)));
  const name = op.toLowerCase();
  if (/div|reciprocal/.test(name)) {
    const below = /div/.test(name) ? second : first;
    if (below?.some((x) => x === 0)) return 'a division by zero';
  }
  if (/log/.test(name) && !/softmax|logic|logit/.test(name) && first?.some((x) => x <= 0))
    return first.some((x) => x < 0) ? 'the logarithm of a negative number' : 'the logarithm of zero';
  if (/sqrt|pow/.test(name) && first?.some((x) => x < 0)) return 'a root of a negative number';
  if (/sqrt/.test(name) && first?.some((x) => x === 0)) return 'one over the root of zero';
  return /exp|pow|mul|sum|add|matmul|gemm|conv|square|norm|mean/.test(name) ? 'an overflow' : null;
}
