import { join } from 'node:path';
import type { Command } from '../command.ts';

export const show: Command = {
  usage: 'show [run]',
  describe: 'Print a run, or open its page',
  options: (y) =>
    y
      .positional('run', { type: 'string', describe: 'Run folder (default: the newest in reports/)' })
      .option('open', { type: 'boolean', describe: 'Open the HTML page in the browser' })
      .option('json', { type: 'boolean', describe: 'Print report.json' })
      .example('$0 show', 'the newest run')
      .example('$0 show reports/2026-11-20_14-02-00 --open', ''),
  async run(args) {
    const { readReport, newestRun } = await import('../../engine/read-report.ts');
    const { report, folder } = readReport(typeof args.run === 'string' ? args.run : newestRun('reports'));
    if (args.json === true) {
      process.stdout.write(`${JSON.stringify(report, null, 1)}\n`);
      return 0;
    }
    if (args.open === true) {
      const { execa } = await import('execa');
      const [opener, ...rest] =
        process.platform === 'darwin'
          ? ['open']
          : process.platform === 'win32'
            ? ['cmd', '/c', 'start', '']
            : ['xdg-open'];
      const page = join(folder, 'index.html');
      const result = await execa(opener as string, [...rest, page], { reject: false, stdio: 'ignore' });
      process.stdout.write(
        result.exitCode === 0 ? `opened ${page}\n` : `no browser could be opened here; the page is ${page}\n`,
      );
      return 0;
    }
    const [{ loadReporters, reporterContext }, { replay }] = await Promise.all([
      import('../reporters.ts'),
      import('../../report/hub.ts'),
    ]);
    await replay(report, await loadReporters(['terminal'], process.cwd()), reporterContext(folder, false));
    return 0;
  },
};
