import type { OpNode } from '../../records/graph.ts';
import type { Bisection } from '../../records/investigation.ts';
import { BudgetSpent, type Lab, type Specimen } from '../lab.ts';
import { minimal } from '../minimal.ts';
import { trialOf } from './trials.ts';

/** Operators that move or count, whose precision changes nothing. */
const INDIFFERENT =
  /^(Shape|Reshape|Transpose|Squeeze|Unsqueeze|Flatten|Gather|Slice|Concat|Split|Identity|Constant|Expand|Tile|Size|NonZero)$/;

/**
 * The smallest set of nodes to keep in float32 so that a candidate of lower precision passes (delta debugging). Every try is
 * a whole comparison. The model that passes with the fewest is kept beside the report. Null: it cannot be edited, or float32
 * everywhere does not help.
 */
export async function bisectPrecision(lab: Lab, candidate: Specimen): Promise<Bisection | null> {
  const { declared } = lab.facts;
  if (declared === 'float32' || !lab.canEdit(candidate)) return null;
  const graph = await lab.graph(candidate);
  if (!graph.ok) return null;
  const nodes = graph.value.nodes.filter((node) => !INDIFFERENT.test(node.op));
  const trials: Bisection['trials'] = [];
  let best: { specimen: Specimen; nodes: readonly OpNode[] } | null = null;
  const share = async (some: readonly OpNode[]): Promise<number> => {
    const choice = `${some.length} of ${nodes.length} nodes in float32`;
    const specimen = await lab.edit(candidate, [{ edit: 'float32-island', nodes: some.map(({ id }) => id) }], choice);
    const trial = trialOf(choice, await lab.judge(specimen));
    trials.push(trial);
    if (trial.verdict !== 'agrees') return 0;
    if (best === null || some.length < best.nodes.length) best = { specimen, nodes: some };
    return 1;
  };
  let complete = true;
  try {
    if ((await share(nodes)) === 1) await minimal(nodes, share, 1);
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
    complete = false;
  }
  const found = best as { specimen: Specimen; nodes: readonly OpNode[] } | null;
  if (found === null) return { over: 'precision', trials, culprit: null, complete };
  const names = found.nodes.map(({ id }) => id);
  lab.keep(found.specimen, { kind: 'mixed-precision', about: `passes with ${names.join(', ')} in float32` });
  return { over: 'precision', trials, culprit: `float32 for ${names.join(', ')}`, complete };
}
