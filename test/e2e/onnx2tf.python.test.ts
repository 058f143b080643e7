import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import type { Report } from '../../src/records/report.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { runSuite } from '../contracts/suite.ts';

/** Images in and a mask out, no two axes of one size; words that are no images; an operator that onnx2tf lacks. */
const FILES = `import numpy as np, onnx
from onnx import TensorProto as T, helper as h, numpy_helper

def save(name, nodes, inputs, outputs, stored=()):
    graph = h.make_graph(nodes, name, inputs, outputs, list(stored))
    opsets = [h.make_opsetid("", 17)]
    onnx.save(h.make_model(graph, opset_imports=opsets, ir_version=9), name + ".onnx")

value = lambda name, *shape: h.make_tensor_value_info(name, T.FLOAT, shape)
random = np.random.default_rng(0)
weights = numpy_helper.from_array(random.normal(size=(4, 3, 3, 3)).astype("float32"), "w")
flat = numpy_helper.from_array(np.array([1, 4]), "flat")
save("mask", [
    h.make_node("Conv", ["in.image", "w"], ["c"], name="conv", pads=[1, 1, 1, 1]),
    h.make_node("Relu", ["c"], ["mask"], name="relu"),
    h.make_node("GlobalAveragePool", ["mask"], ["p"], name="pool"),
    h.make_node("Reshape", ["p", "flat"], ["score"], name="reshape"),
], [value("in.image", 1, 3, 8, 10)], [value("mask", 1, 4, 8, 10), value("score", 1, 4)], [weights, flat])
step = numpy_helper.from_array(random.normal(size=(6, 5)).astype("float32"), "m")
save("words", [h.make_node("MatMul", ["words", "m"], ["out"], name="mix")],
     [value("words", 2, 7, 6)], [value("out", 2, 7, 5)], [step])
like = numpy_helper.from_array(np.array(4), "like")
save("lacking", [h.make_node("CastLike", ["x", "like"], ["y"], name="cast")],
     [value("x", 1, 4)], [h.make_tensor_value_info("y", T.INT64, [1, 4])], [like])
`;

let dir: string;
let report: Report;
let original: Buffer;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-onnx2tf-'));
  writeFileSync(join(dir, 'make.py'), FILES);
  for (const name of ['digits_cnn.py', 'digits_cnn.safetensors'])
    cpSync(join(packageRoot, 'fixtures', 'demo', name), join(dir, name));
  const { python } = await resolveEnvironment('onnx2tf', { python: 'managed', root: packageRoot }, () => {});
  execFileSync(python, ['make.py'], { cwd: dir });
  original = readFileSync(join(dir, 'mask.onnx'));
  const shared = { python: 'managed', samples: 'portfolio:3' };
  report = runSuite(dir, {
    cases: {
      mask: {
        ...shared,
        source: 'mask.onnx',
        convert: [
          { to: 'tflite', run: ['litert', 'litert-node'] },
          { to: 'savedmodel' },
          { to: 'tflite', name: 'uncalibrated', options: { precision: 'int8' } },
        ],
      },
      words: {
        ...shared,
        source: 'words.onnx',
        convert: [
          { to: 'tflite', options: { keepShape: ['words'] } },
          { to: 'tflite', name: 'misspelt', options: { keepShape: ['word'] } },
        ],
      },
      lacking: { ...shared, source: 'lacking.onnx', convert: { to: 'tflite' } },
      chained: {
        ...shared,
        source: 'digits_cnn.py:build',
        weights: 'digits_cnn.safetensors',
        inputs: { image: { dtype: 'float32', shape: [4, 1, 8, 8], range: [0, 16] } },
        convert: { chain: ['torch-onnx', 'onnx2tf'] },
      },
    },
  });
}, 300_000);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const found = (id: string) => {
  const c = report.cases.find((each) => each.id === id || each.id.startsWith(`${id}@`));
  if (c === undefined) throw new Error(`${id} is not in ${report.cases.map((each) => each.id).join(', ')}`);
  return c;
};
const error = (id: string) => found(id).findings.find((f) => f.severity === 'error');

it.each(['mask/tflite@litert', 'mask/tflite@litert-node', 'mask/savedmodel'])(
  '%s: axes that moved are declared, fed and read back',
  (id) => {
    const { verdict, artifact, findings } = found(id);
    expect([verdict, findings.filter((f) => f.severity === 'error')]).toEqual(['pass', []]);
    const layouts = artifact?.declared.map(({ side, name, layout }) => [side, name, layout]);
    expect(layouts).toEqual(
      expect.arrayContaining([
        ['input', 'in.image', [0, 2, 3, 1]],
        ['output', 'mask', [0, 2, 3, 1]],
      ]),
    );
  },
);

it('the original is left as it was, though onnx2tf simplifies in place', () => {
  expect(readFileSync(join(dir, 'mask.onnx')).equals(original)).toBe(true);
});

it('an input that is no image stays as it is', () => {
  const { verdict, artifact } = found('words/tflite');
  expect(verdict).toBe('pass');
  expect(artifact?.declared.filter((d) => d.side === 'input')).toEqual([]);
});

it.each([
  ['words/misspelt', 'bad-request', 'its inputs are words'],
  ['mask/uncalibrated', 'calibration-missing', 'calibration'],
  ['lacking/tflite', 'operator-unsupported', 'replace it'],
])('%s is refused as %s', (id, code, fix) => {
  expect(error(id)).toMatchObject({ code, args: { fix: expect.stringContaining(fix) } });
});

it('names the operator that it lacks', () => {
  expect(error('lacking/tflite')?.message).toContain('CastLike');
});

it('is the end of a chain from PyTorch, judged against PyTorch', () => {
  const { verdict, findings, artifact } = found('chained/tflite');
  expect([verdict, findings.filter((f) => f.severity === 'error')]).toEqual(['pass', []]);
  expect(artifact?.declared).toEqual(
    expect.arrayContaining([expect.objectContaining({ name: 'image', layout: [0, 2, 3, 1] })]),
  );
});
