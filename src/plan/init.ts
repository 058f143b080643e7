import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { detectFormat } from '../formats/detect.ts';
import { readOnnx } from '../formats/onnx/summary.ts';
import type { Dim, TensorSpec } from '../records/contract.ts';

/** What `to:` a new suite proposes for each source format. */
const TARGET: Readonly<Record<string, string>> = {
  pytorch: 'onnx',
  torchscript: 'onnx',
  'torch-export': 'onnx',
  keras: 'tflite',
  savedmodel: 'tflite',
  graphdef: 'onnx',
  sklearn: 'onnx',
  xgboost: 'onnx',
  lightgbm: 'onnx',
  onnx: 'same',
  tflite: 'same',
  executorch: 'same',
};

/** Writes a commented suite for a model. Throws when the file exists, unless `force`. */
export function writeSuite(spec: string, file: string, force: boolean): string {
  const model = detectFormat(spec, { trust: true });
  if (existsSync(file) && !force) {
    throw new OnparError({
      code: 'file-exists',
      message: `${file} exists`,
      fix: 'name another with --out, or replace it with --force',
    });
  }
  const declared = model.format === 'onnx' ? readOnnx(model.path).inputs : [];
  const code = model.callable !== undefined;
  const id = basename(model.path)
    .replace(/\.[^.]+$/, '')
    .replaceAll(/[^\w.+-]+/g, '-');
  const lines = [
    '# yaml-language-server: $schema=./node_modules/onpar/schemas/suite.json',
    '# A suite lists the models that must still answer like the original after conversion. Run it: onpar run',
    'cases:',
    `  ${id}:`,
    `    source: ${JSON.stringify(spec)}`,
    ...(code ? ['    # weights: model.safetensors            # loaded into what the code returns'] : []),
    ...((model.format === 'sklearn' || model.format === 'torch-export') && !code && !/\.skops$/i.test(model.path)
      ? [
          `    trust: true                            # ${model.format === 'sklearn' ? 'a joblib file is a pickle' : 'a .pt2 file holds code'}: load it only if you trust who made it`,
        ]
      : []),
    ...inputLines(declared, code, code && /^def example_inputs\b/m.test(readFileSync(model.path, 'utf8'))),
    '    # samples: [portfolio, test-data.npz]   # the built-in portfolio and your own data',
    '    convert:',
    `      - to: ${TARGET[model.format] ?? 'onnx'}`,
    '        # exporter: torch-onnx',
    '        # options: { opset: 20 }',
    '        # run: [onnxruntime-node, onnxruntime]',
    '        # tolerance: auto                   # or float16, rtol=1e-3,atol=1e-5, {relative: "0.1%"}, "cosine > 0.9999"',
    '        # expect: { fail: "reason", until: 2027-01-31 }',
    '',
  ];
  writeFileSync(file, lines.join('\n'));
  return file;
}

function inputLines(declared: readonly TensorSpec[], code: boolean, examples: boolean): string[] {
  if (examples)
    return [
      '    # inputs:                              # example_inputs() tells them; name dynamic dimensions here',
      '    #   image: { dtype: float32, shape: [batch, 3, 224, 224], range: [0, 1] }',
    ];
  if (declared.length === 0) {
    return code
      ? [
          '    inputs:                                # numbers are fixed sizes, names are dynamic dimensions',
          '      input: { dtype: float32, shape: [batch, 3, 224, 224], range: [0, 1] }',
        ]
      : [
          '    # inputs:                              # the model declares them; add what it cannot say',
          '    #   image: { range: [0, 255] }',
        ];
  }
  return [
    '    inputs:',
    ...declared.map(
      (s) =>
        `      ${JSON.stringify(s.name)}: { dtype: ${s.dtype ?? 'float32'}, shape: [${(s.shape ?? []).map(dimText).join(', ')}] }   # range: [lo, hi]`,
    ),
  ];
}

const dimText = (d: Dim): string => (d === null ? 'null' : typeof d === 'number' ? String(d) : JSON.stringify(d));
