import type { Command } from '../command.ts';
import { one } from '../options/parse.ts';

export const suggest: Command = {
  usage: 'suggest [run] [case]',
  describe: 'Propose tolerances for a run, as lines of a suite',
  options: (y) =>
    y
      .positional('run', { type: 'string', describe: 'Run folder (default: the newest in reports/)' })
      .positional('case', { type: 'string', describe: 'A case or one conversion of it (default: all)' })
      .option('json', { type: 'boolean', describe: 'Print the suggestions as JSON' })
      .example('$0 suggest', 'every conversion of the newest run')
      .example('$0 suggest reports/2026-11-20_14-02-00 digits', 'one case')
      .example('$0 suggest run digits/onnx@onnxruntime --json', 'one conversion, for a script')
      .epilogue(
        'The tightest tolerance that accepts what was measured, times 1.5. Nothing is suggested for other names, shapes, dtypes, NaN or labels. Look for the cause before you accept it.',
      ),
  async run(args) {
    const [
      { readReport, newestRun },
      { suggestCase },
      { keptOutputs },
      { suggestionText },
      { OnparError },
      { allowedValues },
    ] = await Promise.all([
      import('../../engine/read-report.ts'),
      import('../../report/suggest/suggest.ts'),
      import('../../report/suggest/kept.ts'),
      import('../../report/suggest/text.ts'),
      import('../../core/errors.ts'),
      import('../../core/nearest.ts'),
    ]);
    const { report, folder } = readReport(one(args, 'run') ?? newestRun('reports'));
    const wanted = one(args, 'case');
    const cases = report.cases.filter((c) => wanted === undefined || c.id === wanted || c.case === wanted);
    if (cases.length === 0 && wanted !== undefined) {
      throw new OnparError({
        code: 'unknown-case',
        message: `${folder} has no conversion \`${wanted}\``,
        fix: allowedValues(wanted, [...new Set(report.cases.flatMap((c) => [c.case, c.id]))]),
      });
    }
    const made = cases.map((c) => ({ c, suggestion: suggestCase(c, keptOutputs(c, folder)) }));
    const text =
      args.json === true
        ? JSON.stringify(
            made.map((m) => m.suggestion),
            null,
            1,
          )
        : made.map(({ c, suggestion }) => suggestionText(c, suggestion).join('\n')).join('\n\n');
    process.stdout.write(`${text}\n`);
    return 0;
  },
};
