import { OnparError } from '../../core/errors.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { Artifact, DeclaredChange } from '../../records/artifact.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { RunContext } from '../context.ts';
import { type KeyedModel, keyedArtifact } from '../model-key.ts';
import type { StepResult } from '../step.ts';
import { exportModel } from '../steps/export.ts';
import type { Example } from './sample-plan.ts';

export interface ExportNeeds {
  readonly source: KeyedModel;
  readonly inputs: readonly InputPlan[];
  /** Null where the exporter needs none. */
  readonly example: Example | null;
}

/** Formats that an exporter runs on an example, as it does with code. */
const TRACED: ReadonlySet<string> = new Set(['torchscript']);

/**
 * The artifact of a conversion; of a chain, by way of its earlier links. Every link is the step that the link's own
 * conversion runs, so that nothing is exported twice. What comes back speaks of the source: what earlier links declared
 * to have changed holds for the end too.
 */
export async function exportThrough(
  ctx: RunContext,
  conversion: Conversion,
  { source, inputs, example }: ExportNeeds,
  count: (result: StepResult<Artifact>) => StepResult<Artifact>,
): Promise<StepResult<Artifact>> {
  let carried: Carried = { declared: [], precision: 'float32' };
  let model = source;
  for (const [i, link] of (conversion.chain?.earlier ?? []).entries()) {
    const made = count(await naming(link, i, exportLink(ctx, link, carried, model, { inputs, example })));
    carried = carry(carried, made.value);
    model = keyedArtifact(link, made.value, made.dir);
  }
  const made = count(await exportLink(ctx, conversion, carried, model, { inputs, example }));
  return { ...made, value: { ...made.value, ...carry(carried, made.value) } };
}

function exportLink(
  ctx: RunContext,
  link: Conversion,
  { declared }: Carried,
  model: KeyedModel,
  { inputs, example }: Pick<ExportNeeds, 'inputs' | 'example'>,
): Promise<StepResult<Artifact>> {
  const first = !link.chain?.earlier.length;
  return exportModel(ctx, link, {
    model,
    inputs: first ? inputs : inputs.map((input) => asDeclared(input, declared)),
    example: first || TRACED.has(model.ref.format) ? example : null,
  });
}

/** An input as the artifact of the earlier links takes it. */
function asDeclared(input: InputPlan, declared: readonly DeclaredChange[]): InputPlan {
  const change = declared.find((d) => d.side === 'input' && d.name === input.name);
  return change === undefined
    ? input
    : {
        ...input,
        name: change.to ?? input.name,
        dtype: (change.dtype as InputPlan['dtype'] | undefined) ?? input.dtype,
        shape: [...(change.shape ?? input.shape)],
      };
}

/** The failure of an earlier link is told with its place; its code stays, so that what is missing here stays that. */
async function naming<T>(link: Conversion, index: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof OnparError)) throw error;
    const { code, message, fix, detail, exitCode } = error;
    const { exporter = '' } = link.chain?.labels[index] ?? {};
    throw new OnparError({
      code,
      message: `link ${index + 1} of ${link.chain?.labels.length} (${exporter}): ${message}`,
      ...(fix === undefined ? {} : { fix }),
      ...(detail === undefined ? {} : { detail }),
      exitCode,
      cause: error,
    });
  }
}

interface Carried {
  readonly declared: DeclaredChange[];
  readonly precision: string;
}

/** What holds behind another link: lower precision stays lower, and changes are told by the names of the source. */
export const carry = (before: Carried, { declared, precision }: Pick<Artifact, 'declared' | 'precision'>): Carried => ({
  declared: composed(before.declared, declared),
  precision: coarseness(before.precision) > coarseness(precision) ? before.precision : precision,
});

/** From full precision down; ranges found at each run say more than the integers that they scale. */
const COARSER = [/^b?float16/, /^u?int|^int16x8/, /^dynamic-range/];
const coarseness = (precision: string): number => COARSER.findIndex((pattern) => pattern.test(precision));

function composed(before: readonly DeclaredChange[], after: readonly DeclaredChange[]): DeclaredChange[] {
  const isOf = (b: DeclaredChange, a: DeclaredChange): boolean => b.side === a.side && (b.to ?? b.name) === a.name;
  return [
    ...before.map((b): DeclaredChange => {
      const a = after.find((next) => isOf(b, next));
      return a === undefined ? b : { ...b, ...a, name: b.name, reason: `${b.reason}; ${a.reason}` };
    }),
    ...after.filter((a) => !before.some((b) => isOf(b, a))),
  ];
}
