import { OnparError } from '../../core/errors.ts';
import { allowedValues } from '../../core/nearest.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { RunContext } from '../context.ts';
import { caseInputs } from '../conversion/case-roles.ts';
import { inputsOf } from '../conversion/known-inputs.ts';
import { samplePlan } from '../conversion/sample-plan.ts';
import { UNRENAMED } from '../conversion/side.ts';
import { Trace } from '../conversion/trace.ts';
import { keyedSource } from '../model-key.ts';
import type { StepResult } from '../step.ts';
import { describeModel } from '../steps/describe.ts';
import { observeModel } from '../steps/observe.ts';
import { makeSamples, type SampleSet } from '../steps/sample.ts';
import { type Answered, feedStage } from './feed.ts';

interface StageInputs {
  readonly conversion: Conversion;
  readonly inputs: readonly InputPlan[];
}

/**
 * The samples of a stage: what the reference's stages before it make of the pipeline's samples. What no stage makes is drawn
 * for all stages together, so that rows belong together. Every part is a step, shared by all conversions of the pipeline.
 */
export async function stageSet(
  ctx: RunContext,
  conversion: Conversion,
  seed: number,
  trace: Trace,
): Promise<StepResult<SampleSet>> {
  const stages = await Promise.all(
    ctx.stagesOf(conversion).map(async (each) => ({ conversion: each, inputs: await stageInputs(ctx, each, seed) })),
  );
  for (const stage of stages) checkJoints(stage);
  const given = givenNames(stages);
  const free = stages.flatMap(({ conversion: each, inputs }) =>
    inputs.filter((i) => !isJoint(each, i.name)).map((i) => ({ ...i, name: given(each, i.name) })),
  );
  const first = (stages[0] as StageInputs).conversion;
  const roots = trace.count(await makeSamples(ctx, first.id, samplePlan(first, free, seed)));
  const name = conversion.case.stage?.name;
  const at = stages.findIndex((s) => s.conversion.case.stage?.name === name);
  const joined = stages[at] as StageInputs;
  const made = await fedSet(ctx, stages, at, roots, given);
  if (made.value.length === 0)
    throw new OnparError({
      code: 'joint-unfed',
      message: `pipeline \`${conversion.case.stage?.pipeline}\`: no sample reaches stage \`${name}\`: the reference of a stage before it fails on all`,
      fix: 'mend that stage first; its own conversion says what went wrong',
    });
  // What is known of an input is told where it goes in.
  const own = new Set(joined.inputs.filter((i) => !isJoint(conversion, i.name)).map((i) => given(conversion, i.name)));
  const findings = roots.value.findings.filter(({ where }) => !where.startsWith('input ') || own.has(where.slice(6)));
  return { ...made, value: { samples: made.value, findings } };
}

async function stageInputs(ctx: RunContext, conversion: Conversion, seed: number): Promise<readonly InputPlan[]> {
  // What is found here is told by the stage's own conversion.
  const unseen = new Trace();
  const source = keyedSource(conversion);
  const described = await describeModel(ctx, conversion, source, 'reference');
  const inputs = await inputsOf(ctx, conversion, described, unseen);
  return (await caseInputs(ctx, conversion, { source, inputs, seed }, unseen)).inputs;
}

const isJoint = ({ case: c }: Conversion, input: string): boolean =>
  c.stage?.joints.some((j) => j.input === input) === true;

function checkJoints({ conversion: { case: c }, inputs }: StageInputs): void {
  const names = inputs.map((i) => i.name);
  for (const { input } of c.stage?.joints ?? [])
    if (!names.includes(input))
      throw new OnparError({
        code: 'joint-unknown',
        message: `pipeline \`${c.stage?.pipeline}\`, stage \`${c.stage?.name}\`: \`from\` names input \`${input}\`, which ${c.source} does not take`,
        fix: allowedValues(input, names),
      });
}

type Given = (conversion: Conversion, input: string) => string;

/** Inputs that no stage makes keep their name, unless two stages have one of the same name: then `<stage>.<input>`. */
function givenNames(stages: readonly StageInputs[]): Given {
  const all = stages.flatMap(({ conversion, inputs }) =>
    inputs.filter((i) => !isJoint(conversion, i.name)).map((i) => i.name),
  );
  return ({ case: c }, input) =>
    all.filter((name) => name === input).length > 1 ? `${c.stage?.name}.${input}` : input;
}

/** The samples of the stage at `index`, through the references of all that feed it. */
async function fedSet(
  ctx: RunContext,
  stages: readonly StageInputs[],
  index: number,
  roots: StepResult<SampleSet>,
  given: Given,
): ReturnType<typeof feedStage> {
  const { conversion, inputs } = stages[index] as StageInputs;
  const names = [...new Set(conversion.case.stage?.joints.map((j) => j.stage))];
  const before = await Promise.all(
    names.map(async (stage): Promise<Answered> => {
      const at = stages.findIndex((s) => s.conversion.case.stage?.name === stage);
      const { conversion: earlier, inputs: taken } = stages[at] as StageInputs;
      const fed = await fedSet(ctx, stages, at, roots, given);
      const observation = await observeModel(ctx, earlier, {
        role: 'reference',
        model: keyedSource(earlier),
        inputs: taken,
        ...UNRENAMED,
        samples: fed.value,
        sampleDir: fed.dir,
      });
      return { stage, observation, own: (output) => output };
    }),
  );
  return feedStage(ctx, conversion, {
    inputs,
    samples: roots.value.samples,
    sampleDir: roots.dir,
    given: (input) => given(conversion, input),
    before,
  });
}
