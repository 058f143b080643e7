import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { OnparError } from '../../src/core/errors.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { chooseSignature, endpointOf } from '../../src/formats/tflite/contract.ts';
import { isStateful, operatorMissing } from '../../src/formats/tflite/operators.ts';
import { readTflite } from '../../src/formats/tflite/read.ts';
import { decodeStrings, encodeStrings } from '../../src/formats/tflite/strings.ts';
import type { IoContract } from '../../src/records/contract.ts';

const bytesOf = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(packageRoot, 'fixtures', 'models', 'tflite', `${name}.tflite`)));
const read = (name: string) => readTflite(bytesOf(name), `${name}.tflite`);

function contract(name: string, signature: string | null = null): IoContract {
  const model = read(name);
  const choice = chooseSignature(model, signature);
  if ('refused' in choice) throw new Error(choice.refused);
  return endpointOf(model, choice.chosen).contract;
}

describe('what a TFLite file says of itself', () => {
  it('names, dtypes and dynamic sizes of a signature, in the order of its graph', () => {
    expect(contract('signatures', 'scale')).toEqual({
      inputs: [
        { name: 'bias', dtype: 'float32', shape: [2] },
        { name: 'x', dtype: 'float32', shape: [null, 3] },
      ],
      outputs: [
        { name: 'scaled', dtype: 'float32', shape: [null, 2] },
        { name: 'absolute', dtype: 'float32', shape: [null, 3] },
      ],
      names: 'declared',
    });
    expect(contract('signatures', 'sum').outputs).toEqual([{ name: 'total', dtype: 'float32', shape: [] }]);
  });

  it('which signatures there are, where the choice is open or wrong', () => {
    expect(chooseSignature(read('signatures'), null)).toEqual({ refused: 'it has several signatures: scale, sum' });
    expect(chooseSignature(read('signatures'), 'max')).toEqual({
      refused: 'it has no signature max; it has scale, sum',
    });
  });

  it('quantisation parameters', () => {
    const { inputs, outputs } = contract('dense-int8');
    expect(inputs[0]?.dtype).toBe('int8');
    expect(inputs[0]?.quantization?.scales[0]).toBeCloseTo(4 / 255, 4);
    expect(outputs[0]?.quantization?.zeroPoints).toEqual([-128]);
  });

  it('every element type', () => {
    const dtypes = contract('dtypes').inputs.map(({ name, dtype }) => [name, dtype]);
    for (const [name, dtype] of dtypes) expect(name).toBe(`in_${dtype}`);
    expect(dtypes).toHaveLength(9);
  });

  it('operators, and whether they keep something', () => {
    expect(read('custom').operators).toEqual([{ name: 'MatrixInverse', version: 1, isCustom: true, count: 1 }]);
    expect(read('dense-float').operators.map(({ name }) => name)).toEqual(['FULLY_CONNECTED']);
    expect([isStateful(read('stateful')), isStateful(read('dense-float'))]).toEqual([true, false]);
  });
});

describe('what a runtime says of an operator that it lacks', () => {
  const missing = (said: string) => operatorMissing(said, read('custom'), 'm.tflite', 'some runtime');
  it('custom operators by name', () => {
    expect(missing('Encountered unresolved custom op: MatrixInverse.\nSee instructions')).toMatchObject({
      code: 'operator-missing',
      message: 'm.tflite: some runtime has no kernel for the custom operator MatrixInverse (version 1)',
    });
  });
  it('built-in operators by name and version', () => {
    const said =
      "Didn't find op for builtin opcode 'FULLY_CONNECTED' version '99'. An older version might be supported.";
    expect(missing(said)?.message).toBe('m.tflite: some runtime has no kernel for FULLY_CONNECTED version 99');
  });
  it('nothing where something else is wrong', () => {
    expect(missing('Failed to allocate tensors')).toBeUndefined();
  });
});

it('names the file that is cut short, wherever it is cut', () => {
  const whole = bytesOf('signatures');
  let refused = 0;
  for (let length = 0; length < whole.length; length += 32) {
    try {
      readTflite(whole.subarray(0, length), 'cut.tflite');
    } catch (error) {
      expect(error).toBeInstanceOf(OnparError);
      expect((error as OnparError).code).toBe('model-load-failed');
      expect((error as OnparError).message).toContain('cut.tflite');
      refused++;
    }
  }
  // The end of a file holds what the reader does not look at.
  expect(refused).toBeGreaterThan(whole.length / 32 / 4);
});

it('survives bytes that are wrong: a model or an OnparError, and nothing else', () => {
  const whole = bytesOf('dtypes');
  for (let at = 8; at < whole.length; at += 7) {
    const damaged = whole.slice();
    damaged[at] = 0xff - (damaged[at] as number);
    try {
      const model = readTflite(damaged, 'damaged.tflite');
      expect(model.graphs.length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toBeInstanceOf(OnparError);
    }
  }
});

it('writes strings as TFLite lays them out, and reads them back out of a longer buffer', () => {
  const strings = ['', 'grün', 'two words', '漢字'];
  const bytes = encodeStrings(strings);
  const longer = new Uint8Array(bytes.length + 100);
  longer.set(bytes);
  expect(decodeStrings(longer)).toEqual(strings);
  expect(new Int32Array(bytes.buffer.slice(0, 8))).toEqual(new Int32Array([4, 24]));
  expect(() => decodeStrings(bytes.subarray(0, 30))).toThrow(RangeError);
});
