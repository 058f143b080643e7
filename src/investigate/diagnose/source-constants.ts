import type { DiagnosisCode } from '../../core/diagnosis-catalogue.ts';
import type { ModelEdit } from '../../records/edit.ts';
import type { OpNode } from '../../records/graph.ts';
import { tensorFrom } from '../../tensor/build.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { toFloat64 } from '../../tensor/values.ts';
import { benchFor, tryEdits } from '../experiment.ts';
import type { Evidence, Hypothesis, Question, View } from '../scene.ts';
import { EXPLAINS } from './operators/choose.ts';
import { placeOf } from './operators/where.ts';
import { weightCause } from './weights/compare.ts';
import { held, layerOf } from './weights/layer-of.ts';

/** Scalars are parameters, not weights. */
const ENOUGH = 2;
const SAME = 2e-6;

/**
 * Other numbers that the model holds at the divergence (gains, shifts, slopes, tables, statistics) against the source's of the
 * same count: given to the candidate one at a time, then together.
 */
export const sourceConstants: Hypothesis = {
  name: 'source-constants',
  codes: ['bias-dropped', 'channel-corrupted', 'channel-order', 'layout-permuted', 'dtype-narrowed', 'weights-differ'],
  applies: ({ scene: { reference, candidate, lab }, divergence }) =>
    divergence !== null && reference !== null && candidate !== null && lab.canEdit(candidate.specimen),
  test: async (question) => {
    const differing = pairsOf(question);
    if (differing.length === 0) return undefined;
    const bench = await benchFor(question);
    if (bench === null) return undefined;
    const evidence = (
      pairs: readonly Pair[],
      outcome: Pick<Evidence, 'before' | 'after' | 'explained'>,
    ): Evidence | undefined => {
      const [first] = pairs;
      if (first === undefined || outcome.explained < EXPLAINS) return undefined;
      const codes = new Set(pairs.map(({ code }) => code));
      return {
        code: codes.size === 1 ? first.code : 'weights-differ',
        where: placeOf(question, first.node),
        args: first.args,
        experiment: `with the reference’s ${pairs.map(({ own }) => own.name).join(', ')}`,
        ...outcome,
        mend: pairs.map(({ edit }) => edit),
      };
    };
    for (const pair of differing) {
      const outcome = await tryEdits(question, bench, [pair.edit], `with the reference’s ${pair.own.name}`);
      const found = outcome === null ? undefined : evidence([pair], outcome);
      if (found !== undefined) return found;
    }
    if (differing.length < 2) return undefined;
    const all = await tryEdits(
      question,
      bench,
      differing.map(({ edit }) => edit),
      'with all constants of the reference',
    );
    return all === null ? undefined : evidence(differing, all);
  },
};

interface Held {
  readonly node: OpNode;
  readonly index: number;
  readonly name: string;
  readonly value: Tensor;
}

interface Pair extends Held {
  readonly own: Held;
  readonly code: DiagnosisCode;
  readonly args: Readonly<Record<string, unknown>>;
  readonly edit: ModelEdit;
}

function pairsOf({ scene: { reference, candidate }, divergence }: Question): Pair[] {
  if (reference === null || candidate === null || divergence === null) return [];
  const left = heldIn(reference, [divergence.reference.node, ...divergence.region.reference]);
  const right = heldIn(candidate, [divergence.candidate?.node ?? '', ...divergence.region.candidate]);
  return right.flatMap((mine): Pair[] => {
    const alike = (list: readonly Held[]) =>
      list.filter(({ value }) => elementCount(value.shape) === elementCount(mine.value.shape));
    const [ours, theirs] = [alike(left), alike(right)];
    // As many on both sides: operators of the same kind keep their operands in the same order (gain, shift, mean, variance).
    const own = ours.length === theirs.length ? ours[theirs.indexOf(mine)] : undefined;
    if (own === undefined || mine.value.dtype === 'string') return [];
    const difference = differenceOf(own.value, mine.value, isShift(mine));
    if (difference === null) return [];
    const value = tensorFrom(mine.value.dtype, mine.value.shape, toFloat64(own.value));
    return [{ ...mine, own, ...difference, edit: { edit: 'operand', node: mine.node.id, index: mine.index, value } }];
  });
}

/** Constants of floats that nodes read, less those of linear layers, which are compared as rows. */
function heldIn(view: View, ids: readonly string[]): Held[] {
  const chosen = new Set(ids);
  return view.graph.nodes
    .filter((node) => chosen.has(node.id) && layerOf(view, node) === undefined)
    .flatMap((node) =>
      node.inputs.flatMap((name, index): Held[] => {
        const value = held(view, name);
        return value === undefined || !value.dtype.includes('float') || elementCount(value.shape) < ENOUGH
          ? []
          : [{ node, index, name, value }];
      }),
    );
}

/** The additive operand of an addition or a normalisation. */
const isShift = ({ node, index }: Held): boolean =>
  /^(Add|ADD|aten\.add)/.test(node.op) || (/norm/i.test(node.op) && index === 2);

function differenceOf(own: Tensor, mine: Tensor, shift: boolean): Pick<Pair, 'code' | 'args'> | null {
  const [a, b] = [toFloat64(own), toFloat64(mine)];
  const rows = own.shape.length > 1 ? (own.shape[0] as number) : a.length;
  const inner = [a.length / rows];
  const layer = (weight: Float64Array) => ({ outputs: rows, inner, weight, bias: null });
  const cause = weightCause(layer(a), layer(b), undefined, SAME);
  if (cause === null) return null;
  if (shift && b.every((v) => v === 0)) return { code: 'bias-dropped', args: {} };
  return cause;
}
