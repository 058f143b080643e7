import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { detectFormat } from '../../src/formats/detect.ts';
import { digestModel, modelFiles } from '../../src/formats/model-files.ts';
import { externalDataOf } from '../../src/formats/onnx/external-data.ts';
import { ModelProtoSchema } from '../../src/formats/onnx/onnx_pb.generated.ts';
import { parseOnnx, serializeOnnx, writeOnnx } from '../../src/formats/onnx/read.ts';
import { readOnnx } from '../../src/formats/onnx/summary.ts';
import { errorOf, scratch } from '../tensor/helpers.ts';

const files = fileURLToPath(new URL('files', import.meta.url));
const model = join(files, 'model.onnx');
const external = join(files, 'external/model.onnx');

test('reads what an ONNX file says about itself', () => {
  expect(readOnnx(model)).toEqual({
    irVersion: 10,
    opsets: { 'ai.onnx': 20, 'com.example': 3 },
    producer: 'onpar-tests 1.0',
    graphName: 'main',
    inputs: [
      { name: 'x', dtype: 'float32', shape: ['batch', null, 8] },
      { name: 'flag', dtype: 'bool', shape: [] },
    ],
    outputs: [
      { name: 'y', dtype: 'float32', shape: null },
      { name: 'z', dtype: null, shape: ['batch', 0] },
      { name: 'seq', dtype: null, shape: null },
    ],
    nodeCount: 5,
    opTypes: { If: 1, MatMul: 1, Neg: 1, Relu: 1, 'com.example::FusedThing': 1 },
    externalData: [],
    metadata: { author: 'onpar', größe: '1' },
  });
  expect(readOnnx(external).externalData).toEqual(['model.onnx.data']);
});

test('what it read it writes byte for byte, and keeps fields it does not know', () => {
  for (const path of [model, external]) {
    const bytes = readFileSync(path);
    expect(Buffer.from(serializeOnnx(parseOnnx(path))).equals(bytes)).toBe(true);
  }
  const future = Buffer.concat([readFileSync(model), Buffer.from([0xfa, 0x06, 0x01, 0x41])]); // field 111, "A"
  expect(Buffer.from(serializeOnnx(parseOnnx(future, 'f'))).equals(future)).toBe(true);
});

test('an edited model is written and read back', () => {
  const path = join(scratch(), 'größe.onnx');
  const edited = parseOnnx(model);
  if (edited.graph?.output[0] !== undefined) edited.graph.output[0].name = 'renamed';
  writeOnnx(path, edited);
  expect(readOnnx(path).outputs[0]?.name).toBe('renamed');
});

test('truncated anywhere it is refused by name, never misread', () => {
  const bytes = new Uint8Array(readFileSync(model));
  const whole = JSON.stringify(readOnnx(model));
  for (let length = 0; length < bytes.length; length++) {
    try {
      // A cut between two fields leaves valid protobuf; it must not look like the whole model.
      expect(JSON.stringify(readOnnx(bytes.subarray(0, length), 'cut.onnx'))).not.toBe(whole);
    } catch (error) {
      expect(
        errorOf(() => {
          throw error;
        }),
      ).toMatchObject({ code: 'model-load-failed', message: expect.stringContaining('cut.onnx') });
    }
  }
  expect(errorOf(() => parseOnnx(new TextEncoder().encode('hello, world'), 'text.onnx')).message).toContain(
    'text.onnx is not',
  );
  expect(errorOf(() => parseOnnx(join(files, 'none.onnx'))).code).toBe('file-missing');
});

test('a file cut off inside its graph is still found to be ONNX', () => {
  const dir = scratch();
  writeFileSync(join(dir, 'cut'), readFileSync(model).subarray(0, 300));
  expect(detectFormat('cut', { root: dir }).format).toBe('onnx');
});

const withLocation = (location: string) =>
  serializeOnnx(
    create(ModelProtoSchema, {
      irVersion: 10n,
      graph: {
        node: [
          {
            opType: 'Constant',
            attribute: [
              {
                name: 'value',
                t: {
                  name: 'c',
                  dataLocation: 1,
                  externalData: [
                    { key: 'offset', value: '0' },
                    { key: 'location', value: location },
                  ],
                },
              },
            ],
          },
        ],
      },
    }),
  );

test('weights in other files are found wherever they hang, and only in the model’s own folder', () => {
  expect(externalDataOf(withLocation('sub/./weights.bin'), 'm')).toEqual(['sub/weights.bin']);
  for (const location of ['../secret', '/etc/passwd', 'C:\\x', 'a/../../b', '\\\\host\\share', '']) {
    const error = errorOf(() => externalDataOf(withLocation(location), 'm.onnx'));
    expect(error.message).toContain(`m.onnx keeps weights in ${JSON.stringify(location)}`);
  }
});

test('a scan for external data survives any damage', () => {
  const bytes = new Uint8Array(readFileSync(external));
  for (let i = 0; i < bytes.length; i++) {
    const damaged = bytes.slice();
    damaged[i] = (damaged[i] as number) ^ 0xff;
    try {
      externalDataOf(damaged, 'm');
    } catch (error) {
      expect(
        errorOf(() => {
          throw error;
        }).code,
      ).toBe('model-load-failed');
    }
  }
});

test('the files of a model, and a digest that follows each of them', () => {
  expect(modelFiles(external, 'onnx')).toEqual([external, join(files, 'external/model.onnx.data')]);
  expect(modelFiles(model, 'onnx')).toEqual([model]);
  expect(modelFiles('https://host/m', 'served')).toEqual([]);
  expect(modelFiles(join(files, 'saved_model'), 'savedmodel').map((f) => f.slice(files.length + 1))).toEqual([
    'saved_model/fingerprint.pb',
    'saved_model/saved_model.pb',
    'saved_model/variables/variables.data-00000-of-00001',
    'saved_model/variables/variables.index',
  ]);
  const dir = scratch();
  const path = join(dir, 'model.onnx');
  copyFileSync(external, path);
  const alone = digestModel(path, 'onnx');
  writeFileSync(join(dir, 'model.onnx.data'), 'a');
  const first = digestModel(path, 'onnx');
  writeFileSync(join(dir, 'model.onnx.data'), 'b');
  expect(new Set([alone, first, digestModel(path, 'onnx')]).size).toBe(3);
});
