import { describe, expect, test } from 'vitest';
import { allowedValues, nearest } from '../../src/core/nearest.ts';

describe('nearest', () => {
  test.each([
    ['sorce', ['weights', 'source', 'samples'], 'source'],
    ['TFLITE', ['onnx', 'tflite'], 'tflite'],
    ['onnxruntime-nod', ['onnxruntime', 'onnxruntime-node'], 'onnxruntime-node'],
    ['xylophone', ['onnx', 'tflite'], undefined],
    ['x', [], undefined],
    ['to', ['to', 'top'], 'to'],
  ])('%s', (value, allowed, expected) => expect(nearest(value, allowed)).toBe(expected));
  test('the fix line names the nearest first, then all', () => {
    expect(allowedValues('onx', ['onnx', 'tflite'])).toBe('did you mean `onnx`? allowed: onnx, tflite');
    expect(allowedValues('xylophone', ['onnx'])).toBe('allowed: onnx');
  });
});
