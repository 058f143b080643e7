import type { Plan } from '../../plan/conversion.ts';
import type { Command } from '../command.ts';
import { executionOverrides } from '../options/execution.ts';
import { judgementOverrides } from '../options/judgement.ts';
import { type Args, many } from '../options/parse.ts';
import { loadNamedPlugins } from '../options/plugins.ts';
import { sampleOverrides } from '../options/samples.ts';
import { runOptions } from './run.ts';

export const compare: Command = {
  usage: 'compare <reference> <candidate>',
  describe: 'Compare two existing models, or two files of recorded outputs',
  options: (y) =>
    runOptions(
      y
        .positional('reference', {
          type: 'string',
          demandOption: true,
          describe: 'The model (or npy, npz, safetensors) that defines the truth',
        })
        .positional('candidate', { type: 'string', demandOption: true, describe: 'What must agree with it' }),
    )
      .option('input', {
        type: 'string',
        array: true,
        describe: 'An input that neither model declares: --input image=float32[batch,3,224,224]',
      })
      .example('$0 compare a.onnx b.onnx', 'two ONNX models on the whole portfolio')
      .example('$0 compare model.keras model.tflite --inputs data.npz', 'on your own samples')
      .example('$0 compare expected.npz got.npz --tolerance rtol=1e-4,atol=1e-6', 'recorded outputs, no model'),
  plan: planComparison,
  async run(args) {
    const [plan, { runForPerson }] = await Promise.all([planComparison(args), import('../session.ts')]);
    return runForPerson(plan, args, ['onpar', ...process.argv.slice(2)]);
  },
};

async function planComparison(args: Args): Promise<Plan> {
  const [{ adHocSuite, parseInput }, { applyOverrides }, { planSuite }, { catalogue }] = await Promise.all([
    import('../../suite/adhoc.ts'),
    import('../../suite/overrides.ts'),
    import('../../plan/plan.ts'),
    import('../../engine/catalogue.ts'),
  ]);
  const reference = String(args.reference);
  const candidate = String(args.candidate);
  const suite = adHocSuite({
    source: reference,
    artifacts: [candidate],
    to: [],
    options: {},
    inputs: Object.fromEntries(many(args, 'input').map(parseInput)),
    runtimes: [],
    title: `${reference} ↔ ${candidate}`,
  });
  await loadNamedPlugins(args, [suite]);
  const overrides = { ...sampleOverrides(args), ...judgementOverrides(args), ...executionOverrides(args) };
  return planSuite(applyOverrides(suite, overrides), catalogue());
}
