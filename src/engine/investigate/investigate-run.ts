import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../../plan/conversion.ts';
import type { Report, ReportCase } from '../../records/report.ts';
import { endInstalls } from '../../workers/toolchains/install.ts';
import { RunContext } from '../context.ts';
import { reportCase } from '../report-case.ts';
import { reproduceCommands } from '../reproduce.ts';
import type { RunOptions } from '../run.ts';
import { runConversion } from '../run-conversion.ts';
import { RunFolder } from '../run-folder.ts';
import { Store } from '../store.ts';
import { investigateCase } from './investigate-case.ts';

export interface InvestigateRunOptions
  extends Pick<RunOptions, 'cacheDir' | 'readCache' | 'jobs' | 'signal' | 'command'> {
  readonly listener: RunOptions['listener'];
  /** The run folder: its report.json is written anew after each case, so that nothing found is lost. */
  readonly folder: string;
  readonly secondsPerCase: number;
}

/**
 * Looks for the causes of failures of an earlier run. What its conversions left in the store is taken from there, and made
 * again where it is gone; verdicts of the report stay as they were, and it is said where they come out otherwise today.
 */
export async function investigateRun(
  plan: Plan,
  report: Report,
  chosen: readonly ReportCase[],
  options: InvestigateRunOptions,
): Promise<Report> {
  const ctx = new RunContext(new Store(options.cacheDir), {
    jobs: options.jobs,
    readCache: options.readCache,
    emit: (event) => options.listener.onEvent?.({ time: new Date().toISOString(), ...event }),
    signal: options.signal,
    planned: plan.planned,
  });
  const stop = (): void => {
    ctx.pool.kill();
    endInstalls();
  };
  options.signal.addEventListener('abort', stop);
  let now = report;
  try {
    for (const old of chosen) {
      if (options.signal.aborted) break;
      const found = await lookInto(ctx, plan, old, options);
      if (found === null) continue;
      now = { ...now, cases: now.cases.map((each) => (each.id === old.id ? found : each)) };
      writeFileSync(join(options.folder, 'report.json'), `${JSON.stringify(now, null, 1)}\n`);
      options.listener.onCase?.(found);
    }
    return now;
  } finally {
    options.signal.removeEventListener('abort', stop);
    ctx.pool.kill();
    await ctx.pool.close();
    ctx.steps.end();
  }
}

async function lookInto(
  ctx: RunContext,
  plan: Plan,
  old: ReportCase,
  options: InvestigateRunOptions,
): Promise<ReportCase | null> {
  const conversion = plan.conversions.find(({ id }) => id === old.id);
  if (conversion === undefined) return none(old, 'the suite has this conversion no more');
  if (conversion.stages !== undefined) return none(old, 'a pipeline as a whole: look into its stages');
  const trace = await runConversion(ctx, conversion, plan.seed);
  if (options.signal.aborted && trace.failure !== null) return null;
  const today = new Date().toISOString().slice(0, 10);
  const again = reportCase(conversion, trace, {
    suiteRoot: plan.root,
    today,
    rerun: reproduceCommands(conversion, plan, options),
  });
  if (again.verdict === 'pass') return none(old, 'it passes now: there is nothing to explain');
  if (trace.failure?.side === 'reference')
    return none(old, `the reference itself does not run: ${again.reference.failure?.message ?? 'see its log'}`);
  const found = await investigateCase(ctx, conversion, trace, options.secondsPerCase);
  const { investigation, diagnoses, firstDivergence } = found;
  const files = new RunFolder(options.folder).keepFound(conversion, found);
  const notes =
    again.verdict === old.verdict
      ? investigation.notes
      : [...investigation.notes, `the verdict of the run is ${old.verdict}, today it is ${again.verdict}`];
  return { ...old, diagnoses: [...diagnoses], firstDivergence, investigation: { ...investigation, notes, files } };
}

/** Nothing was looked into, and why. What an earlier investigation found stays. */
const none = (old: ReportCase, reason: string): ReportCase => ({
  ...old,
  investigation: old.investigation ?? {
    status: 'none',
    reason,
    milliseconds: 0,
    experiments: 0,
    samples: [],
    alignment: null,
    divergences: [],
    nodes: [],
    bisections: [],
    files: [],
    notes: [],
  },
});
