import { BudgetSpent } from '../lab.ts';
import type { Evidence, Hypothesis, Question } from '../scene.ts';
import { counted } from './counted.ts';
import { HYPOTHESES } from './registry.ts';

/** What was found out about one divergence (or, where nothing could be localised, about the failure as a whole). */
export interface Diagnosis {
  /** Best first; empty: unknown. */
  readonly evidence: readonly Evidence[];
  /** The first one explains so much that it can be told as a fact. */
  readonly certain: boolean;
  /** Models that were run to test hypotheses. */
  readonly tried: number;
  /** The budget was spent (or the user interrupted) before all hypotheses were tested. */
  readonly partial: boolean;
}

/** From this share of the error on, a cause is told as a fact. */
const CERTAIN = 0.9;
/** Below this share a cause is not told at all. */
const TELLING = 0.5;
/** Shares that lie closer together than this say the same: what is left is rounding or the other culprits. */
const SAME = 0.02;
/** From this share on nothing that stands further down could be believed instead. */
const ALL = 1 - SAME;

/**
 * Tests the hypotheses that make sense for a question, in order, until one explains all of the error or the budget is
 * spent. The largest explained share wins; among equals the hypothesis further up in the registry, as it names the smaller
 * change. A hypothesis that fails by an error of its own is a bug and is not hidden.
 */
export async function diagnose(asked: Question, hypotheses: readonly Hypothesis[] = HYPOTHESES): Promise<Diagnosis> {
  const { question, runs } = counted(asked);
  const found: Evidence[] = [];
  let partial = false;
  try {
    for (const hypothesis of hypotheses) {
      if (!hypothesis.applies(question)) continue;
      const evidence = await hypothesis.test(question);
      if (evidence === undefined || evidence.explained < TELLING) continue;
      found.push(evidence);
      if (evidence.explained >= ALL) break;
    }
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    partial = true;
  }
  const evidence = ranked(found);
  return { evidence, certain: (evidence[0]?.explained ?? 0) >= CERTAIN, tried: runs(), partial };
}

/** Largest share first; those within `SAME` of the best keep their order. */
function ranked(found: readonly Evidence[]): Evidence[] {
  const best = Math.max(0, ...found.map((e) => e.explained));
  const equals = found.filter((e) => e.explained >= best - SAME);
  const others = found.filter((e) => e.explained < best - SAME).sort((a, b) => b.explained - a.explained);
  return [...equals, ...others];
}
