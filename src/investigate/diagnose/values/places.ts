import { elementCount, type NamedTensors, type Tensor } from '../../../tensor/tensor.ts';
import { transpose } from '../../../tensor/transpose.ts';
import type { How } from '../../lab.ts';
import { AS_DEPLOYED } from '../../localize/tolerance.ts';
import { distance, wrongness } from '../../measure.ts';
import type { Question } from '../../scene.ts';
import { placeOf } from '../operators/where.ts';

/** One quantity on one sample: what the reference has there and what the candidate has. */
export interface Pair {
  readonly reference: Tensor;
  readonly candidate: Tensor;
}

/** Where values of both sides can be held against each other: the tensor that parts, or an output that failed. */
export interface Place extends Pair {
  /** In words: `output logits`, `Conv conv1 (layer features.0, model.py:31)`. */
  readonly where: string;
  readonly kind: 'tensor' | 'output';
  /** Operator of the reference that makes it, in its framework's words; null: an output that nothing was localised for. */
  readonly op: string | null;
  /** Wrongness; infinite where shapes or types keep the two from being compared. */
  readonly before: number;
  /** Wrongness that is rounding here. */
  readonly tolerance: number;
  /** The same quantity on up to two other samples. Runs models only for tensors, or where answers were not kept. */
  others(): Promise<readonly Pair[]>;
}

/** Share of an output's error that is taken for rounding at most. */
const FINER = 50;
/** How many other samples confirm what one suggests. */
const OTHERS = 2;

/**
 * Places of a question: the tensor of its divergence where both sides have a value of it, else the outputs that failed.
 * Outputs alone while a divergence lies before them would explain what the divergence already told.
 */
export function placesOf(question: Question): readonly Place[] {
  const tensor = atDivergence(question);
  return tensor === null ? (question.divergence === null ? outputPlaces(question) : []) : [tensor];
}

function atDivergence(question: Question): Place | null {
  const { scene, divergence } = question;
  const { reference, candidate } = scene;
  if (divergence?.candidate == null || reference === null || candidate === null) return null;
  const [mine, theirs] = [divergence.reference.tensor, divergence.candidate.tensor];
  const pair = paired(reference.values.get(mine), candidate.values.get(theirs));
  if (pair === null) return null;
  const axes = usualOrder(question, pair);
  const laid = (p: Pair): Pair => (axes === null ? p : { ...p, candidate: transpose(p.candidate, axes) });
  const others = async (): Promise<Pair[]> => {
    const found: Pair[] = [];
    for (const sample of otherSamples(question)) {
      const how: How = { ...scene.how, sample };
      const [a, b] = [
        await scene.lab.tap(reference.specimen, [mine], how),
        await scene.lab.tap(candidate.specimen, [theirs], how),
      ];
      if (!a.ok || !b.ok) continue;
      const other = paired(a.taps.get(mine) ?? a.outputs.get(mine), b.taps.get(theirs) ?? b.outputs.get(theirs));
      if (other !== null) found.push(laid(other));
    }
    return found;
  };
  const { opType: op, node: id, module, source } = divergence.reference;
  const where = placeOf(question, { op, id, module, source });
  return { ...laid(pair), where, kind: 'tensor', op, before: apart(laid(pair)), tolerance: scene.tolerance, others };
}

/** Outputs that failed (all, where none is said to have), with what both sides gave there. */
export function outputPlaces(question: Question): readonly Place[] {
  const { scene } = question;
  const { lab, sample } = scene;
  const { outputs } = lab.facts;
  const failed = outputs.filter((o) => o.failed);
  const here = answers(question, sample);
  return (failed.length > 0 ? failed : outputs).flatMap((output): Place[] => {
    const pair = paired(here.reference?.get(output.reference), here.candidate?.get(output.candidate));
    if (pair === null) return [];
    const others = (): Promise<Pair[]> =>
      Promise.resolve(
        otherSamples(question).flatMap((id) => {
          const there = answers(question, id);
          return paired(there.reference?.get(output.reference), there.candidate?.get(output.candidate)) ?? [];
        }),
      );
    const before = apart(pair);
    // Outputs are as deployed, whatever the scene's precision; a small error is looked at with a finer comb.
    const tolerance = Math.max(scene.tolerance, Math.min(AS_DEPLOYED[lab.facts.declared], before / FINER));
    return [{ ...pair, where: `output ${output.reference}`, kind: 'output', op: null, before, tolerance, others }];
  });
}

interface Answers {
  readonly reference: NamedTensors | null;
  readonly candidate: NamedTensors | null;
}

/** Both sides' outputs as they were judged. */
const answers = ({ scene: { lab } }: Question, sample: string): Answers => lab.observed(sample);

/** Samples beside the scene's, those that failed first, special values last: they follow rules of their own. */
export function otherSamples({ scene: { lab, sample } }: Question): string[] {
  const others = lab.facts.samples.filter(({ id, elements }) => id !== sample && elements > 0);
  return [...others.filter((s) => s.group === null), ...others.filter((s) => s.group !== null)]
    .slice(0, OTHERS)
    .map(({ id }) => id);
}

function paired(reference: Tensor | undefined, candidate: Tensor | undefined): Pair | null {
  if (reference === undefined || candidate === undefined) return null;
  if (reference.dtype === 'string' || candidate.dtype === 'string') return null;
  return elementCount(reference.shape) === 0 ? null : { reference, candidate };
}

const apart = ({ reference, candidate }: Pair): number => wrongness(distance(reference, candidate));

/**
 * The order of axes in which the candidate's values are held against the reference's: that of the tensors before it, where
 * the two formats lay pictures out differently (channels last). Null: as they are.
 */
function usualOrder({ scene, divergence }: Question, { reference, candidate }: Pair): readonly number[] | null {
  const { shape } = candidate;
  const nodes = new Set(divergence?.region.candidate);
  for (const node of scene.candidate?.graph.nodes ?? []) {
    if (!nodes.has(node.id)) continue;
    for (const input of node.inputs) {
      const permutation = scene.alignment?.ofCandidate(input)[0]?.permutation;
      if (permutation?.length !== shape.length || shape.length !== reference.shape.length) continue;
      // Axis i of the candidate's is axis permutation[i] of the reference's.
      const back = permutation.map((_, axis) => permutation.indexOf(axis));
      if (back.every((axis, i) => shape[axis] === reference.shape[i])) return back;
    }
  }
  return null;
}
