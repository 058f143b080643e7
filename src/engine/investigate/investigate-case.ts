import { toFailure } from '../../core/errors.ts';
import { investigate } from '../../investigate/investigate.ts';
import { BudgetSpent } from '../../investigate/lab.ts';
import { Notebook } from '../../investigate/notebook.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { SourcePlace } from '../../records/graph.ts';
import type { RunContext } from '../context.ts';
import type { Investigated, Trace } from '../conversion/trace.ts';
import { Budget } from './budget.ts';
import { StepLab } from './lab.ts';

/**
 * Looks for the cause of one failure for at most `seconds`. What was found until the budget is spent, the user interrupts, or
 * the investigation itself fails is given back as partial; nothing is thrown.
 */
export async function investigateCase(
  ctx: RunContext,
  conversion: Conversion,
  trace: Trace,
  seconds: number,
): Promise<Investigated> {
  const started = performance.now();
  const notebook = new Notebook();
  const budget = new Budget(seconds, ctx.signal);
  const lab = new StepLab(ctx, conversion, trace, budget);
  try {
    await investigate(lab, notebook);
  } catch (error) {
    notebook.status = 'partial';
    notebook.reason =
      error instanceof BudgetSpent
        ? `${error.message}${error.interrupted ? '' : ` (${seconds} s); \`onpar investigate\` takes more with --budget`}`
        : `it failed: ${toFailure(error).message}`;
  }
  const [first] = notebook.divergences;
  return {
    investigation: {
      status: notebook.status,
      reason: notebook.reason,
      milliseconds: Math.round(performance.now() - started),
      experiments: budget.experiments,
      samples: [...notebook.samples],
      alignment: notebook.alignment,
      divergences: notebook.divergences,
      nodes: notebook.nodes,
      bisections: notebook.bisections,
      files: [],
      notes: [...notebook.notes],
    },
    diagnoses: notebook.diagnoses,
    kept: lab.kept,
    firstDivergence:
      first === undefined
        ? null
        : {
            tensor: first.reference.tensor,
            node: first.reference.node,
            opType: first.reference.opType,
            source: placeText(first.reference.source),
          },
  };
}

/** `model.py:31`, as editors and terminals open it. */
const placeText = (place: SourcePlace | null): string | null =>
  place === null ? null : `${place.file}${place.line === null ? '' : `:${place.line}`}`;
