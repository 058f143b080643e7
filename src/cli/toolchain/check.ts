import { OnparError } from '../../core/errors.ts';
import { checkToolchain } from '../../engine/check-toolchain.ts';
import { loadPlugin } from '../../engine/plugins.ts';
import { palette } from '../../report/terminal/style.ts';
import { pluginPath } from '../options/plugins.ts';
import { interruptible } from './interruptible.ts';

/** `onpar toolchain check PATH`: the contract of toolchains, on one from outside. 0 only where every promise was kept. */
export async function checkPlugins(names: readonly string[], json: boolean): Promise<number> {
  const [name, ...more] = names;
  if (name === undefined || more.length > 0) {
    throw new OnparError({
      code: 'usage',
      message: '`onpar toolchain check` takes one plug-in',
      fix: 'name a folder with a toolchain.json, a JavaScript file or a module: onpar toolchain check ./my-toolchain',
    });
  }
  const plugin = await loadPlugin(pluginPath(name), process.cwd());
  const results: { name: string; outcome: string; message: string }[] = [];
  const p = palette(!json && process.stdout.isTTY === true && !process.env.NO_COLOR);
  if (!json) process.stdout.write(`${p.bold(plugin.toolchain.name)}  ${plugin.toolchain.title}\n`);
  await interruptible((signal) =>
    checkToolchain(plugin, {
      signal,
      listen: (toolchain, message) => process.stderr.write(`… ${toolchain}: ${message}\n`),
      onResult(result) {
        results.push(result);
        if (json) return;
        const [mark, paint] =
          result.outcome === 'kept' ? ['✓', p.green] : result.outcome === 'broken' ? ['✗', p.red] : ['?', p.yellow];
        process.stdout.write(`  ${paint(mark as string)} ${result.name}\n`);
        if (result.message !== '') process.stdout.write(`      ${result.message}\n`);
      },
    }),
  );
  const count = (outcome: string): number => results.filter((r) => r.outcome === outcome).length;
  if (json) process.stdout.write(`${JSON.stringify(results, null, 1)}\n`);
  else {
    const parts = [`${count('kept')} of ${results.length} kept`];
    if (count('broken') > 0) parts.push(`${count('broken')} broken`);
    if (count('unproven') > 0) parts.push(`${count('unproven')} unproven, which is no success`);
    process.stdout.write(`\n${parts.join(' · ')}\n`);
  }
  return count('kept') === results.length ? 0 : 1;
}
