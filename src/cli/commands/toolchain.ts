import type { Command } from '../command.ts';
import { many } from '../options/parse.ts';

export const toolchain: Command = {
  usage: 'toolchain <action> [names..]',
  describe: 'list | install | check: the locked Python and Node environments that onpar manages, and plug-ins',
  options: (y) =>
    y
      .positional('action', { type: 'string', choices: ['list', 'install', 'check'] as const, demandOption: true })
      .positional('names', { type: 'string', array: true, describe: 'Toolchains to install, or the plug-in to check' })
      .option('all', { type: 'boolean', describe: 'Install every toolchain' })
      .option('plugin', { type: 'string', array: true, describe: 'Plug-ins to list or install too' })
      .option('json', { type: 'boolean', describe: 'Print the list, or what was checked, as JSON' })
      .example('$0 toolchain list', 'versions, sizes and states')
      .example('$0 toolchain install pytorch litert', '')
      .example('$0 toolchain check ./my-toolchain', 'the contract that every toolchain passes, on your own'),
  async run(args) {
    const names = many(args, 'names');
    if (args.action === 'check') {
      const { checkPlugins } = await import('../toolchain/check.ts');
      return checkPlugins(names, args.json === true);
    }
    const { loadNamedPlugins } = await import('../options/plugins.ts');
    await loadNamedPlugins(args, []);
    if (args.action === 'list') {
      const { listToolchains } = await import('../toolchain/list.ts');
      return listToolchains(args.json === true);
    }
    const { installToolchains } = await import('../toolchain/install.ts');
    return installToolchains(names, args.all === true);
  },
};
