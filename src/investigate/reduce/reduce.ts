import type { ModelEdit } from '../../records/edit.ts';
import type { Divergence } from '../../records/investigation.ts';
import type { Dtype } from '../../tensor/dtype.ts';
import type { NamedTensors } from '../../tensor/tensor.ts';
import { BudgetSpent, type CaseFacts, type Lab } from '../lab.ts';
import { minimal } from '../minimal.ts';
import type { Notebook } from '../notebook.ts';
import type { Scene } from '../scene.ts';
import { writeBundle } from './bundle.ts';
import { withoutIdleNodes } from './bypass.ts';
import { isSame, type PieceFailure } from './failure.ts';
import { otherValues, shorter } from './inputs.ts';
import { Cutter, type Piece } from './piece.ts';
import type { Reduced } from './reduced.ts';
import { again, type Truth, truthFor } from './truth.ts';
import { withRandomWeights } from './weights.ts';

/** Errors up to this, relative to rms, are what rounding in the declared precision makes of one layer and some. */
const AGREES: Readonly<Record<CaseFacts['declared'], number>> = {
  float32: 1e-4,
  float16: 1e-2,
  bfloat16: 6e-2,
  int8: 1e-1,
};

/**
 * Makes the smallest model and input that still fail as the candidate does, and keeps them as a bundle. From the part around
 * the divergence, or the whole model where that part alone does not fail: fewer nodes (what comes in from outside is fed with
 * the reference's recorded values), one output, shorter axes, values and weights that are nobody's. A budget that ends
 * in between leaves what is reached.
 */
export async function reduce(lab: Lab, scene: Scene, divergence: Divergence | null, notebook: Notebook): Promise<void> {
  const { candidate } = lab;
  if (candidate === null || !lab.canEdit(candidate))
    return notebook.note(
      `no failure is reduced: ${candidate === null ? 'there is no candidate' : `models of format ${candidate.format} are not cut`}`,
    );
  const graph = scene.candidate?.graph ?? (await graphOf(lab, notebook));
  if (graph === null) return;
  lab.say('reducing the failure');
  const cutter = new Cutter({ scene, divergence }, graph);
  const start = await startOf(cutter, divergence);
  if (start === null)
    return notebook.note('no failure is reduced: neither the part around it nor the model cut out fails alone');
  const { piece, ids, failure } = start;
  const best = { now: reducedOf(lab, piece, failure, graph.nodes.length) };
  try {
    const proven = notebook.causes.filter(({ explained }) => explained >= PROVEN);
    const mends = proven.flatMap(({ mend }) => (mend === undefined ? [] : [mend]));
    await shrink(lab, cutter, { ids, failure, best, mends });
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    notebook.note('the time was spent before the failure was reduced as far as it goes');
    keep(lab, best.now, notebook);
    throw error;
  }
  keep(lab, best.now, notebook);
}

async function graphOf(lab: Lab, notebook: Notebook) {
  const graph = lab.candidate === null ? null : await lab.graph(lab.candidate);
  if (graph?.ok === true) return graph.value;
  notebook.note(`no failure is reduced: ${graph?.reason ?? 'there is no graph'}`);
  return null;
}

interface Start {
  readonly piece: Piece;
  readonly ids: readonly string[];
  readonly failure: PieceFailure;
}

/** The part around the divergence, else all of the model: whichever fails when it is cut out. */
async function startOf(cutter: Cutter, divergence: Divergence | null): Promise<Start | null> {
  const { lab, tolerance } = cutter.question.scene;
  const all = cutter.graph.nodes.map(({ id }) => id);
  const region = divergence?.region.candidate ?? [];
  const target = divergence?.candidate?.tensor;
  for (const [ids, only] of [
    [region, target],
    [region, undefined],
    [all, undefined],
  ] as const) {
    if (ids.length === 0) continue;
    const piece = await cutter.piece(ids, only);
    const failure = piece?.failure;
    if (piece == null || failure == null || failure.error <= tolerance) continue;
    // A part that was cut badly fails by itself, and not as the model does.
    if (failure.kind === 'code' && lab.facts.failure?.code !== failure.code && ids !== all) continue;
    return { piece, ids, failure };
  }
  return null;
}

/** Less than this share of the error explained is no proof. */
const PROVEN = 0.9;

interface Going extends Pick<Start, 'ids' | 'failure'> {
  readonly best: { now: Reduced };
  /** Edits that proved a cause, each alone. */
  readonly mends: readonly (readonly ModelEdit[])[];
}

async function shrink(lab: Lab, cutter: Cutter, { ids, failure, best, mends }: Going): Promise<void> {
  const keepIf = (piece: Piece | null, more: Partial<Reduced> = {}): boolean => {
    if (piece === null || !isSame(failure, piece.failure)) return false;
    best.now = { ...best.now, ...more, piece };
    return true;
  };
  const fewer = (from: readonly string[]) =>
    minimal(from, async (some) => (keepIf(await cutter.piece(some)) ? 1 : 0), 1);
  let nodes = await fewer(ids);
  const known = failure.kind === 'code' ? await cutter.learn(nodes) : null;
  if (known !== null) {
    nodes = await fewer(known);
    keepIf(await cutter.piece(nodes));
  }
  const worst = best.now.piece.failure?.output;
  if (worst !== null && worst !== undefined && best.now.piece.expected.size > 1)
    keepIf(await cutter.piece(nodes, worst));
  best.now = { ...best.now, piece: await cutter.withReference(best.now.piece) };
  const truth = await truthFor(lab, best.now.piece, dtypesOf(cutter), mends);
  if (truth === null && failure.kind !== 'code') {
    best.now = { ...best.now, weights: (await withRandomWeights(lab, best.now.piece, null)).weights };
    return;
  }
  // From here on the judge is the truth, which must show the failure, too.
  const judged = await again(lab, best.now.piece, {}, truth);
  if (!keepIf(judged, { expectedFrom: truth?.from ?? null })) return;
  if (truth?.from !== 'reference-model' && truth?.from !== 'mended')
    keepIf(await withoutIdleNodes(lab, best.now.piece, (piece) => again(lab, piece, {}, truth), failure));
  await smaller(lab, best, truth, keepIf);
  const judge = truth?.holdsNumbers === true ? null : truth;
  const { piece, weights } = await withRandomWeights(lab, best.now.piece, judge);
  keepIf(piece, { weights });
}

/** Other values, then shorter axes as long as they help, then other values again: few numbers show less than many, or more. */
async function smaller(
  lab: Lab,
  best: { now: Reduced },
  truth: Truth | null,
  keepIf: (piece: Piece | null, more?: Partial<Reduced>) => boolean,
): Promise<void> {
  const tryWith = async (feeds: NamedTensors, more?: Partial<Reduced>) =>
    keepIf(await again(lab, best.now.piece, { feeds }, truth), more);
  const revalue = async (): Promise<void> => {
    for (const { values, feeds } of otherValues(best.now.piece.feeds))
      if (best.now.inputValues === values || (await tryWith(feeds, { inputValues: values }))) return;
  };
  await revalue();
  for (let helped = true; helped; ) {
    helped = false;
    for (const feeds of shorter(best.now.piece.feeds)) {
      helped = await tryWith(feeds);
      if (helped) break;
    }
  }
  await revalue();
}

const dtypesOf = ({ question: { scene } }: Cutter): ReadonlyMap<string, Dtype> =>
  new Map(
    Object.entries(scene.reference?.graph.tensors ?? {}).flatMap(([name, { dtype }]): [string, Dtype][] =>
      dtype === null ? [] : [[name, dtype]],
    ),
  );

function reducedOf(lab: Lab, piece: Piece, before: PieceFailure, nodes: number): Reduced {
  return {
    piece,
    before,
    nodesBefore: nodes,
    weights: 'original',
    inputValues: 'recorded',
    expectedFrom: piece.expected.size > 0 ? 'recorded' : null,
    tolerance: Math.min(AGREES[lab.facts.declared], Number.isFinite(before.error) ? before.error / 2 : 1),
  };
}

/** numpy lacks some types, and then nothing can be written that others could open. */
function keep(lab: Lab, reduced: Reduced, notebook: Notebook): void {
  try {
    lab.keepBundle((dir, environment) => writeBundle(dir, reduced, environment));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'tensor-file-unsupported') throw error;
    notebook.note(`the reduced failure cannot be written: ${(error as Error).message}`);
  }
}
