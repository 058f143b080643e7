import { OnparError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { cacheFolder, executionOptions, jobs, readsCache } from '../options/execution.ts';
import { outputOptions, reporterNames } from '../options/output.ts';
import { type Args, many, one } from '../options/parse.ts';
import { compare } from './compare.ts';
import { run } from './run.ts';

/** A failure may be looked into for five minutes, where nothing else is said. */
const BUDGET_SECONDS = 300;

export const investigate: Command = {
  usage: 'investigate <run> [cases..]',
  describe: 'Find where and why the failures of a run differ: the layer, the cause, the source line',
  options: (y) =>
    outputOptions(
      executionOptions(
        y
          .positional('run', { type: 'string', demandOption: true, describe: 'Run folder (or its report.json)' })
          .positional('cases', {
            type: 'string',
            array: true,
            describe: 'Cases or conversions to look into (default: all that failed)',
          }),
      ).option('budget', {
        type: 'string',
        describe: `Seconds for each failure (default ${BUDGET_SECONDS}); what was found until then is kept`,
        group: 'Execution:',
      }),
    )
      .example('$0 investigate reports/2026-11-20_14-02-00', 'every failure of that run')
      .example('$0 investigate reports/latest digits/onnx@onnxruntime-node --budget 60', 'one, for a minute'),
  async run(args) {
    const [{ readReport }, { planAgain }, { chosenCases }, { investigateRun }] = await Promise.all([
      import('../../engine/read-report.ts'),
      import('../plan-again.ts'),
      import('../../engine/investigate/choose.ts'),
      import('../../engine/investigate/investigate-run.ts'),
    ]);
    const { report, folder } = readReport(one(args, 'run') ?? '');
    const chosen = chosenCases(report, many(args, 'cases'));
    if (chosen.length === 0) {
      process.stderr.write('onpar: every conversion of this run passes; there is nothing to explain\n');
      return 0;
    }
    const secondsPerCase = budget(args);
    const again = await planAgain(report, folder, [run, compare]);
    const { loadReporterHub } = await import('../reporters.ts');
    const json = args.json === true;
    const hub = await loadReporterHub(reporterNames(args), { outDir: folder, json, base: again.plan.root });
    await hub.runStart({ title: report.run.title, conversions: chosen.length, seed: report.run.seed });
    const abort = new AbortController();
    const onSignal = (): void => {
      if (abort.signal.aborted) process.exit(130);
      process.stderr.write('\nonpar: interrupted; what was found so far is kept (again to leave at once)\n');
      abort.abort();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    try {
      const found = await investigateRun(again.plan, report, chosen, {
        folder,
        cacheDir: cacheFolder({ ...again.args, ...definedOf(args) }, again.plan.root),
        readCache: readsCache(args),
        jobs: jobs(args),
        signal: abort.signal,
        command: ['onpar', ...again.argv],
        listener: { onEvent: hub.event, onCase: hub.case },
        secondsPerCase,
      });
      await hub.runEnd(found);
      if (json) process.stdout.write(`${JSON.stringify(found, null, 1)}\n`);
      return abort.signal.aborted ? 130 : 0;
    } finally {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    }
  },
};

/** Options of this command line that were given take the place of the run's own. */
const definedOf = (args: Args): Args =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));

function budget(args: Args): number {
  const text = one(args, 'budget');
  const seconds = text === undefined ? BUDGET_SECONDS : Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw new OnparError({
    code: 'bad-option',
    message: `--budget \`${text}\` is no time`,
    fix: 'give a number of seconds above 0: --budget 60',
  });
}
