import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from '../command.ts';
import { outputOptions, reporterNames } from '../options/output.ts';
import { many, one } from '../options/parse.ts';

export const report: Command = {
  usage: 'report <runs..>',
  describe: 'Render a run again; several shards of one plan are merged',
  options: (y) =>
    outputOptions(
      y.positional('runs', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'Run folders (or their report.json)',
      }),
    )
      .example('$0 report reports/2026-11-20_14-02-00 --reporter html', '')
      .example('$0 report shard-1 shard-2 --out merged', 'merge shards'),
  async run(args) {
    const [{ readReport, mergeReports }, { loadReporters, reporterContext }, { replay }] = await Promise.all([
      import('../../engine/read-report.ts'),
      import('../reporters.ts'),
      import('../../report/hub.ts'),
    ]);
    const folders = many(args, 'runs');
    const merged = mergeReports(folders.map(readReport));
    const outDir = resolve(one(args, 'out') ?? merged.folder);
    if (folders.length > 1 || one(args, 'out') !== undefined) {
      const { RunFolder, copyRunFiles } = await import('../../engine/run-folder.ts');
      const folder = new RunFolder(outDir);
      folder.clear();
      for (const from of merged.folders) copyRunFiles(from, outDir);
      writeFileSync(join(outDir, 'report.json'), `${JSON.stringify(merged.report, null, 1)}\n`);
    }
    const failed = await replay(
      merged.report,
      await loadReporters(reporterNames(args), process.cwd()),
      reporterContext(outDir, args.json === true),
    );
    if (args.json === true) process.stdout.write(`${JSON.stringify(merged.report, null, 1)}\n`);
    // Merged shards are the gate of a CI matrix; a run that is rendered again was judged when it ran.
    if (folders.length > 1 && merged.report.run.exitCode !== 0) return merged.report.run.exitCode;
    return failed.length > 0 ? 1 : 0;
  },
};
