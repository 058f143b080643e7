import { expect, test } from 'vitest';
import { catalogue } from '../../src/engine/catalogue.ts';
import { planSuite } from '../../src/plan/plan.ts';
import { loadSuite } from '../../src/suite/load.ts';
import { withModels } from '../e2e/onpar.ts';
import { scratch, write } from '../scratch.ts';
import { onnxCase, plan, refused } from './scene.ts';

const chain = (text: string, rest = ''): string => onnxCase(`convert: { chain: ${text}${rest} }`);

test('n links are n conversions, each from the format that the one before it writes', async () => {
  const { conversions } = await plan(
    'cases:\n  a:\n    source: model.py\n    convert: { chain: [torch-onnx, onnx-simplify, openvino], run: [openvino, { runtime: openvino, name: full, options: { inferencePrecision: f32 } }], outputs: { x: y } }\n',
  );
  expect(conversions.map(({ id }) => id)).toEqual([
    'a/openvino.1-torch-onnx@onnxruntime-node',
    'a/openvino.2-onnx-simplify@onnxruntime-node',
    'a/openvino@openvino',
    'a/openvino@full',
  ]);
  expect(conversions.map((c) => c.chain?.earlier.map(({ id }) => id.replace(/^.*\.|@.*$/g, '')))).toEqual([
    [],
    ['1-torch-onnx'],
    ['1-torch-onnx', '2-onnx-simplify'],
    ['1-torch-onnx', '2-onnx-simplify'],
  ]);
  // What the suite says of the result's names holds for the result.
  expect(conversions.map(({ rules }) => Object.keys(rules.mapOutputs))).toEqual([[], [], ['x'], ['x']]);
});

test('a link has options and a tolerance of its own; one that is a command says what it writes', async () => {
  const { conversions } = await plan(
    chain(
      '[{ exporter: onnx-opset, options: { opset: 18 } }, { exporter: { name: mine, command: [cp, "{source}", "{output}"] }, to: onnx, tolerance: int8 }]',
      ', name: deploy, tolerance: float16',
    ),
  );
  expect(conversions.map(({ id, convert, rules }) => [id, convert.options, Object.values(rules.tolerances)])).toEqual([
    ['a/deploy.1-onnx-opset@onnxruntime-node', { opset: 18 }, [{ kind: 'preset', preset: 'float16' }]],
    ['a/deploy@onnxruntime-node', {}, [{ kind: 'preset', preset: 'int8' }]],
  ]);
});

test('a link that no runtime executes is passed through', async () => {
  const dir = withModels(scratch(), 'tiny-mlp.onnx');
  const suite = await loadSuite(
    write(dir, 'onpar.yaml', chain('[openvino, { exporter: { command: [x] }, to: onnx }]')),
  );
  const { exporters, runtimes } = catalogue();
  const without = runtimes.filter((r) => !r.formats.includes('openvino'));
  const { conversions } = planSuite(suite, { exporters, runtimes: without });
  expect(conversions.map(({ id }) => id)).toEqual(['a/onnx@onnxruntime-node']);
  expect(conversions[0]?.chain?.earlier.map((c) => c.candidate.runtime.name)).toEqual(['none']);
});

test('whoever selects a link gets those before it', async () => {
  const text = chain('[onnx-opset, onnx-simplify, onnx-optimize]');
  const { conversions } = await plan(text, { cases: ['a/onnx.2*'] });
  expect(conversions.map(({ id }) => id)).toEqual([
    'a/onnx.1-onnx-opset@onnxruntime-node',
    'a/onnx.2-onnx-simplify@onnxruntime-node',
  ]);
});

test.each<[string, string, string, RegExp, RegExp]>([
  [
    'a link that does not take what the one before it writes',
    '[onnx-simplify, openvino, onnx-optimize]',
    'chain-format',
    /link 3 of 3: `onnx-optimize` takes onnx, but the link before it writes openvino/,
    /openvino/,
  ],
  [
    'a first link for another source',
    '[torch-onnx, openvino]',
    'chain-format',
    /link 1 of 2: `torch-onnx` takes pytorch .*but the source is onnx/,
    /exporters that take onnx: .*onnx-optimize/,
  ],
  [
    'an unknown exporter',
    '[onnx-simplfy, openvino]',
    'unknown-exporter',
    /link 1 of 2: .*`onnx-simplfy`/,
    /did you mean `onnx-simplify`/,
  ],
  ['one link', '[openvino]', 'chain-short', /a chain of one link/, /exporter: openvino`, or add the next link/],
  [
    'a command that does not say what it writes',
    '[openvino, { exporter: { command: [x] } }]',
    'chain-format',
    /link 2 of 2: which format the command writes is not said/,
    /to: onnx/,
  ],
  [
    'a command that writes no model format',
    '[openvino, { exporter: { command: [x] }, to: onxn }]',
    'chain-format',
    /unknown format `onxn`/,
    /did you mean `onnx`/,
  ],
  [
    'a target that is not the exporter’s',
    '[{ exporter: onnx-simplify, to: tflite }, openvino]',
    'exporter-format',
    /turns onnx into onnx, not onnx into tflite/,
    /exporters that fit: onnx2tf/,
  ],
  [
    'an option that the link does not have',
    '[{ exporter: onnx-opset, options: { opsett: 18 } }, openvino]',
    'option-unknown',
    /`onnx-opset` has no option `opsett`/,
    /did you mean `opset`/,
  ],
])('%s', async (_name, text, code, message, fix) => {
  const error = await refused(chain(text));
  expect(error).toMatchObject({ code, message: expect.stringMatching(message), exitCode: 2 });
  expect(error.fix).toMatch(fix);
});

test.each([
  ['to: onnx', /one of .* not to and chain/],
  ['artifact: tiny-mlp.onnx', /not artifact and chain/],
  ['options: { opset: 18 }', /`options` stands beside `chain`/],
])('a chain beside `%s`', async (key, message) => {
  const error = await refused(chain('[onnx-opset, openvino]', `, ${key}`));
  expect(error).toMatchObject({ code: 'bad-convert', message: expect.stringMatching(message) });
});
