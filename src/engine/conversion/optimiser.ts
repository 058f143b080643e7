import type { ConversionComparison } from '../../compare/compare.ts';
import { type Agrees, agreesToTable, orOneStep, quantisedOutputs } from '../../compare/fitness/agreement.ts';
import {
  fileOf,
  type Moved,
  type Observed,
  type OptimiserEffect,
  optimiserEffect,
} from '../../compare/fitness/optimiser.ts';
import { toFailure } from '../../core/errors.ts';
import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { RuntimeInfo } from '../../records/catalogue.ts';
import type { Observation } from '../../records/observation.ts';
import type { Sample } from '../../records/sample.ts';
import { worstGrade, worstVerdict } from '../../records/verdict.ts';
import { openTensorFile } from '../../tensor/stored.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';
import { observeModel } from '../steps/observe.ts';
import { unoptimisedOptions, type Watched } from './watched.ts';

/** Both sides as deployed and unoptimised, and how a pair of them is judged. */
export interface OptimiserCheck {
  readonly reference: Watched;
  readonly candidate: Watched;
  readonly samples: readonly Sample[];
  /** Judges the two sides by the conversion's own rules, on these samples. */
  readonly compare: (
    reference: StepResult<Observation>,
    candidate: StepResult<Observation>,
    samples: readonly Sample[],
  ) => Promise<ConversionComparison>;
  /** Whether a model optimised and not is the same but for rounding; without it the dtype's table scaled by rms. */
  readonly agrees?: Agrees;
}

/**
 * A fault can hide behind a runtime's optimiser, and an optimiser can be one (design 6.2): the deployed pair decides, and
 * where it agrees, the pair with both optimisers off has to agree by the same rules. Where both do, an optimiser that
 * moves an answer beyond rounding is a warning. Where the deployed pair fails, it is told if its optimiser made it so.
 */
export async function checkOptimisers(
  ctx: RunContext,
  conversion: Conversion,
  deployed: ConversionComparison,
  check: OptimiserCheck,
): Promise<ConversionComparison> {
  const agrees = check.agrees ?? agreesToTable;
  const sides = [sideOf(check.reference, agrees), sideOf(check.candidate, agrees)] as const;
  const refused = sides.flatMap(({ findings }) => findings);
  const told = (more: readonly RawFinding[]) => ({
    ...deployed,
    findings: [...deployed.findings, ...refused, ...more],
  });
  const ran = check.samples.filter(({ id }) => sides.every((s) => s.effect === null || s.effect.samples.includes(id)));
  const same = sides.every(({ effect }) => effect === null || effect.identical);
  // Of a model that answers at random, one more answer says nothing.
  const isRandom = deployed.findings.some(({ code }) => code === 'candidate-not-deterministic');
  if (ran.length === 0 || same || isRandom || !['pass', 'fail'].includes(deployed.verdict)) return told([]);
  const [reference, candidate] = sides;
  const movers = sides.flatMap(({ watched, effect }) =>
    effect?.worst == null ? [] : [{ watched, moved: effect.worst, agrees }],
  );
  // Moved by rounding alone, the unoptimised pair lies as far apart as the deployed one.
  if (movers.length === 0) return told([]);
  const unoptimised = await check.compare(reference.off, candidate.off, ran);
  if (deployed.verdict === 'fail' && unoptimised.verdict !== 'pass') return told([]);
  const effects = await Promise.all(movers.map((mover) => effectOf(ctx, conversion, mover)));
  if (deployed.verdict === 'fail') return told(effectFindings('optimiser-makes-difference', effects));
  if (unoptimised.verdict !== 'fail') return told(effectFindings('optimiser-changes-result', effects));
  const masked = maskedFinding(unoptimised, effects);
  return {
    ...told([masked]),
    verdict: worstVerdict([deployed.verdict, 'fail']),
    grade: worstGrade([deployed.grade, unoptimised.grade].flatMap((g) => g ?? [])),
  };
}

interface Side {
  readonly watched: Watched;
  /** The unoptimised observation, or the deployed one where there is no other. */
  readonly off: StepResult<Observation>;
  readonly effect: OptimiserEffect | null;
  readonly findings: readonly RawFinding[];
}

function sideOf(watched: Watched, agrees: Agrees): Side {
  const { unoptimised, observation, request } = watched;
  const none = { watched, off: observation, effect: null, findings: [] };
  if (unoptimised === null) return none;
  const refused = (message: string): Side => ({
    ...none,
    findings: [
      makeFinding('optimiser-off-refused', request.role, {
        runtime: observation.value.runtime,
        version: observation.value.version,
        message,
      }),
    ],
  });
  // Some models are made of fused operators and need the optimiser to run at all.
  if ('error' in unoptimised) return refused(toFailure(unoptimised.error).message);
  const effect = optimiserEffect(observed(observation), observed(unoptimised.result), agrees);
  if (effect.samples.length > 0) return { watched, off: unoptimised.result, effect, findings: [] };
  const [failed] = unoptimised.result.value.samples.flatMap(({ failure }) => failure ?? []);
  return failed === undefined ? none : refused(failed.message);
}

const observed = ({ value, dir }: StepResult<Observation>): Observed => ({ observation: value, dir });

function maskedFinding(unoptimised: ConversionComparison, effects: readonly Effect[]): RawFinding {
  const failing = unoptimised.outputs.find(({ verdict }) => verdict === 'fail');
  const worst = failing?.worst;
  return makeFinding('masked-by-optimiser', failing === undefined ? 'outputs' : `output ${failing.name}`, {
    sample: worst?.sample ?? unoptimised.worstSample,
    maxAbs: failing?.metrics.maxAbs ?? null,
    scaled: failing?.metrics.scaled ?? null,
    reference: worst?.reference ?? null,
    candidate: worst?.candidate ?? null,
    optimisers: effects.map(({ role, args }) => ({
      role,
      runtime: args.runtime,
      version: args.version,
      level: args.level,
    })),
    codes: [...new Set(unoptimised.findings.filter((f) => f.severity === 'error').map((f) => f.code))],
  });
}

/** A side whose optimiser moves an output. */
interface Mover {
  readonly watched: Watched;
  readonly moved: Moved;
  readonly agrees: Agrees;
}

interface Effect {
  readonly role: string;
  readonly args: Readonly<Record<string, unknown>>;
}

async function effectOf(ctx: RunContext, conversion: Conversion, mover: Mover): Promise<Effect> {
  const { observation, request } = mover.watched;
  const { maxAbs, scale, sample, output } = mover.moved;
  const args = {
    runtime: observation.value.runtime,
    version: observation.value.version,
    level: await lowestLevel(ctx, conversion, mover),
    sample,
    output,
    maxAbs,
    scaled: maxAbs === null || scale === null || scale === 0 ? null : maxAbs / scale,
  };
  return { role: request.role, args };
}

/** One optimiser that does the same to both sides is one fact. */
function effectFindings(
  code: 'optimiser-changes-result' | 'optimiser-makes-difference',
  effects: readonly Effect[],
): RawFinding[] {
  const key = ({ args }: Effect) => JSON.stringify([args.runtime, args.version, args.level, args.output]);
  const [first, second] = effects;
  if (first !== undefined && second !== undefined && key(first) === key(second))
    return [makeFinding(code, 'both models', first.args)];
  return effects.map(({ role, args }) => makeFinding(code, role, args));
}

/**
 * The option that makes the difference, as `name=value`: of a runtime with levels the lowest that shows it. Levels are
 * listed from none to all; one more run of one sample each.
 */
async function lowestLevel(
  ctx: RunContext,
  conversion: Conversion,
  { watched: { request, unoptimised }, moved: { sample, output }, agrees }: Mover,
): Promise<string | null> {
  const { runtime, options } = conversion[request.role];
  const off = unoptimisedOptions({ runtime, options });
  const [first] = Object.entries(off ?? {});
  if (off === null || first === undefined || unoptimised === null || 'error' in unoptimised) return null;
  const [name, lowest] = first;
  const deployed = options[name] ?? runtime.options[name]?.default;
  const plain = outputOf(unoptimised.result, sample, output);
  const samples = request.samples.filter(({ id }) => id === sample);
  const agree = orOneStep(agrees, quantisedOutputs(unoptimised.result.value.contract));
  for (const level of between(runtime, name, lowest, deployed)) {
    try {
      const at = await observeModel(ctx, conversion, { ...request, samples, options: { ...off, [name]: level } });
      const answer = outputOf(at, sample, output);
      if (plain !== undefined && answer !== undefined && !agree(output, sample, answer, plain))
        return `${name}=${String(level)}`;
    } catch {
      // A level that refuses the model is none that could have made the difference.
    }
  }
  return `${name}=${String(deployed)}`;
}

function outputOf(result: StepResult<Observation>, sample: string, output: string): Tensor | undefined {
  const file = fileOf(observed(result), sample);
  return file === null ? undefined : openTensorFile(file, { verify: false }).get(output);
}

/** Levels above the lowest and below the deployed one, in the order in which the runtime lists them. */
function between(runtime: RuntimeInfo, name: string, lowest: unknown, deployed: unknown): readonly unknown[] {
  const levels = runtime.options[name]?.enum ?? [];
  return levels.slice(levels.indexOf(lowest) + 1, Math.max(0, levels.indexOf(deployed)));
}
