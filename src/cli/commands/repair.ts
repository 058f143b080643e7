import { copyFileSync, cpSync, mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { one } from '../options/parse.ts';

/** The mended copies of a run: written while their cause was proven, verified there, told and handed out here. */
export const repair: Command = {
  usage: 'repair <run> [case]',
  describe: 'Take the mended copy that an investigation wrote and proved, with what was changed',
  options: (y) =>
    y
      .positional('run', { type: 'string', demandOption: true, describe: 'Run folder that was investigated' })
      .positional('case', { type: 'string', describe: 'Conversion (default: every one that has a mended copy)' })
      .option('out', {
        type: 'string',
        describe: 'Folder to copy the mended model to (default: only told where it is)',
      })
      .example('$0 repair reports/2026-11-20_14-02-00 digits/onnx@onnxruntime-node --out mended', ''),
  async run(args) {
    const [{ readReport }, { chosenCases }] = await Promise.all([
      import('../../engine/read-report.ts'),
      import('../../engine/investigate/choose.ts'),
    ]);
    const { report, folder } = readReport(one(args, 'run') ?? '');
    const name = one(args, 'case');
    const cases = chosenCases(report, name === undefined ? [] : [name]);
    const mended = cases.flatMap((c) =>
      (c.investigation?.files ?? []).flatMap((file) => (file.kind === 'repair' ? [{ c, file }] : [])),
    );
    if (mended.length === 0)
      throw new OnparError({
        code: 'nothing-mended',
        message: `${name ?? 'no conversion of this run'} ${name === undefined ? 'has' : 'has no'} mended copy`,
        fix: 'run `onpar investigate RUN` first: a copy is written where a cause is proven and its mend passes; otherwise mend the source or the export as the cause says',
        exitCode: 1,
      });
    const out = one(args, 'out');
    for (const { c, file } of mended) {
      const from = join(folder, file.path);
      process.stdout.write(`${c.id}\n  ${file.about}\n`);
      for (const line of file.changes) process.stdout.write(`  ${line}\n`);
      if (out === undefined) process.stdout.write(`  ${from}\n`);
      else {
        const to = join(resolve(out), ...(mended.length > 1 ? [c.id] : []), basename(from));
        mkdirSync(dirname(to), { recursive: true });
        // Weights in files of their own lie beside the model.
        cpSync(dirname(from), dirname(to), { recursive: true });
        copyFileSync(from, to);
        process.stdout.write(`  ${to}\n`);
      }
    }
    return 0;
  },
};
