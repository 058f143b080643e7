import type { Argv } from 'yargs';
import { OnparError } from '../../core/errors.ts';
import type { Plan } from '../../plan/conversion.ts';
import type { AdHoc } from '../../suite/adhoc.ts';
import { findSuite, looksLikeSuite, SUITE_NAMES } from '../../suite/names.ts';
import type { Suite } from '../../suite/suite.ts';
import type { Command } from '../command.ts';
import { executionOptions, executionOverrides } from '../options/execution.ts';
import { investigationOptions } from '../options/investigation.ts';
import { judgementOptions, judgementOverrides } from '../options/judgement.ts';
import { outputOptions } from '../options/output.ts';
import { type Args, many, one, optionValue, pairs } from '../options/parse.ts';
import { loadNamedPlugins } from '../options/plugins.ts';
import { sampleOptions, sampleOverrides } from '../options/samples.ts';
import { selection, selectionOptions } from '../options/selection.ts';

/** Everything that a run of models takes. */
export const runOptions = (y: Argv): Argv =>
  outputOptions(executionOptions(investigationOptions(judgementOptions(sampleOptions(y)))));

export const run: Command = {
  usage: 'run [targets..]',
  describe: 'Export, observe, compare and report: a suite, or one model with --to',
  options: (y) =>
    selectionOptions(
      runOptions(
        y.positional('targets', {
          type: 'string',
          array: true,
          describe: `Suites (default: ${SUITE_NAMES.join(', ')} here), or one model`,
        }),
      ),
    )
      .option('to', {
        type: 'string',
        array: true,
        describe: 'Format to convert a model to; several for several',
        group: 'Conversion:',
      })
      .option('exporter', {
        type: 'string',
        describe: 'Exporter to use (default: the format’s own)',
        group: 'Conversion:',
      })
      .option('chain', {
        type: 'string',
        array: true,
        describe:
          'Exporters one behind the other, each compared with the source: --chain torch-onnx,onnx-simplify,openvino',
        group: 'Conversion:',
      })
      .option('option', {
        type: 'string',
        array: true,
        describe: 'Exporter option: --option opset=18; of a link of a chain: --option torch-onnx.opset=18',
        group: 'Conversion:',
      })
      .option('weights', {
        type: 'string',
        describe: 'Weights to load into what the code returns',
        group: 'Conversion:',
      })
      .option('input', {
        type: 'string',
        array: true,
        describe: 'An input that the model does not declare: --input image=float32[batch,3,224,224]',
        group: 'Conversion:',
      })
      .example('$0 run', 'run the suite in this folder')
      .example('$0 run model.py:build --to onnx', 'export a PyTorch model and compare')
      .example('$0 run model.py:build --chain torch-onnx,onnx-simplify,openvino', 'name the link that breaks parity')
      .example(
        '$0 run model.keras --to tflite --option precision=int8 --option calibration=data.npz --tolerance int8',
        '',
      )
      .example('$0 run suite.yaml --case "digits/*" --json > report.json', ''),
  plan: (args) => planRun(many(args, 'targets'), args),
  async run(args) {
    const plan = await planRun(many(args, 'targets'), args);
    const { runForPerson } = await import('../session.ts');
    return runForPerson(plan, args, ['onpar', ...process.argv.slice(2)]);
  },
};

async function planRun(targets: readonly string[], args: Args): Promise<Plan> {
  const [{ planSuite }, { catalogue }, { applyOverrides }] = await Promise.all([
    import('../../plan/plan.ts'),
    import('../../engine/catalogue.ts'),
    import('../../suite/overrides.ts'),
  ]);
  const overrides = { ...sampleOverrides(args), ...judgementOverrides(args), ...executionOverrides(args) };
  const suites = await suitesOf(targets, args);
  await loadNamedPlugins(args, suites);
  const plans = suites.map((suite) => planSuite(applyOverrides(suite, overrides), catalogue(), selection(args)));
  const { mergePlans } = await import('../../plan/merge.ts');
  return mergePlans(plans);
}

async function suitesOf(targets: readonly string[], args: Args): Promise<Suite[]> {
  const to = many(args, 'to').flatMap((formats) => formats.split(','));
  const models = targets.filter((t) => !looksLikeSuite(t));
  if (to.length > 0 || many(args, 'chain').length > 0 || models.length > 0) return [await adHoc(targets, to, args)];
  const files = targets.length > 0 ? targets : [findSuite(process.cwd())];
  const { loadSuite } = await import('../../suite/load.ts');
  return Promise.all(
    files.map((file) => {
      if (file === undefined) {
        throw new OnparError({
          code: 'no-suite',
          message: `no suite here: ${process.cwd()} has none of ${SUITE_NAMES.join(', ')}`,
          fix: 'name one (`onpar run path/onpar.yaml`), write one (`onpar init MODEL`), or give a model with --to',
        });
      }
      return loadSuite(file);
    }),
  );
}

async function adHoc(targets: readonly string[], to: readonly string[], args: Args): Promise<Suite> {
  const [model] = targets;
  const chains = many(args, 'chain').map((names) => names.split(',').map((name) => name.trim()));
  if (model === undefined || targets.length > 1) {
    throw new OnparError({
      code: 'usage',
      message: `--${to.length > 0 ? 'to' : 'chain'} converts one model, ${targets.length} were named`,
      fix: 'write `onpar run model.py:build --to onnx`; several models belong in a suite',
    });
  }
  if (to.length === 0 && chains.length === 0) {
    throw new OnparError({
      code: 'usage',
      message: `${model} is a model, and no format to convert it to was given`,
      fix: 'add --to onnx (or another format), or compare two existing models with `onpar compare`',
    });
  }
  const { adHocSuite, parseInput } = await import('../../suite/adhoc.ts');
  const request: AdHoc = {
    source: model,
    artifacts: [],
    to,
    exporter: one(args, 'exporter'),
    chains,
    options: Object.fromEntries(pairs(args, 'option', 'NAME=value').map(([name, text]) => [name, optionValue(text)])),
    weights: one(args, 'weights'),
    inputs: Object.fromEntries(many(args, 'input').map(parseInput)),
    runtimes: [],
    title: `${model} → ${[...to, ...chains.map((names) => names.join(' → '))].join(', ')}`,
  };
  return adHocSuite(request);
}
