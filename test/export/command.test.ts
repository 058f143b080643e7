import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commandFiles, fillCommand } from '../../src/export/command.ts';
import { scratch, write } from '../scratch.ts';

describe('an exporter’s command line', () => {
  const values = {
    source: '/m/a b.onnx',
    weights: null,
    output: '/o/model.onnx',
    options: '{"a":1}',
    python: null,
    root: '/m',
  };
  test('placeholders are filled, also inside an argument; a value is never read again', () => {
    expect(fillCommand(['x', '--in={source}', '{output}', '{options}'], values)).toEqual([
      'x',
      '--in=/m/a b.onnx',
      '/o/model.onnx',
      '{"a":1}',
    ]);
    expect(fillCommand(['{source}'], { ...values, source: '/m/{root}/x' })).toEqual(['/m/{root}/x']);
  });
  test('braces that are no placeholder stay: JSON and awk use them, too', () => {
    expect(fillCommand(['{"opset": 18}', '{ print $1 }', '{}'], values)).toEqual([
      '{"opset": 18}',
      '{ print $1 }',
      '{}',
    ]);
  });
  test('an unknown one, and one without a value', () => {
    expect(() => fillCommand(['{sorce}'], values)).toThrow(
      expect.objectContaining({
        code: 'unknown-placeholder',
        message: 'exporter command: unknown placeholder `{sorce}`',
        fix: 'did you mean `source`? allowed: source, weights, output, options, python, root',
      }),
    );
    expect(() => fillCommand(['{weights}'], values)).toThrow(
      expect.objectContaining({ code: 'placeholder-empty', fix: 'add `weights:` to the case' }),
    );
    expect(() => fillCommand(['{python}'], values)).toThrow(expect.objectContaining({ fix: 'remove `{python}`' }));
  });
  test('its own files below the suite’s folder belong to the step; programs and other words do not', () => {
    const dir = scratch();
    write(dir, 'tools/convert.py', '');
    expect(commandFiles(['python3', 'tools/convert.py', '{source}', '--opset', '18', '/bin/sh', '.'], dir)).toEqual([
      join(dir, 'tools', 'convert.py'),
    ]);
  });
});
