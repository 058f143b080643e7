import type { ModelEdit } from '../../../records/edit.ts';
import { type Bench, benchFor, type Outcome, tryEdits, wholeBench } from '../../experiment.ts';
import { minimal } from '../../minimal.ts';
import type { Evidence, Hypothesis, Question } from '../../scene.ts';
import { compareGraphs } from './compare.ts';
import type { Difference, Revertible } from './difference.ts';
import { inPlace } from './in-place.ts';
import { nameCause } from './name/name.ts';
import { NAMED } from './name/named.ts';
import { revertOf, type Sides } from './revert.ts';
import { sideOf } from './side.ts';

/** Below this share the differences that were found are not the cause; others may be. */
const TELLING = 0.5;
/**
 * Where nothing explains it that differs by more than rounding, what differs by less is looked at: an epsilon is nothing
 * beside the numbers that it is added to, until the logarithm.
 */
const EXACT = 1e-12;
/** What a smaller set of differences may explain less than all of them. */
const SLACK = 0.02;

/**
 * Both sides have graphs of one format: what differs between the agreeing tensors and the first that parts is taken back
 * in the candidate, all of it and then as little as needed, and the cause is named after what then made the difference.
 */
export const graphDifference: Hypothesis = {
  name: 'graph-difference',
  codes: NAMED,
  applies: ({ divergence, scene: { reference, candidate, alignment, lab } }) =>
    divergence?.candidate != null &&
    reference !== null &&
    candidate !== null &&
    alignment !== null &&
    reference.graph.format === candidate.graph.format &&
    lab.canEdit(candidate.specimen),
  async test(question) {
    const sides = sidesOf(question);
    if (sides === null) return undefined;
    const bench = await benchFor(question);
    if (bench === null) return undefined;
    const { tolerance } = question.scene;
    const tries = [differencesOf(question, sides, tolerance), differencesOf(question, sides, EXACT)];
    for (const all of [...tries, wholeRegion(question, sides)]) {
      for (const trial of trials(question, bench, sides)) {
        const best = await explain(all, trial);
        const told = best === undefined ? undefined : evidence(question, sides, bench, best);
        if (told !== undefined) return told;
      }
    }
    return undefined;
  },
};

interface Explained {
  readonly needed: readonly Revertible[];
  readonly outcome: Outcome;
}

function sidesOf({ divergence, scene: { reference, candidate, alignment } }: Question): Sides | null {
  if (divergence === null || reference === null || candidate === null || alignment === null) return null;
  return {
    reference: sideOf(reference, divergence.region.reference),
    candidate: sideOf(candidate, divergence.region.candidate),
    alignment,
  };
}

function differencesOf({ divergence }: Question, sides: Sides, tolerance: number): Revertible[] {
  if (divergence?.candidate == null) return [];
  const target = { reference: divergence.reference.tensor, candidate: divergence.candidate.tensor };
  const found = compareGraphs(target, sides.reference, sides.candidate, sides.alignment, tolerance);
  return revertible(found, sides);
}

const revertible = (differences: readonly Difference[], sides: Sides): Revertible[] =>
  differences.flatMap((difference) => {
    const revert = revertOf(difference, sides);
    return revert === null ? [] : [{ difference, revert }];
  });

/** The last resort: the reference's nodes of the region in place of the candidate's. */
function wholeRegion({ divergence }: Question, sides: Sides): Revertible[] {
  if (divergence?.candidate == null) return [];
  const pick = (side: Sides['reference'], ids: readonly string[]) =>
    ids.map((id) => side.node(id)).filter((node) => node !== undefined);
  const nodes = {
    reference: pick(sides.reference, divergence.region.reference),
    candidate: pick(sides.candidate, divergence.region.candidate),
  };
  const made = new Set(nodes.reference.flatMap((node) => node.outputs));
  const leaves: Record<string, string> = {};
  for (const tensor of nodes.reference.flatMap((node) => node.inputs)) {
    if (tensor === '' || made.has(tensor) || sides.reference.isConstant(tensor)) continue;
    const [match] = sides.alignment.ofReference(tensor).filter((m) => m.permutation === undefined);
    if (match !== undefined) leaves[tensor] = match.candidate;
  }
  const tensors = { reference: divergence.reference.tensor, candidate: divergence.candidate.tensor };
  return revertible([{ kind: 'replaced', tensors, ...nodes, leaves }], sides);
}

/** Runs the candidate with edits; null where they do not apply. */
type Trial = (edits: readonly ModelEdit[]) => Promise<Outcome | null>;

/**
 * Where edits are tried, the cheapest first: on the piece; on the whole model before the same piece is cut out of it, for
 * edits that read tensors which the piece does not have; and with the outputs of the whole model.
 */
function trials(question: Question, bench: Bench, sides: Sides): Trial[] {
  const label = 'as in the reference';
  const plain: Trial = (edits) => tryEdits(question, bench, edits, label);
  if (bench.kind === 'whole') return [plain];
  const whole: Trial = async (edits) => {
    const all = await wholeBench(question);
    return all === null ? null : tryEdits(question, all, edits, label);
  };
  return [plain, (edits) => inPlace(question, bench, sides, edits), whole];
}

async function explain(all: readonly Revertible[], trial: Trial): Promise<Explained | undefined> {
  if (all.length === 0) return undefined;
  const outcomes = new Map<string, Outcome | null>();
  const tried = async (some: readonly Revertible[]): Promise<Outcome | null> => {
    const key = some.map((r) => all.indexOf(r)).join();
    const before = outcomes.get(key);
    if (before !== undefined) return before;
    const outcome = await trial(editsOf(some));
    outcomes.set(key, outcome);
    return outcome;
  };
  const share = async (some: readonly Revertible[]): Promise<number> => (await tried(some))?.explained ?? 0;
  const whole = await share(all);
  if (whole < TELLING) return undefined;
  const needed = await minimal(all, share, whole - SLACK);
  const outcome = await tried(needed);
  return outcome === null ? undefined : { needed, outcome };
}

const editsOf = (some: readonly Revertible[]): ModelEdit[] => some.flatMap(({ revert }) => revert);

function evidence(
  question: Question,
  sides: Sides,
  bench: Bench,
  { needed, outcome }: Explained,
): Evidence | undefined {
  const cause = nameCause({ question, sides, bench, differences: needed.map((r) => r.difference) });
  if (cause === undefined) return undefined;
  return { ...cause, ...outcome, mend: editsOf(needed) };
}
