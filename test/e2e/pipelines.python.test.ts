import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratch, write } from '../scratch.ts';
import { onpar, readReport, withModels } from './onpar.ts';

const shape = ['batch', 6];
const to = { to: 'onnx', run: 'onnxruntime-node' };

test('a scaler of scikit-learn in front of a PyTorch network: both joints and the end hold', async () => {
  const dir = withModels(scratch(), 'scaled.py');
  const scaled = {
    samples: 'portfolio:3',
    stages: {
      scale: {
        source: 'sklearn:scaled.py:scaler',
        python: 'managed',
        inputs: { x: { dtype: 'float32', shape } },
        convert: to,
      },
      decide: {
        source: 'scaled.py:classifier',
        python: 'managed',
        inputs: { features: { dtype: 'float32', shape } },
        from: { features: 'scale.output' },
        convert: to,
      },
    },
  };
  write(dir, 'onpar.json', JSON.stringify({ pipelines: { scaled } }));
  await onpar(['run', '--out', 'out'], { cwd: dir, deadlineMs: 110_000 });
  const cases = readReport(join(dir, 'out')).cases;
  expect(cases.map((c) => [c.id, c.verdict, c.grade])).toEqual([
    ['scaled/scale/onnx@onnxruntime-node', 'pass', 'equivalent'],
    ['scaled/decide/onnx@onnxruntime-node', 'pass', 'equivalent'],
    ['scaled/end', 'pass', 'equivalent'],
  ]);
  // Scaled by the reference, not drawn: the joint holds what the stage before made of the samples.
  expect(cases[1]?.samples.map((s) => s.id)).toEqual(cases[0]?.samples.map((s) => s.id));
}, 120_000);
