import * as z from 'zod';
import { dim } from '../records/contract.ts';
import { IMAGE_CHANNELS, IMAGE_FILTERS, IMAGE_LAYOUTS, IMAGE_RESIZES } from '../records/images.ts';
import { distribution, inputRole } from '../records/rules.ts';
import { DTYPES } from '../tensor/dtype.ts';
import { chainSetting, exporterSetting } from './exporter-schema.ts';
import { stateSetting, stepsSetting } from './state-schema.ts';
import { toleranceSetting } from './tolerance-schema.ts';

/**
 * What a user may write. One schema: the types, the checks, the published JSON Schema (schemas/suite.json) and the
 * documentation come from here.
 */
const inputSetting = z.strictObject({
  dtype: z.enum(DTYPES).optional(),
  shape: z.array(dim).optional().describe('Numbers are fixed sizes, names are dynamic dimensions: [batch, 1, 8, 8]'),
  range: z.tuple([z.number(), z.number()]).optional().describe('Legal values, inclusive'),
  values: z
    .array(z.union([z.number(), z.string()]))
    .nonempty()
    .optional()
    .describe('The only legal values'),
  distribution: distribution
    .optional()
    .describe(
      'How values lie: `{ normal: { mean: 0, std: 1 } }`, `uniform: { low, high }`, `lognormal: { mean, sigma }`, `exponential: { rate }`',
    ),
  generator: z
    .string()
    .optional()
    .describe(
      'Your own function, the default export of a file below the suite’s folder or of a module: `(input, random, sample) => values` fills `input.shape`',
    ),
  role: inputRole
    .optional()
    .describe(
      'What it means to the model, where that is not read from an ONNX graph: decides legal values and which data are tried',
    ),
});
export type InputSetting = z.infer<typeof inputSetting>;

const options = z.record(z.string(), z.unknown());

const runtimeSetting = z.union([
  z.string(),
  z.strictObject({
    runtime: z.string(),
    name: z.string().optional(),
    options: options.optional(),
    optional: z.boolean().optional(),
  }),
]);

const expectSetting = z.strictObject({
  fail: z.string().min(1).describe('Why this conversion is known to fail'),
  until: z
    .union([z.iso.date(), z.date().transform((d) => d.toISOString().slice(0, 10))])
    .optional()
    .describe('The day after which the failure is no longer excused'),
  owner: z.string().optional(),
});

const pixels = z.number().int().positive();

const imageSetting = z.strictObject({
  images: z
    .string()
    .describe(
      'A folder of png, jpg, webp, gif or tiff files (subfolders too), or one of them; needs the package `sharp`',
    ),
  input: z.string().optional().describe('The input that takes them; default: the only one that looks like a picture'),
  size: z
    .tuple([pixels, pixels])
    .optional()
    .describe('Height and width that the model gets; default: from the input’s shape, or `dims`'),
  resize: z
    .union([z.enum(IMAGE_RESIZES), z.strictObject({ 'shorter-side': pixels })])
    .optional()
    .describe(
      '`shorter-side` (default: covers the size, then the middle is cut out; `{ shorter-side: 256 }` for a larger one), `stretch`, `pad` (fits into the size, black around it), `none`',
    ),
  crop: z.enum(['center']).optional().describe('Cut out the middle; `shorter-side` always does'),
  filter: z.enum(IMAGE_FILTERS).optional().describe('How pixels are interpolated (default `linear`)'),
  channels: z.enum(IMAGE_CHANNELS).optional().describe('Default: `gray` for one channel, `RGB` for three'),
  layout: z.enum(IMAGE_LAYOUTS).optional().describe('Where the channels are; default: from the input’s shape'),
  scale: z
    .tuple([z.number(), z.number()])
    .optional()
    .describe(
      'What the pixel values 0 and 255 become; default: the input’s `range`, [0, 255] for integers, else [0, 1]',
    ),
  mean: z
    .union([z.number(), z.array(z.number()).nonempty()])
    .optional()
    .describe('Taken off after scaling: one number, or one for each channel in the order that the model gets'),
  std: z
    .union([z.number().positive(), z.array(z.number().positive()).nonempty()])
    .optional()
    .describe('Divided by after `mean`'),
  limit: pixels.optional().describe('How many pictures at most, evenly spaced over the sorted names (default 64)'),
});
export type ImageSetting = z.infer<typeof imageSetting>;

const sampleSetting = z.union([z.string(), imageSetting]);
const samplesSetting = z.union([sampleSetting, z.array(sampleSetting).nonempty()]);
export type SamplesSetting = z.infer<typeof samplesSetting>;

const convertSetting = z.strictObject({
  to: z
    .string()
    .optional()
    .describe('The format to convert to, or `same` for the same model under another runtime or version'),
  artifact: z.string().optional().describe('An existing converted model: no export is run'),
  chain: chainSetting
    .optional()
    .describe(
      'Exporters one behind the other, `[torch-onnx, onnx-simplify, openvino]` or `{ exporter, options, to, tolerance }` each: every link is compared with the source, so that the one that broke parity is named',
    ),
  name: z.string().optional().describe('Stands in the id `<case>/<name>@<runtime>`; default: the target format'),
  exporter: exporterSetting
    .optional()
    .describe('Name of an exporter, or `{ command: […] }`; default: the one from the source’s format'),
  options: options.optional().describe('Options of the exporter: docs/exporters-and-runtimes.md'),
  run: z
    .union([runtimeSetting, z.array(runtimeSetting).nonempty()])
    .optional()
    .describe(
      'Runtimes that execute the result, also in another version (`onnxruntime@1.30.0`); default: the format’s own',
    ),
  tolerance: toleranceSetting.optional(),
  outputs: z.record(z.string(), z.string()).optional().describe('Reference output → candidate output'),
  inputs: z.record(z.string(), z.string()).optional().describe('Reference input → candidate input'),
  samples: samplesSetting.optional().describe('Other samples than the case’s'),
  expect: expectSetting.optional().describe('A failure that is known: reported, but it does not gate'),
  optional: z
    .boolean()
    .optional()
    .describe('A runtime that is not available here skips this conversion without failing the run'),
  python: z.string().optional().describe('With `to: same`: another interpreter or environment for the candidate'),
  tags: z.array(z.string()).optional(),
});
export type ConvertSetting = z.infer<typeof convertSetting>;

const caseSetting = z.strictObject({
  source: z
    .string()
    .describe(
      'model.py:build, model.keras, saved_model/, frozen.pb, model.joblib, model.onnx …; `format:path` forces a format',
    ),
  weights: z
    .string()
    .optional()
    .describe('Weights (.safetensors, or .pt read weights-only) that are loaded into what the code returns'),
  inputs: z
    .record(z.string(), inputSetting)
    .optional()
    .describe('What the model takes, where it does not say so itself, and which values are legal'),
  dims: z
    .record(z.string(), z.array(z.number().int().nonnegative()).nonempty())
    .optional()
    .describe('Sizes to try for each named dimension'),
  samples: samplesSetting
    .optional()
    .describe(
      '`portfolio`, `portfolio:5`, `special` (NaN, infinities, denormals: judged apart), data files (npy, npz, safetensors, csv, json), and pictures: `{ images: photos/, … }`',
    ),
  labels: z
    .union([z.string(), z.array(z.string()).nonempty()])
    .optional()
    .describe('Tensors or columns of the data files that are no inputs: what the model should have answered'),
  state: stateSetting
    .optional()
    .describe('Outputs that are inputs of the next step: `{ h_out: h }`. A sample is then a sequence of steps'),
  steps: stepsSetting.optional().describe('How many steps a sequence has (default 8), and what grows with them'),
  convert: z.union([convertSetting, z.array(convertSetting).nonempty()]).describe('The conversions to prove'),
  reference: z
    .strictObject({ runtime: z.string().optional(), options: options.optional() })
    .optional()
    .describe('Runtime of the original, also `NAME@VERSION`; default: its own framework'),
  tolerance: toleranceSetting.optional().describe('For all conversions of the case; default `auto`'),
  outputs: z.record(z.string(), z.string()).optional().describe('Reference output → candidate output'),
  ties: z.record(z.string(), z.string()).optional().describe('Label output → the scores it was taken from'),
  dynamic: z
    .array(z.string())
    .optional()
    .describe('Dimensions that every conversion must keep dynamic; default: every named dimension of `inputs`'),
  python: z.string().optional().describe('Interpreter or virtual environment that runs the source, or `managed`'),
  requirements: z.string().optional().describe('Requirements file: an environment is made from it'),
  trust: z
    .boolean()
    .optional()
    .describe(
      'Allow loading what runs code: pickles (.pkl, .joblib, old .pt) and exported programs (.pt2) of this case',
    ),
  network: z.boolean().optional().describe('Allow the model’s code to use the network'),
  timeout: z.number().positive().optional().describe('Seconds one export or observation may take (default 600)'),
  tags: z.array(z.string()).optional(),
  package: z.record(z.string(), z.unknown()).optional().describe('Name, version, licence … for `onpar pack`'),
});
export type CaseSetting = z.infer<typeof caseSetting>;

/** A stage is a case whose samples come from the stages before it. */
const stageSetting = caseSetting
  .omit({ samples: true, dims: true, labels: true, state: true, steps: true, tags: true, package: true })
  .extend({
    from: z
      .record(z.string(), z.string())
      .optional()
      .describe('Inputs that are outputs of an earlier stage: `{ features: pre.output }`; all others are samples'),
  });

const pipelineSetting = z.strictObject({
  stages: z
    .record(z.string(), stageSetting)
    .describe('Stage → its model and conversion, in the order in which they run'),
  samples: caseSetting.shape.samples,
  dims: caseSetting.shape.dims,
  tags: caseSetting.shape.tags,
});

export const suiteSchema = z.strictObject({
  $schema: z.string().optional(),
  cases: z.record(z.string(), caseSetting).default({}).describe('Case id → case'),
  pipelines: z
    .record(z.string(), pipelineSetting)
    .optional()
    .describe('Models that feed each other, each converted by itself: judged at every joint and at the end'),
  seed: z.number().int().optional().describe('Seed of every random number (default 0)'),
  python: z.string().optional().describe('Default of every case'),
  requirements: z.string().optional().describe('Default of every case'),
  plugins: z
    .array(z.string())
    .nonempty()
    .optional()
    .describe(
      'Toolchains, runtimes and exporters from outside: folders with a toolchain.json, JavaScript files, or installed modules. They are code, and naming them is trusting them: docs/plugins.md',
    ),
  reporters: z
    .array(z.string())
    .nonempty()
    .optional()
    .describe('terminal, json, html, junit, markdown, github, or modules of your own'),
});
/** A suite as it is written in YAML, JSON or `defineSuite`. */
export type SuiteFile = z.input<typeof suiteSchema>;
