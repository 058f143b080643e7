import { writeOnnx } from '../../src/formats/onnx/read.ts';
import type { Dtype } from '../../src/tensor/dtype.ts';
import { info, model, node, tensor } from '../formats/build-onnx.ts';
import { write } from '../scratch.ts';

/** Each input comes out as it went in, and of any length. */
export function writeEcho(path: string, dtypes: readonly Dtype[]): string {
  const ends = (side: string) => dtypes.map((dtype) => info(`${side}_${dtype}`, dtype, ['n']));
  writeOnnx(
    path,
    model({
      node: dtypes.map((dtype) => node('Identity', `in_${dtype}`, `out_${dtype}`)),
      input: ends('in'),
      output: ends('out'),
    }),
  );
  return path;
}

/** Adds one as often as its input says: a sample decides how long it computes. */
export function writeCounting(path: string): string {
  const body = {
    name: 'body',
    node: [node('Identity', 'go', 'on'), node('Add', 'sum one', 'more')],
    input: [info('i', 'int64', []), info('go', 'bool', []), info('sum', 'float32', [])],
    output: [info('on', 'bool', []), info('more', 'float32', [])],
  };
  writeOnnx(
    path,
    model({
      node: [node('Loop', 'times _ zero', 'count', { body: { g: body } })],
      input: [info('times', 'int64', [])],
      output: [info('count', 'float32', [])],
      initializer: [tensor('zero', 'float32', [], [0]), tensor('one', 'float32', [], [1])],
    }),
  );
  return path;
}

/** A graph model of TensorFlow.js: x [?, 4] times a matrix of ones, one weight file. */
export function writeTfjs(dir: string): string {
  const type = (dtype: string) => ({ type: dtype });
  const dims = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size: String(size) })) });
  const json = {
    format: 'graph-model',
    modelTopology: {
      node: [
        { name: 'x', op: 'Placeholder', attr: { dtype: type('DT_FLOAT'), shape: { shape: dims(-1, 4) } } },
        {
          name: 'w',
          op: 'Const',
          attr: { dtype: type('DT_FLOAT'), value: { tensor: { dtype: 'DT_FLOAT', tensorShape: dims(4, 3) } } },
        },
        {
          name: 'y',
          op: 'MatMul',
          input: ['x', 'w'],
          attr: { T: type('DT_FLOAT'), transpose_a: { b: false }, transpose_b: { b: false } },
        },
      ],
      library: {},
      versions: { producer: 1 },
    },
    signature: {
      inputs: { x: { name: 'x:0', dtype: 'DT_FLOAT', tensorShape: dims(-1, 4) } },
      outputs: { y: { name: 'y:0', dtype: 'DT_FLOAT', tensorShape: dims(-1, 3) } },
    },
    weightsManifest: [{ paths: ['w.bin'], weights: [{ name: 'w', shape: [4, 3], dtype: 'float32' }] }],
  };
  write(dir, 'w.bin', new Uint8Array(new Float32Array(12).fill(1).buffer));
  return write(dir, 'model.json', JSON.stringify(json));
}
