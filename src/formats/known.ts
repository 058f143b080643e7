/**
 * Every format that a model can have, as it is written in suites, `--to` and `format:path`.
 * `pytorch`, `keras` and `sklearn` name both saved files and Python code that builds the model; `jax` is code alone.
 */
export const KNOWN_FORMATS = [
  'pytorch',
  'torchscript',
  'torch-export',
  'huggingface',
  'jax',
  'tokenizer',
  'preprocess',
  'audio',
  'keras',
  'savedmodel',
  'graphdef',
  'tflite',
  'executorch',
  'tfjs',
  'sklearn',
  'xgboost',
  'lightgbm',
  'onnx',
  'openvino',
  'tensors',
  'served',
  'worker',
] as const;

export type Format = (typeof KNOWN_FORMATS)[number];

export const isFormat = (name: string): name is Format => (KNOWN_FORMATS as readonly string[]).includes(name);
