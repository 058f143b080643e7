import { existsSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { ExporterCommand } from '../../records/catalogue.ts';

/** The command line of a plug-in's exporter; `{plugin}` stands for its folder, `basis` is a file of it that always counts. */
export function pluginCommand(
  { command, toolchain }: { readonly command: readonly string[]; readonly toolchain?: string | undefined },
  dir: string,
  basis: string,
): ExporterCommand {
  const filled = command.map((part) => part.replaceAll('{plugin}', dir));
  const files = filled.filter((part) => isAbsolute(part) && existsSync(part) && statSync(part).isFile());
  return { command: filled, ...(toolchain === undefined ? {} : { toolchain }), files: [basis, ...files] };
}
