import type { OpNode } from '../../records/graph.ts';
import { toFloat64 } from '../../tensor/values.ts';
import { benchFor, tryEdits } from '../experiment.ts';
import { distanceOf, explainedShare, wrongness } from '../measure.ts';
import type { Evidence, Hypothesis, Question, View } from '../scene.ts';
import { UNARY } from './functions/unary.ts';
import { EXPLAINS } from './operators/choose.ts';
import { placeOf } from './operators/where.ts';
import { applied } from './weights/apply.ts';
import { type WeightCause, weightCause } from './weights/compare.ts';
import { type BatchNorm, folded, type Linear } from './weights/layer.ts';
import { batchNormOf, type LayerPlace, layerOf } from './weights/layer-of.ts';
import { restored } from './weights/restored.ts';

/**
 * Weights of linear layers at the divergence against the source's, whatever the two formats: rows for rows, with the batch
 * normalisation that was folded in. Where the candidate can be edited it is given the source's; else the layer is computed
 * here with both, and must give what each side gave.
 */
export const sourceWeights: Hypothesis = {
  name: 'source-weights',
  codes: [
    'epsilon-differs',
    'bias-dropped',
    'channel-corrupted',
    'layout-permuted',
    'channel-order',
    'dtype-narrowed',
    'weights-differ',
  ],
  applies: ({ scene, divergence }) => divergence !== null && scene.reference !== null && scene.candidate !== null,
  test: async (question) => {
    for (const pair of pairsOf(question)) {
      const found = (await byEditing(question, pair)) ?? byComputing(question, pair);
      if (found !== undefined) return found;
    }
    return undefined;
  },
};

interface Pair {
  readonly reference: LayerPlace;
  readonly norm: BatchNorm | undefined;
  readonly candidate: LayerPlace;
  /** The reference's layer with what the candidate folded in. */
  readonly whole: Linear;
  readonly cause: WeightCause;
}

/** What a weight may lose by being stored as declared, relative to the rms of its layer. */
const STORED = { float32: 2e-6, float16: 2e-3, bfloat16: 2e-2, int8: 5e-2 } as const;

function pairsOf({ scene, divergence }: Question): Pair[] {
  const { reference, candidate, lab } = scene;
  if (reference === null || candidate === null || divergence === null) return [];
  const left = layersIn(reference, [divergence.reference.node, ...divergence.region.reference]);
  const right = layersIn(candidate, [divergence.candidate?.node ?? '', ...divergence.region.candidate]);
  return right.flatMap((place): Pair[] => {
    const alike = left.filter(
      ({ layer }) => layer.outputs === place.layer.outputs && layer.weight.length === place.layer.weight.length,
    );
    const others = right.filter(
      ({ layer }) => layer.outputs === place.layer.outputs && layer.weight.length === place.layer.weight.length,
    );
    // Of several alike the order of the graph decides, where both sides have as many.
    const own = alike.length === others.length ? alike[others.indexOf(place)] : undefined;
    if (own === undefined) return [];
    const norm = foldedIn(reference, own.node, candidate, place.node);
    const cause = weightCause(own.layer, place.layer, norm, STORED[lab.facts.declared]);
    return cause === null
      ? []
      : [
          {
            reference: own,
            norm,
            candidate: place,
            whole: norm === undefined ? own.layer : folded(own.layer, norm),
            cause,
          },
        ];
  });
}

function layersIn(view: View, ids: readonly string[]): LayerPlace[] {
  const chosen = new Set(ids);
  return view.graph.nodes.filter((node) => chosen.has(node.id)).flatMap((node) => layerOf(view, node) ?? []);
}

/** The batch normalisation right behind the reference's layer, where the candidate has none behind its own. */
function foldedIn(reference: View, layer: OpNode, candidate: View, counterpart: OpNode): BatchNorm | undefined {
  const [norm, ...more] = readersOf(reference, layer);
  if (norm === undefined || more.length > 0) return undefined;
  if (readersOf(candidate, counterpart).some(({ op }) => /batch_?norm/i.test(op))) return undefined;
  return batchNormOf(reference, norm);
}

const readersOf = ({ graph }: View, { outputs }: OpNode): OpNode[] =>
  graph.nodes.filter((node) => node.inputs.includes(outputs[0] ?? ''));

async function byEditing(question: Question, { candidate, whole, cause }: Pair): Promise<Evidence | undefined> {
  const { lab, candidate: view } = question.scene;
  if (view === null || !lab.canEdit(view.specimen)) return undefined;
  const bench = await benchFor(question);
  if (bench === null) return undefined;
  const edits = restored(candidate, whole);
  const outcome = await tryEdits(question, bench, edits, 'with the weights of the reference');
  if (outcome === null || outcome.explained < EXPLAINS) return undefined;
  return { ...told(question, candidate, cause), ...outcome, mend: edits };
}

function byComputing(question: Question, { reference: own, candidate, whole, cause }: Pair): Evidence | undefined {
  const { reference, candidate: view, tolerance } = question.scene;
  const { divergence } = question;
  const input = reference?.values.get(own.node.inputs[0] ?? '');
  const right = reference?.values.get(divergence?.reference.tensor ?? '');
  const got = view?.values.get(divergence?.candidate?.tensor ?? '');
  if (
    input === undefined ||
    right === undefined ||
    got === undefined ||
    right.dtype === 'string' ||
    got.dtype === 'string'
  )
    return undefined;
  if (right.shape.join() !== got.shape.join()) return undefined;
  const [ours, theirs] = [applied(own.node, whole, input)?.values, applied(own.node, candidate.layer, input)?.values];
  const [r, c] = [toFloat64(right), toFloat64(got)];
  if (ours?.length !== r.length || theirs === undefined) return undefined;
  const before = wrongness(distanceOf(r, c));
  // Which activation follows is seen in the reference's own values.
  const { f, error } = UNARY.filter(({ family }) => family !== 'rounding' && family !== 'function')
    .map((f) => ({ f, error: wrongness(distanceOf(r, ours.map(f.at))) }))
    .reduce((a, b) => (b.error < a.error ? b : a));
  if (error > Math.max(tolerance, (1 - EXPLAINS) * before)) return undefined;
  const after = wrongness(distanceOf(c, theirs.map(f.at)));
  const explained = explainedShare(before, after, tolerance);
  return explained < EXPLAINS ? undefined : { ...told(question, candidate, cause), before, after, explained };
}

const told = (question: Question, { node }: LayerPlace, { code, args, words }: WeightCause) => ({
  code,
  where: placeOf(question, node),
  args,
  experiment: `with the weights of the reference: ${words}`,
});
