import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { detectFormat } from '../../src/formats/detect.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { serializeNpy } from '../../src/tensor/npy.ts';
import { errorOf, scratch } from '../tensor/helpers.ts';

const files = fileURLToPath(new URL('files', import.meta.url));

test.each([
  ['model.onnx', 'onnx'],
  ['external/model.onnx', 'onnx'],
  ['weights.pt', 'pytorch'],
  ['legacy.pt', 'pytorch'],
  ['script.pt', 'torchscript'],
  ['exported.pt2', 'torch-export'],
  ['model.keras', 'keras'],
  ['model.h5', 'keras'],
  ['latest-model.h5', 'keras'],
  ['frozen.pb', 'graphdef'],
  ['model.tflite', 'tflite'],
  ['model.pte', 'executorch'],
  ['plain.joblib', 'sklearn'],
  ['zlib.joblib', 'sklearn'],
  ['gzip.joblib', 'sklearn'],
  ['bz2.joblib', 'sklearn'],
  ['xz.joblib', 'sklearn'],
  ['model.pkl', 'sklearn'],
  ['saved_model', 'savedmodel'],
  ['saved_model/', 'savedmodel'],
])('%s is %s, whatever it is called', (name, format) => {
  expect(detectFormat(name, { root: files })).toEqual({ format, path: join(files, name.replace(/\/$/, '')) });
  if (format === 'savedmodel' || /bz2|xz/.test(name)) return;
  const dir = scratch();
  copyFileSync(join(files, name), join(dir, 'größe: a model.txt'));
  expect(detectFormat('größe: a model.txt', { root: dir }).format).toBe(format);
});

test('saved_model.pb stands for its folder', () => {
  expect(detectFormat('saved_model/saved_model.pb', { root: files })).toEqual({
    format: 'savedmodel',
    path: join(files, 'saved_model'),
  });
});

test('text formats, recorded tensors and addresses', () => {
  const dir = scratch();
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(dir, name), content);
  write('a', '<?xml version="1.0"?>\n<net name="m" version="11">');
  write('b', '{"format": "graph-model", "modelTopology": {}}');
  write('c', serializeNpy(tensorFrom('float32', [1], [1])));
  expect(detectFormat('a', { root: dir }).format).toBe('openvino');
  write('a', '\ufeff<?xml version="1.0"?>\n<!-- made by\nhand -->\n<net>');
  expect(detectFormat('a', { root: dir }).format).toBe('openvino');
  write('a', '<?xml version="1.0"?>\n<nets>');
  expect(() => detectFormat('a', { root: dir })).toThrow(/not a model/);
  write('m.xml', '<net name="m">');
  write('m.bin', new Uint8Array([0, 1, 2, 3]));
  expect(errorOf(() => detectFormat('m.bin', { root: dir })).fix).toContain('m.xml');
  expect(detectFormat('b', { root: dir }).format).toBe('tfjs');
  expect(detectFormat('c', { root: dir }).format).toBe('tensors');
  const address = 'https://host:8000/v2/models/m';
  expect(detectFormat(address)).toEqual({ format: 'served', path: address });
});

test('Python code is named by file and function', () => {
  const dir = scratch();
  const root = dir;
  mkdirSync(join(dir, 'my models'));
  for (const name of ['model.py', 'my models/größe:1.py', 'C:', 'a:b.py']) writeFileSync(join(dir, name), 'x');
  const path = join(dir, 'model.py');
  expect(detectFormat('model.py:make', { root })).toEqual({ format: 'pytorch', path, callable: 'make' });
  expect(detectFormat('model.py', { root })).toEqual({ format: 'pytorch', path, callable: 'build' });
  expect(detectFormat('keras:model.py:make', { root })).toEqual({ format: 'keras', path, callable: 'make' });
  expect(detectFormat('sklearn:model.py', { root })).toEqual({ format: 'sklearn', path, callable: 'build' });
  expect(detectFormat(`${path}:Net.small`, { root })).toEqual({ format: 'pytorch', path, callable: 'Net.small' });
  expect(detectFormat('my models/größe:1.py:größe', { root })).toEqual({
    format: 'pytorch',
    path: join(dir, 'my models/größe:1.py'),
    callable: 'größe',
  });
  expect(detectFormat('a:b.py', { root }).path).toBe(join(dir, 'a:b.py'));
});

test('a prefix forces the format, and an existing path wins over a prefix', () => {
  const dir = scratch();
  writeFileSync(join(dir, 'data.bin'), 'whatever');
  expect(detectFormat('onnx:data.bin', { root: dir })).toEqual({ format: 'onnx', path: join(dir, 'data.bin') });
  expect(detectFormat('ONNX:data.bin', { root: dir }).format).toBe('onnx');
  copyFileSync(join(files, 'model.tflite'), join(dir, 'onnx:data.bin'));
  expect(detectFormat('onnx:data.bin', { root: dir })).toEqual({ format: 'tflite', path: join(dir, 'onnx:data.bin') });
});

test('Windows paths are no prefixes', () => {
  const error = errorOf(() => detectFormat('C:\\models\\model.onnx'));
  expect(error.code).toBe('model-file-missing');
  expect(error.message).toContain('C:\\models\\model.onnx does not exist');
  expect(errorOf(() => detectFormat('C:\\models\\model.py:build')).message).toMatch(
    /^C:\\models\\model.py does not exist/,
  );
});

test('what runs code needs trust, and nothing else does', () => {
  for (const name of ['plain.joblib', 'zlib.joblib', 'model.pkl', 'legacy.pt', 'sklearn:xz.joblib', 'exported.pt2']) {
    expect(errorOf(() => detectFormat(name, { root: files, trust: false })).code, name).toBe('trust-required');
  }
  for (const name of ['weights.pt', 'script.pt', 'model.keras', 'model.onnx'])
    detectFormat(name, { root: files, trust: false });
  // It is no pickle, and holds code all the same.
  expect(errorOf(() => detectFormat('exported.pt2', { root: files, trust: false })).message).toBe(
    'exported.pt2 is an exported PyTorch program, and loading one runs whatever code it holds',
  );
});

/** The message and the fix of what `detectFormat` throws. */
function complaint(spec: string, root: string): { code: string; text: string } {
  const { code, message, fix = '' } = errorOf(() => detectFormat(spec, { root }));
  return { code, text: `${message} → ${fix}` };
}

test('errors name the file, what was found and the way out', () => {
  const dir = scratch();
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(dir, name), content);
  write('a.tflite', 'hello');
  write('empty.onnx', '');
  write('bytes.onnx', new Uint8Array([0xfe, 1, 2, 3]));
  write('lfs.onnx', 'version https://git-lfs.github.com/spec/v1\noid sha256:…');
  write('page.onnx', '<!DOCTYPE html><html>');
  write('model.py', 'x');
  mkdirSync(join(dir, 'export/1'), { recursive: true });
  mkdirSync(join(dir, 'nothing'));
  cpSync(join(files, 'saved_model'), join(dir, 'export/1'), { recursive: true });
  const shown = (spec: string) => {
    const { code, text } = complaint(spec, dir);
    return `${code}: ${text.replaceAll(dir, 'DIR')}`;
  };
  expect(shown('a.tflite')).toMatch(
    /^unrecognised-model: a.tflite is a text file \(first bytes "hello"\), not a model that onpar knows → formats: pytorch, .*force one with `format:path`, name code as `model.py:build`$/,
  );
  expect(shown('empty.onnx')).toBe('model-file-empty: empty.onnx is empty → export or download it again');
  expect(shown('bytes.onnx')).toContain('bytes.onnx is a binary file of an unknown kind (first bytes fe 01 02 03)');
  expect(shown('lfs.onnx')).toBe(
    'unrecognised-model: lfs.onnx is a Git LFS pointer, not the file itself, not a model that onpar knows → run `git lfs pull`',
  );
  expect(shown('page.onnx')).toContain('page.onnx is a web page');
  expect(shown('modle.py:build')).toBe('model-file-missing: modle.py does not exist → did you mean `model.py`?');
  expect(shown('zzzzzzzzzzzz')).toBe(
    'model-file-missing: zzzzzzzzzzzz does not exist → DIR holds a.tflite, bytes.onnx, empty.onnx, export, lfs.onnx, model.py, nothing, page.onnx',
  );
  expect(shown('no/such/model.onnx')).toContain('no/such/model.onnx does not exist, nor does its folder DIR/no/such');
  expect(shown('onxx:bytes.onnx')).toMatch(
    /^unknown-format: `onxx:bytes.onnx`: unknown format `onxx` → did you mean `onnx`\? allowed: /,
  );
  expect(shown('onnx:model.py')).toContain('model.py is Python code, which builds no onnx model');
  expect(shown('model.py:build()')).toContain(
    '`build()` is not the name of a Python function → write the name alone, as in `model.py:build`',
  );
  expect(shown('bytes.onnx:main')).toContain('only Python files have a callable');
  expect(shown('keras:')).toContain('`keras:` names no file');
  expect(shown(' ')).toContain('a model has an empty name');
  expect(shown('export')).toBe(
    'unrecognised-model: export is a folder without saved_model.pb; it holds 1 → did you mean `export/1`?',
  );
  expect(shown('nothing')).toContain('it holds nothing');
});

test('HDF5 without a model, and graphs that are no file of their own, are told with the way out', () => {
  const dir = scratch();
  for (const name of ['weights.h5', 'latest-weights.h5']) {
    const { code, text } = complaint(name, files);
    expect(code).toBe('unrecognised-model');
    expect(text).toContain(`${name} is an HDF5 file with weights of a Keras model but without its architecture`);
    expect(text).toContain('`source: keras:model.py:build` and `weights: FILE`');
  }
  // Attributes in a fractal heap are not read, nor is a file that is cut off: Keras itself then tells.
  expect(detectFormat('latest-many.h5', { root: files }).format).toBe('keras');
  const whole = new Uint8Array(readFileSync(join(files, 'weights.h5')));
  writeFileSync(join(dir, 'cut.h5'), whole.subarray(0, 90));
  expect(detectFormat('cut.h5', { root: dir }).format).toBe('keras');
  copyFileSync(join(files, 'saved_model/saved_model.pb'), join(dir, 'graph.pb'));
  expect(complaint('graph.pb', dir).text).toContain('is the main file of a SavedModel under another name');
  expect(complaint('frozen.pbtxt', files).text).toMatch(/is a TensorFlow graph written as text, .*as_text=False/);
});

test('a frozen graph that is cut off is still one, and one byte of another message is none', () => {
  const dir = scratch();
  const bytes = new Uint8Array(readFileSync(join(files, 'frozen.pb')));
  writeFileSync(join(dir, 'cut'), bytes.subarray(0, Math.floor(bytes.length / 2)));
  expect(detectFormat('cut', { root: dir }).format).toBe('graphdef');
  const other = bytes.slice();
  // Field 9 of wire type 2, which GraphDef does not have.
  other[0] = 0x4a;
  writeFileSync(join(dir, 'other'), other);
  expect(complaint('other', dir).code).toBe('unrecognised-model');
});

test('a zip that is cut off or holds something else is told as such', () => {
  const dir = scratch();
  const bytes = new Uint8Array(readFileSync(join(files, 'model.keras')));
  writeFileSync(join(dir, 'cut.keras'), bytes.subarray(0, 5000));
  expect(complaint('cut.keras', dir).text).toContain(
    'cut.keras is not a readable zip: it has no end record: truncated?',
  );
});
