import { checkPlan } from '../engine/check-plan.ts';
import { runPlan } from '../engine/run.ts';
import type { Plan } from '../plan/conversion.ts';
import { cacheFolder, jobs, readsCache } from './options/execution.ts';
import { investigationChoice } from './options/investigation.ts';
import { reporterNames, runFolderOf } from './options/output.ts';
import type { Args } from './options/parse.ts';
import { loadReporterHub } from './reporters.ts';

/** Runs a plan for a person: reporters attached, Ctrl-C obeyed. Gives back the exit code. */
export async function runForPerson(plan: Plan, args: Args, command: readonly string[]): Promise<number> {
  const investigate = investigationChoice(args);
  const cacheDir = cacheFolder(args, plan.root);
  const parallel = jobs(args);
  const json = args.json === true;
  await checkPlan(plan);
  const outDir = runFolderOf(args);
  const hub = await loadReporterHub(reporterNames(args, plan.reporters), { outDir, json, base: plan.root });
  await hub.runStart({ title: plan.title, conversions: plan.conversions.length, seed: plan.seed });
  const abort = new AbortController();
  const onSignal = (): void => {
    if (abort.signal.aborted) process.exit(130);
    process.stderr.write('\nonpar: interrupted; ending workers and keeping what is done (again to leave at once)\n');
    abort.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  try {
    const { report, written } = await runPlan(plan, {
      outDir,
      cacheDir,
      readCache: readsCache(args),
      jobs: parallel,
      listener: { onEvent: hub.event, onCase: hub.case },
      signal: abort.signal,
      command,
      investigate,
    });
    if (written) await hub.runEnd(report);
    else
      process.stderr.write(
        `onpar: interrupted; ${outDir} keeps the complete run that it held, and the next run takes the steps that ran from the store\n`,
      );
    if (json) process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
    return hub.failed.length > 0 && report.run.exitCode === 0 ? 1 : report.run.exitCode;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}
