import { resolve } from 'node:path';
import type { Bundle } from '../../records/bundle.ts';
import type { Command } from '../command.ts';
import { cacheFolder } from '../options/execution.ts';
import { one } from '../options/parse.ts';

export const replay: Command = {
  usage: 'replay <bundle>',
  describe: 'Run a reduced failure again: does it still fail, in this runtime, in that version?',
  options: (y) =>
    y
      .positional('bundle', {
        type: 'string',
        demandOption: true,
        describe: 'Folder that `onpar investigate RUN --reduce` wrote',
      })
      .option('runtime', {
        type: 'string',
        describe: 'Another runtime or version: onnxruntime@1.30.0 (default: what the bundle names)',
        group: 'Execution:',
      })
      .option('cache', {
        type: 'string',
        describe: 'Folder of the store (default: .onpar in this folder; ONPAR_CACHE)',
        group: 'Execution:',
      })
      .option('json', {
        type: 'boolean',
        describe: 'Print the answer as JSON to stdout and nothing else there',
        group: 'Output:',
      })
      .example('$0 replay reports/latest/artifacts/…/bundle', 'the failure as it was seen')
      .example('$0 replay bundle --runtime onnxruntime@1.30.0', 'whether another version mends it'),
  async run(args) {
    const [{ readBundle }, engine] = await Promise.all([
      import('../../engine/read-bundle.ts'),
      import('../../engine/replay.ts'),
    ]);
    const { bundle, folder } = readBundle(one(args, 'bundle') ?? '');
    const runtime = one(args, 'runtime');
    const abort = new AbortController();
    const onSignal = (): void => {
      if (abort.signal.aborted) process.exit(130);
      abort.abort();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
    try {
      const found = await engine.replay(folder, bundle, {
        ...(runtime === undefined ? {} : { runtime }),
        cacheDir: cacheFolder(args, resolve('.')),
        signal: abort.signal,
        emit: (event) => {
          if (event.type === 'install') process.stderr.write(`onpar: ${event.toolchain}: ${event.message}\n`);
        },
      });
      if (args.json === true)
        process.stdout.write(`${JSON.stringify({ before: bundle.failure, ...found }, null, 1)}\n`);
      else process.stdout.write(textOf(bundle, found));
      return found.agrees ? 0 : 1;
    } finally {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    }
  },
};

type Found = Awaited<ReturnType<typeof import('../../engine/replay.ts')['replay']>>;

function textOf(bundle: Bundle, { runtime, version, agrees, now }: Found): string {
  const then = `${bundle.runtime.name} ${bundle.runtime.version ?? ''}`.trim();
  const here = `${runtime} ${version ?? ''}`.trim();
  return `${[
    `then  ${then}: ${wordsOf(bundle.failure)}`,
    `now   ${here}: ${now === null ? 'no difference' : wordsOf(now)}`,
    agrees ? `it agrees now (allowed: ${bundle.tolerance})` : `it still fails (allowed: ${bundle.tolerance})`,
  ].join('\n')}\n`;
}

const wordsOf = ({ kind, error, code, message }: NonNullable<Found['now']>): string =>
  kind === 'code'
    ? `it does not run: ${code}${message === null ? '' : `: ${message}`}`
    : kind === 'nonfinite'
      ? 'NaN or infinity where there should be none'
      : `off by ${Number(error).toPrecision(4)}, relative to rms`;
