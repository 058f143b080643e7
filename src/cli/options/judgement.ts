import type { Argv } from 'yargs';
import type { Overrides } from '../../suite/overrides.ts';
import { parseToleranceOptions } from '../../suite/tolerance-text.ts';
import { type Args, many, pairs } from './parse.ts';

/** How the answers are judged. */
export const judgementOptions = (y: Argv): Argv =>
  y
    .option('tolerance', {
      type: 'string',
      array: true,
      describe:
        'auto | float32 | float16 | bfloat16 | int8 | rtol=…,atol=… | relative=0.1% | an expression such as "cosine > 0.9999 and maxAbs < 1e-3" | a task gate: argmax=99%, topK=5,overlap=98%, accuracy=99%,labels=NAME, iou=0.9. For one output: NAME:rule',
      group: 'Judgement:',
    })
    .option('map-output', {
      type: 'string',
      array: true,
      describe: 'A renamed output: --map-output logits=dense_2',
      group: 'Judgement:',
    })
    .option('deep', {
      type: 'boolean',
      describe:
        'Slower checks of both models too: a process started afresh must give the same answers; which activations inside an ONNX model the samples never moved (default in suites; there `--no-deep` leaves them out)',
      group: 'Judgement:',
    });

export function judgementOverrides(args: Args): Pick<Overrides, 'tolerances' | 'mapOutputs' | 'deep'> {
  return {
    tolerances: parseToleranceOptions(many(args, 'tolerance')),
    deep: args.deep as boolean | undefined,
    mapOutputs: Object.fromEntries(pairs(args, 'map-output', 'REFERENCE=CANDIDATE')),
  };
}
