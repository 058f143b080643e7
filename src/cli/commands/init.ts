import type { Command } from '../command.ts';
import { one } from '../options/parse.ts';

export const init: Command = {
  usage: 'init <model>',
  describe: 'Write a commented suite for a model',
  options: (y) =>
    y
      .positional('model', {
        type: 'string',
        demandOption: true,
        describe: 'model.py:build, model.keras, saved_model/, model.joblib, model.onnx …',
      })
      .option('out', { type: 'string', describe: 'File to write (default: onpar.yaml)' })
      .option('force', { type: 'boolean', describe: 'Replace an existing file' })
      .example('$0 init model.py:build', ''),
  async run(args) {
    const { writeSuite } = await import('../../plan/init.ts');
    const file = writeSuite(String(args.model), one(args, 'out') ?? 'onpar.yaml', args.force === true);
    process.stdout.write(`wrote ${file}; check the inputs, then: onpar run ${file}\n`);
    return 0;
  },
};
