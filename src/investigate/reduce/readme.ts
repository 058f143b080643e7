import type { Bundle, BundleEnvironment } from '../../records/bundle.ts';

/** What a bundle shows, how to see it, and a text for the issue of whoever makes the runtime or the exporter. */
export function readmeOf(bundle: Bundle, environment: BundleEnvironment): string {
  const { nodes, runtime, tolerance } = bundle;
  const shown = nodes.operators.slice(0, 12).join(', ');
  const version = runtime.version === null ? runtime.name : `${runtime.name} ${runtime.version}`;
  const options = Object.entries(runtime.options).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  return `# A model that ${whatFails(bundle)}

\`model.onnx\` is a part of a larger model (${nodes.after} of ${nodes.before} nodes: ${shown}${nodes.operators.length > 12 ? ', …' : ''}) that fails alone as the whole model does${beforeText(bundle)}.

## See it

    pip install onnxruntime numpy
    python repro.py

It prints what is expected, what comes out and the largest difference relative to the root mean square of what is expected, and ends with 1 while that is above ${tolerance}.${runtime.name.startsWith('onnxruntime') ? '' : ` The failure was seen in ${runtime.name}; the script runs onnxruntime, where it need not show.`} \`onpar replay FOLDER\` does it in ${version}.

## What is in it

| file | |
| --- | --- |
| \`model.onnx\` | the failing part; doc strings and metadata are removed, names are the original's |
${bundle.reference === null ? '' : '| `reference.onnx` | the same part of the reference; `bundle.json` tells which input and output is which |\n'}| \`inputs.npz\` | ${INPUTS[bundle.inputValues]} |
${bundle.expected === null ? '' : `| \`expected.npz\` | ${bundle.expectedFrom === null ? '' : EXPECTED[bundle.expectedFrom]} |\n`}${bundle.got === null ? '' : '| `got.npz` | what the model answered |\n'}| \`bundle.json\`, \`environment.json\` | the same for programs; where it was seen |

Weights: ${WEIGHTS[bundle.weights]}

## For an issue

> ${upstream(bundle, version)}
>
> - Operators: ${shown}
> - ${version}${options.length === 0 ? '' : `, ${options.join(', ')}`}
> - ${environment.os}, ${environment.arch}, ${environment.cpu}
>
> \`python repro.py\` shows it with onnxruntime and numpy alone.
`;
}

const whatFails = ({ failure, expectedFrom }: Bundle): string => {
  if (failure.kind === 'code') return `does not run (${failure.code})`;
  if (failure.kind === 'nonfinite') return 'gives NaN or infinity where there should be none';
  return `is off by ${size(failure.error)} of the root mean square of what ${expectedFrom === 'reference-model' ? 'the reference answers' : 'it should answer'}`;
};

const size = (error: Bundle['failure']['error']): string => Number(error).toPrecision(3);

const beforeText = ({ failure }: Bundle): string =>
  failure.before === null || failure.kind !== 'value'
    ? ''
    : ` (where the search began it was off by ${size(failure.before)})`;

const INPUTS: Readonly<Record<Bundle['inputValues'], string>> = {
  random: 'seeded random numbers, made for this',
  rounded: 'values from the failing run, rounded to three digits: they follow from the sample that failed',
  recorded: 'values from the failing run: they follow from the sample that failed',
};

const EXPECTED: Readonly<Record<NonNullable<Bundle['expectedFrom']>, string>> = {
  'reference-model': 'what `reference.onnx` answers to these inputs',
  unchanged: 'the input itself, which the reference hands on unchanged',
  mended: 'what the same model answers to these inputs once the cause that was proven is mended in it',
  float64: 'what the same model answers to these inputs in float64',
  unoptimised: "what the same model answers to these inputs with the runtime's optimiser off",
  recorded: 'what the reference had there in the failing run',
};

const WEIGHTS: Readonly<Record<Bundle['weights'], string>> = {
  none: 'there are none of 16 numbers or more.',
  random: 'replaced by seeded random numbers; the failure survives it.',
  partly:
    "some are replaced by seeded random numbers, the rest are the original model's (those that the two sides do not share, or that say where or how much). Look at them before you share this.",
  original:
    "the original model's: the failure needs them, or nothing could tell what is right with others. Look at them before you share this.",
};

const upstream = ({ failure, expectedFrom, nodes }: Bundle, version: string): string => {
  const what = `A model of ${nodes.after} node${nodes.after === 1 ? '' : 's'}`;
  if (failure.kind === 'code') return `${what} does not run in ${version}: ${failure.message ?? failure.code}`;
  const judge =
    expectedFrom === 'unoptimised'
      ? 'the same model with graph optimisation off'
      : expectedFrom === 'float64'
        ? 'the same model evaluated in float64'
        : expectedFrom === 'mended'
          ? 'the same model with its fault mended'
          : 'the original model';
  return failure.kind === 'nonfinite'
    ? `${what} gives NaN or infinity in ${version} where ${judge} gives finite numbers.`
    : `${what} differs in ${version} from ${judge} by ${size(failure.error)} of the output's root mean square.`;
};
