import type { Conversion } from '../../plan/conversion.ts';
import type { DeclaredChange } from '../../records/artifact.ts';
import type { IoContract } from '../../records/contract.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import type { RunContext } from '../context.ts';
import { isInNode, resolveHost } from '../hosts.ts';
import { renamedInputs } from '../inputs.ts';
import { existingCandidate, type KeyedModel, keyedArtifact } from '../model-key.ts';
import type { StepResult } from '../step.ts';
import { exportThrough } from './chained.ts';
import type { Probing } from './probing.ts';
import type { Example } from './sample-plan.ts';
import { candidateSteps } from './sequence.ts';
import type { ObservedSide } from './side.ts';
import type { Trace } from './trace.ts';
import { type Watched, watch } from './watched.ts';

/**
 * An existing candidate in a Node worker is opened while the reference is: that worker keeps what it described open for the
 * `open` that follows. Not in Python, where both would load the model. A failure is told when the candidate runs.
 */
export function openAhead(ctx: RunContext, conversion: Conversion): void {
  const { existing, candidate, case: c } = conversion;
  if (existing === null || !isInNode(candidate.runtime)) return;
  const { ref } = existingCandidate(conversion, existing);
  resolveHost(ctx, conversion, candidate.runtime, 'candidate').then(
    ({ host }) =>
      ctx.pool.warm(host).describeAhead(
        {
          runtime: candidate.runtime.name,
          model: ref,
          options: { ...candidate.options },
          outDir: ctx.pool.scratch('ahead'),
        },
        { timeoutMs: c.timeoutMs },
      ),
    () => {},
  );
}

interface CandidateNeeds {
  readonly source: KeyedModel;
  readonly inputs: readonly InputPlan[];
  /** Null where the exporter needs none. */
  readonly example: Example | null;
  readonly set: StepResult<{ readonly samples: readonly Sample[] }>;
  readonly referenceContract: IoContract;
  readonly probing: Probing;
  /** How the reference did: of a stateful model, whose outputs code names only by running. */
  readonly reference: Promise<Watched>;
}

/** Makes the candidate where it does not exist yet, and runs it on the samples and the probes. */
export async function runCandidate(
  ctx: RunContext,
  conversion: Conversion,
  needs: CandidateNeeds,
  trace: Trace,
): Promise<Watched> {
  const { inputs, set } = needs;
  const model = await candidateModel(ctx, conversion, needs, trace);
  trace.digests.candidate = model.digest;
  const { mapInputs } = conversion.rules;
  // Samples carry the plan's names, whatever the model itself calls its inputs.
  const reference = {
    inputs: inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    outputs: [],
    names: needs.referenceContract.names,
  };
  const declaredOf = (what: 'input' | 'output') =>
    Object.fromEntries(
      (trace.artifact?.value.declared ?? []).flatMap((d) =>
        d.side === what && d.to !== undefined ? [[d.name, d.to]] : [],
      ),
    );
  const declared = declaredOf('input');
  const steps =
    conversion.rules.sequence === undefined
      ? {}
      : candidateSteps(conversion, inputs, {
          contract: needs.referenceContract,
          observation: (await needs.reference).observation.value,
          declared: declaredOf('output'),
        });
  const side: ObservedSide = {
    role: 'candidate',
    model,
    inputs,
    rename: (contract) => renamedInputs(reference, contract, mapInputs, declared),
    renameKey: [mapInputs, declared, reference.names],
    ...layoutsOf(trace.artifact?.value.declared ?? []),
    ...steps,
  };
  trace.sides.candidate = side;
  return watch(ctx, conversion, { ...side, samples: set.value.samples, sampleDir: set.dir }, needs.probing);
}

/** Inputs and outputs that the exporter gave another order of axes. */
function layoutsOf(declared: readonly DeclaredChange[]): Pick<ObservedSide, 'layouts' | 'outputLayouts'> {
  const given = declared.flatMap(({ side, name, to, layout }) =>
    layout === undefined ? [] : [{ side, name, to, layout }],
  );
  const inputs = given.filter(({ side }) => side === 'input').map(({ name, layout }) => [name, layout]);
  const outputs = given.filter(({ side }) => side === 'output').map(({ name, to, layout }) => [to ?? name, layout]);
  return {
    ...(inputs.length === 0 ? {} : { layouts: Object.fromEntries(inputs) }),
    ...(outputs.length === 0 ? {} : { outputLayouts: Object.fromEntries(outputs) }),
  };
}

async function candidateModel(
  ctx: RunContext,
  conversion: Conversion,
  { source, inputs, example }: CandidateNeeds,
  trace: Trace,
): Promise<KeyedModel> {
  if (conversion.existing !== null) return existingCandidate(conversion, conversion.existing);
  if (conversion.exporter === null) return source;
  const artifact = await exportThrough(ctx, conversion, { source, inputs, example }, (made) => trace.count(made));
  trace.artifact = artifact;
  trace.findings.push(...artifact.value.findings);
  return keyedArtifact(conversion, artifact.value, artifact.dir);
}
