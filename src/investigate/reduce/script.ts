import type { Bundle } from '../../records/bundle.ts';

const LEVELS: Readonly<Record<string, string>> = {
  disabled: 'ORT_DISABLE_ALL',
  basic: 'ORT_ENABLE_BASIC',
  extended: 'ORT_ENABLE_EXTENDED',
  all: 'ORT_ENABLE_ALL',
};

/** A script that shows the failure with onnxruntime and numpy alone; it ends with 1 while the model fails. */
export function reproScript({ runtime, tolerance, expected }: Bundle): string {
  const { graphOptimizationLevel: level, intraOpNumThreads: threads } = runtime.options;
  const options = [
    ...(typeof level === 'string' && LEVELS[level] !== undefined
      ? [`options.graph_optimization_level = ort.GraphOptimizationLevel.${LEVELS[level]}`]
      : []),
    ...(typeof threads === 'number' && threads > 0 ? [`options.intra_op_num_threads = ${threads}`] : []),
  ];
  const compare =
    expected === null
      ? ['sys.exit("it runs now")'.replace('sys.exit', 'print')]
      : [
          `worst, expected = 0.0, np.load(here / "${expected}")`,
          'for output, got in zip(session.get_outputs(), results):',
          '    print(output.name, "\\nexpected:", expected[output.name], "\\ngot:", got)',
          '    a, b = expected[output.name].astype(np.float64), np.asarray(got, np.float64)',
          '    unlike = (a != b) & ~(np.isnan(a) & np.isnan(b)) & ~(np.isfinite(a) & np.isfinite(b))',
          '    finite = np.isfinite(a) & np.isfinite(b)',
          '    scale = np.sqrt(np.mean(a[finite] ** 2)) if finite.any() else 0',
          '    apart = np.abs(a[finite] - b[finite]).max(initial=0) / (scale or 1)',
          '    worst = max(worst, np.inf if unlike.any() else apart)',
          `print("max difference, relative to rms:", worst, "allowed: ${tolerance}")`,
          `sys.exit(int(worst > ${tolerance}))`,
        ];
  return `${[
    'import sys',
    'from pathlib import Path',
    'import numpy as np',
    'import onnxruntime as ort',
    'here = Path(__file__).parent',
    'options = ort.SessionOptions()',
    ...options,
    'try:',
    '    session = ort.InferenceSession(str(here / "model.onnx"), options, providers=["CPUExecutionProvider"])',
    '    results = session.run(None, dict(np.load(here / "inputs.npz")))',
    'except Exception as error:',
    '    sys.exit(f"it does not run: {error}")',
    ...compare,
  ].join('\n')}\n`;
}
