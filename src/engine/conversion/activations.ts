import { statSync } from 'node:fs';
import { toFailure } from '../../core/errors.ts';
import { makeFinding, type RawFinding } from '../../core/findings.ts';
import { modelFiles } from '../../formats/model-files.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { ActivationCoverage } from '../../records/coverage.ts';
import { fromNum } from '../../records/numbers.ts';
import type { Observation } from '../../records/observation.ts';
import type { RunContext } from '../context.ts';
import { measureActivations } from '../steps/activations.ts';
import type { ObservedSide } from './side.ts';
import type { Trace } from './trace.ts';

/** Larger models are not copied for a look inside, in bytes. */
const MOST_MODEL_BYTES = 200 * 1024 ** 2;
/** Nor are those whose samples took longer than this, in milliseconds: without the optimiser they take several times that. */
const MOST_RUN_MS = 60_000;

/**
 * What the samples moved inside the model, of the reference where it is an ONNX graph, else of the candidate: a fault behind
 * what never moved shows in no output. In suites and with `--deep`. A failure here is no failure of the conversion.
 */
export async function coverActivations(ctx: RunContext, conversion: Conversion, trace: Trace): Promise<void> {
  const { coverage, sampleDir } = trace;
  if (!conversion.deep || coverage === null || sampleDir === null) return;
  const side = [trace.sides.reference, trace.sides.candidate].find(
    (each) => each?.model.ref.format === 'onnx' && conversion[each.role].runtime.unoptimised !== undefined,
  );
  const observation = side == null ? null : trace[side.role];
  if (side == null || observation === null) return;
  const where = `${side.role} activations`;
  const unread = (reason: string): void => {
    trace.findings.push(makeFinding('activations-unread', where, { reason }));
  };
  const tooMuch = costOf(side, observation.value);
  if (tooMuch !== null) return unread(tooMuch);
  const ran = new Set(observation.value.samples.filter((run) => run.file !== undefined).map((run) => run.sample));
  const samples = trace.samples.filter((s) => s.group === undefined && ran.has(s.id));
  if (samples.length === 0) return;
  try {
    const measured = trace.count(await measureActivations(ctx, conversion, { side, samples, sampleDir }));
    const { activations, unread: left } = measured.value;
    if (activations.length > 0) trace.coverage = { ...coverage, activations: [...activations] };
    trace.findings.push(...deadOnes(activations, where));
    if (left.length > 0) unread(`${left.length} too large, or reached by no sample: ${left.slice(0, 6).join(', ')}`);
  } catch (error) {
    // An interrupted run is no finding.
    if (ctx.pool.ended) throw error;
    unread(toFailure(error).message);
  }
}

/** Why looking inside would cost too much; null where it does not. */
function costOf({ model }: ObservedSide, { samples }: Observation): string | null {
  const bytes = modelFiles(model.ref.path, 'onnx').reduce((sum, file) => sum + statSync(file).size, 0);
  if (bytes > MOST_MODEL_BYTES)
    return `the model has ${Math.round(bytes / 1024 ** 2)} MB, more than ${MOST_MODEL_BYTES / 1024 ** 2}`;
  const milliseconds = samples.reduce((sum, run) => sum + run.milliseconds, 0);
  return milliseconds > MOST_RUN_MS
    ? `its samples ran for ${Math.round(milliseconds / 1000)} s, more than ${MOST_RUN_MS / 1000}`
    : null;
}

/** One value everywhere hides what lies before it: a warning. The same from every sample may be so by design. */
function deadOnes(activations: readonly ActivationCoverage[], where: string): RawFinding[] {
  const finding = (chosen: readonly ActivationCoverage[], args: object, severity: 'warning' | 'info'): RawFinding[] =>
    chosen.length === 0
      ? []
      : [
          makeFinding(
            'activation-dead',
            where,
            { names: chosen.map(({ tensor }) => tensor), of: activations.length, ...args },
            severity,
          ),
        ];
  const stuck = activations.filter(({ state }) => state === 'stuck');
  const isZero = ({ low }: ActivationCoverage): boolean => fromNum(low) === 0;
  return [
    ...finding(stuck.filter(isZero), { state: 'stuck', value: 0 }, 'warning'),
    ...finding(
      stuck.filter((a) => !isZero(a)),
      { state: 'stuck' },
      'warning',
    ),
    ...finding(
      activations.filter(({ state }) => state === 'still'),
      { state: 'still' },
      'info',
    ),
  ];
}
