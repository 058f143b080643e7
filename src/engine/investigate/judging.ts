import { toFailure } from '../../core/errors.ts';
import type { Judged, Otherwise } from '../../investigate/lab.ts';
import type { Conversion } from '../../plan/conversion.ts';
import { fromNum } from '../../records/numbers.ts';
import type { RunContext } from '../context.ts';
import { judge } from '../conversion/judge.ts';
import type { ObservedSide } from '../conversion/side.ts';
import { Trace } from '../conversion/trace.ts';
import { watch } from '../conversion/watched.ts';
import { runConversion } from '../run-conversion.ts';

/** Compares the reference with another candidate, on the samples and by the rules of the conversion that failed. */
export async function judgeSide(
  ctx: RunContext,
  conversion: Conversion,
  { sides, judgedBy, samples, sampleDir, artifact }: Trace,
  candidate: ObservedSide,
): Promise<Judged> {
  const trace = new Trace();
  const { reference } = sides;
  if (reference === null || judgedBy === null || sampleDir === null)
    return { verdict: 'error', error: null, codes: ['nothing-compared'] };
  Object.assign(trace, { samples, sampleDir, artifact, sides: { reference, candidate } });
  try {
    const fed = { samples, sampleDir };
    const { plan, probing } = judgedBy;
    const one = await watch(ctx, conversion, { ...reference, ...fed }, probing);
    const other = await watch(ctx, conversion, { ...candidate, ...fed }, probing);
    await judge(ctx, conversion, { reference: one, candidate: other, samples, plan, probing }, trace);
  } catch (error) {
    trace.failure = { side: 'candidate', error };
  }
  return judgedOf(trace);
}

/** Runs the conversion with one thing changed, from the export on. */
export async function runOtherwise(
  ctx: RunContext,
  conversion: Conversion,
  seed: number,
  { runtimeOptions, exporterOptions, runtimeVersion }: Otherwise,
): Promise<Judged> {
  const { candidate, convert } = conversion;
  const changed: Conversion = {
    ...conversion,
    candidate: {
      ...candidate,
      runtime: runtimeVersion === undefined ? candidate.runtime : { ...candidate.runtime, version: runtimeVersion },
      options: { ...candidate.options, ...runtimeOptions },
    },
    convert: { ...convert, options: { ...convert.options, ...exporterOptions } },
  };
  return judgedOf(await runConversion(ctx, changed, seed));
}

function judgedOf({ comparison, failure }: Trace): Judged {
  if (comparison === null)
    return { verdict: 'error', error: null, codes: failure === null ? [] : [toFailure(failure.error).code] };
  const errors = comparison.outputs.flatMap(({ metrics: { scaled } }) => (scaled === null ? [] : [fromNum(scaled)]));
  return {
    verdict: comparison.verdict,
    error: errors.length === 0 ? null : Math.max(...errors),
    codes: [...new Set(comparison.findings.filter((f) => f.severity === 'error').map((f) => f.code))],
  };
}
