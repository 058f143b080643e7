import { OnparError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { many } from '../options/parse.ts';

export const toolchain: Command = {
  usage: 'toolchain <action> [names..]',
  describe: 'list | install: the locked Python and Node environments that onpar manages',
  options: (y) =>
    y
      .positional('action', { type: 'string', choices: ['list', 'install'] as const, demandOption: true })
      .positional('names', { type: 'string', array: true, describe: 'Toolchains to install' })
      .option('all', { type: 'boolean', describe: 'Install every toolchain' })
      .option('json', { type: 'boolean', describe: 'Print the list as JSON' })
      .example('$0 toolchain list', '')
      .example('$0 toolchain install pytorch litert', ''),
  async run(args) {
    const [{ toolchains, toolchain: find }, { ensureManaged, findManaged }, { toolchainsFolder }] = await Promise.all([
      import('../../workers/toolchains/manifest.ts'),
      import('../../workers/toolchains/managed.ts'),
      import('../../core/paths.ts'),
    ]);
    if (args.action === 'list') {
      const rows = toolchains().map((t) => {
        const installed = findManaged(t);
        return {
          name: t.name,
          title: t.title,
          framework: `${t.framework} ${installed?.packages[t.framework.replaceAll('_', '-')] ?? ''}`.trim(),
          sizeMb: t.installedMb,
          language: t.language,
          state: installed === undefined ? 'not installed' : 'installed',
          dir: installed?.dir ?? null,
          exporters: t.exporters.map((e) => e.name),
          runtimes: t.runtimes.map((r) => r.name),
        };
      });
      if (args.json === true) process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
      else {
        process.stdout.write(`Toolchains live in ${toolchainsFolder()}\n\n`);
        for (const r of rows)
          process.stdout.write(
            `${r.name.padEnd(12)} ${r.state.padEnd(14)} ${`${(r.sizeMb / 1000).toFixed(1)} GB`.padEnd(8)} exporters: ${r.exporters.join(', ') || 'none'}; runtimes: ${r.runtimes.join(', ')}\n`,
          );
      }
      return 0;
    }
    const names = args.all === true ? toolchains().map((t) => t.name) : many(args, 'names');
    if (names.length === 0)
      throw new OnparError({
        code: 'usage',
        message: '`onpar toolchain install` needs a name or --all',
        fix: `toolchains: ${toolchains()
          .map((t) => t.name)
          .join(', ')}`,
      });
    await Promise.all(
      names.map(find).map((t) => ensureManaged(t, (name, message) => process.stderr.write(`${name}: ${message}\n`))),
    );
    process.stdout.write(`installed: ${names.join(', ')}\n`);
    return 0;
  },
};
