import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OnparError } from '../../src/core/errors.ts';
import { loadSuite } from '../../src/suite/load.ts';
import { scratch, write } from '../scratch.ts';

/** Loads a suite that must be refused; the error with the scratch folder's path as `<dir>`. */
async function refused(
  text: string,
  name = 'onpar.yaml',
): Promise<{ code: string; message: string; fix: string; exitCode: number }> {
  const dir = scratch();
  const file = write(dir, name, text);
  const error = await loadSuite(file).then(
    () => undefined,
    (e: unknown) => e,
  );
  if (!(error instanceof OnparError)) throw new Error(`not refused: ${String(error)}`);
  const plain = (t: string): string => t.replaceAll(dir, '<dir>');
  return { code: error.code, message: plain(error.message), fix: plain(error.fix ?? ''), exitCode: error.exitCode };
}

describe('a wrong key is named with its line and the nearest right one', () => {
  test('in a case', async () => {
    expect(await refused('cases:\n  a:\n    sorce: m.onnx\n    convert: { to: onnx }\n')).toMatchObject({
      code: 'unknown-key',
      message: expect.stringMatching(/^<dir>\/onpar\.yaml:3: unknown key `sorce` in `cases\.a`/),
      fix: expect.stringMatching(/^did you mean `source`\? allowed: source, weights, inputs,/),
      exitCode: 2,
    });
  });
  test('in a conversion, alone or in a list', async () => {
    const alone = await refused('cases:\n  a:\n    source: m.onnx\n    convert:\n      to: onnx\n      runn: litert\n');
    expect(alone.message).toBe('<dir>/onpar.yaml:6: unknown key `runn` in `cases.a.convert`');
    const inList = await refused(
      'cases:\n  a:\n    source: m.onnx\n    convert:\n      - { to: onnx }\n      - { to: tflite, exportr: x }\n',
    );
    expect(inList.message).toBe('<dir>/onpar.yaml:6: unknown key `exportr` in `cases.a.convert.1`');
    expect(inList.fix).toMatch(/^did you mean `exporter`\?/);
  });
  test('in a tolerance', async () => {
    const error = await refused(
      'cases:\n  a:\n    source: m.onnx\n    convert: { to: onnx }\n    tolerance: { atoll: 1 }\n',
    );
    expect(error.message).toBe('<dir>/onpar.yaml:5: unknown key `atoll` in `cases.a.tolerance`');
    expect(error.fix).toBe(
      'did you mean `atol`? allowed: atol, rtol, relative, argmax, axis, topK, overlap, accuracy, labels, threshold, iou, matched, format, scores, classes, scoreWithin, minScore',
    );
  });
  test('at the top', async () => {
    const error = await refused('sed: 3\ncases:\n  a: { source: m.onnx, convert: { to: onnx } }\n');
    expect(error.message).toBe('<dir>/onpar.yaml:1: unknown key `sed` in the suite');
    expect(error.fix).toMatch(/^did you mean `seed`\?/);
  });
});

describe('a wrong value is shown with what may stand there', () => {
  test.each([
    ['a text for a number', 'timeout: soon', '`cases.a.timeout` is "soon"', 'write a number'],
    ['a number for a text', 'weights: 5', '`cases.a.weights` is 5', 'write a string'],
    ['a negative timeout', 'timeout: -1', '`cases.a.timeout` is -1', '>0'],
    ['a fraction where a size belongs', 'dims: { batch: [1.5] }', '`cases.a.dims.batch.0` is 1.5', 'write an int'],
    ['an empty list of sizes', 'dims: { batch: [] }', '`cases.a.dims.batch` is []', '>=1 items'],
    [
      'a dtype that does not exist',
      'inputs: { x: { dtype: flot32 } }',
      '`cases.a.inputs.x.dtype` is "flot32"',
      'allowed: float64, float32, float16',
    ],
    ['half a range', 'inputs: { x: { range: [0] } }', '`cases.a.inputs.x.range', ''],
  ])('%s', async (_, line, message, fix) => {
    const error = await refused(`cases:\n  a:\n    source: m.onnx\n    ${line}\n    convert: { to: onnx }\n`);
    expect(error.message).toContain(`<dir>/onpar.yaml:4: ${message}`);
    expect(error.fix).toContain(fix);
    expect(error.exitCode).toBe(2);
  });
  test('a conversion that is none', async () => {
    const error = await refused('cases:\n  a:\n    source: m.onnx\n    convert: 7\n');
    expect(error.message).toBe('<dir>/onpar.yaml:4: `cases.a.convert` is 7');
    expect(error.fix).toMatch(/^write an object or array/);
  });
  test('no conversion at all', async () => {
    const error = await refused('cases:\n  a:\n    source: m.onnx\n    convert: []\n');
    expect(error.message).toBe('<dir>/onpar.yaml:4: `cases.a.convert` is []');
  });
  test('a case without content', async () => {
    expect((await refused('cases:\n  a:\n')).message).toBe('<dir>/onpar.yaml:2: `cases.a` is null');
  });
  test('a list instead of a suite', async () => {
    expect((await refused('- a\n')).message).toBe('<dir>/onpar.yaml:1: the suite is ["a"]');
  });
  test('several mistakes: the first, and how many more', async () => {
    const error = await refused('cases:\n  a:\n    source: 5\n    timeout: x\n    convert: { to: onnx }\n');
    expect(error.message).toMatch(/`cases\.a\.source` is 5 \(and 1 more\)$/);
  });
});

describe('a missing key is named', () => {
  test('the source', async () => {
    const error = await refused('cases:\n  a:\n    convert: { to: onnx }\n');
    expect(error.message).toBe('<dir>/onpar.yaml:3: `cases.a` lacks the key `source` (string)');
    expect(error.fix).toBe('add `source:`; see `onpar init` for a commented suite');
  });
  test('the conversion', async () => {
    const error = await refused('cases:\n  a:\n    source: m.onnx\n');
    expect(error.message).toBe('<dir>/onpar.yaml:3: `cases.a` lacks the key `convert` (object or array)');
  });
  test('the cases, where no pipeline stands in for them', async () => {
    expect(await refused('seed: 1\n')).toMatchObject({
      message: '<dir>/onpar.yaml: the suite has no case, so it proves nothing',
      fix: expect.stringContaining('`cases:`'),
    });
  });
});

describe('syntax', () => {
  test('bad YAML: the line', async () => {
    const error = await refused('cases:\n  a: [\n    source: m.onnx\n');
    expect(error.message).toMatch(/^<dir>\/onpar\.yaml:4: not valid YAML: Flow sequence/);
    expect(error.message).not.toMatch(/column \d+:?$/);
    expect(error.fix).toBe('mend the syntax at that line');
  });
  test('a key twice: the line of the second', async () => {
    const error = await refused(
      'cases:\n  a: { source: m.onnx, convert: { to: onnx } }\n  a: { source: n.onnx, convert: { to: onnx } }\n',
    );
    expect(error.message).toBe('<dir>/onpar.yaml:3: not valid YAML: Map keys must be unique');
  });
  test('bad JSON is called JSON', async () => {
    expect((await refused('{ "cases": {,} }', 'onpar.json')).message).toMatch(
      /^<dir>\/onpar\.json:1: not valid JSON: /,
    );
  });
  test('code that raises: its message, no line of ours', async () => {
    const error = await refused('throw new Error("no luck");\nexport default {};\n', 'onpar.config.ts');
    expect(error.message).toBe('<dir>/onpar.config.ts: the suite’s code failed: no luck');
    expect(error.fix).toBe('mend onpar.config.ts; it must default-export defineSuite({ cases: … })');
  });
  test('a folder that is called like a suite', async () => {
    const dir = scratch();
    mkdirSync(join(dir, 'onpar.yaml'));
    await expect(loadSuite(join(dir, 'onpar.yaml'))).rejects.toMatchObject({
      code: 'file-missing',
      exitCode: 2,
      message: expect.stringContaining('is a folder'),
    });
  });
  test('a suite that does not exist', async () => {
    await expect(loadSuite(join(scratch(), 'onpar.yaml'))).rejects.toMatchObject({
      code: 'file-missing',
      exitCode: 2,
      fix: expect.stringContaining('onpar init'),
    });
  });
});

describe('a suite that proves nothing is refused', () => {
  test.each([
    ['no case', 'cases: {}\n'],
    ['an empty file', ''],
    ['only a comment', '# later\n'],
  ])('%s', async (_, text) => {
    expect(await refused(text)).toMatchObject({
      code: 'empty-suite',
      message: '<dir>/onpar.yaml: the suite has no case, so it proves nothing',
      exitCode: 2,
    });
  });
  test('code that exports nothing', async () => {
    expect((await refused('export const x = 1;\n', 'onpar.config.ts')).exitCode).toBe(2);
  });
});

describe('what cannot be meant', () => {
  const one = (rest: string): string => `cases:\n  a:\n    source: m.onnx\n${rest}`;
  test('a case id with a slash', async () => {
    const error = await refused('cases:\n  "a/b": { source: m.onnx, convert: { to: onnx } }\n');
    expect(error).toMatchObject({ code: 'bad-case-id', exitCode: 2 });
    expect(error.message).toContain('case `a/b`');
    expect(error.fix).toContain('`/` and `@` separate');
  });
  test.each(['..', '.'])('a case id that is the path %s', async (id) => {
    expect((await refused(`cases:\n  "${id}": { source: m.onnx, convert: { to: onnx } }\n`)).code).toBe('bad-case-id');
  });
  test.each([
    ['weights', '    weights: ../w.safetensors\n    convert: { to: onnx }\n', '../w.safetensors'],
    ['samples', '    samples: [portfolio, /data.npz]\n    convert: { to: onnx }\n', '/data.npz'],
    ['artifact', '    convert: { artifact: ../m.tflite }\n', '../m.tflite'],
    ['requirements', '    requirements: ../requirements.txt\n    convert: { to: onnx }\n', '../requirements.txt'],
  ])('%s outside the suite’s folder', async (key, rest, path) => {
    const error = await refused(one(rest));
    expect(error).toMatchObject({ code: 'path-outside', exitCode: 2 });
    expect(error.message).toBe(`case \`a\`: \`${key}\` ${path} lies outside the suite’s folder <dir>`);
    expect(error.fix).toBe('move the file below the suite’s folder, or name it on the command line');
  });
  test.each([
    ['weights', '    weights: w.pt\n    convert: { to: onnx }\n', 'w.pt'],
    ['samples', '    samples: data.npz\n    convert: { to: onnx }\n', 'data.npz'],
    ['artifact', '    convert: { artifact: m.tflite }\n', 'm.tflite'],
  ])('%s that do not exist', async (key, rest, path) => {
    const error = await refused(one(rest));
    expect(error).toMatchObject({ code: 'file-missing', exitCode: 2 });
    expect(error.message).toBe(`case \`a\`: \`${key}\` ${path} does not exist`);
    expect(error.fix).toBe(`looked for <dir>/${path}; mend \`${key}\` in the suite`);
  });
  test('neither `to` nor `artifact`, or both', async () => {
    expect((await refused(one('    convert: { name: x }\n'))).message).toMatch(
      /^case `a`: a conversion has one of `to` .*, `chain` .* and `artifact` .*, not none$/,
    );
    expect((await refused(one('    convert: { to: onnx, artifact: x }\n'))).message).toMatch(/, not to and artifact$/);
  });
  test('a tolerance that is none: the case is named', async () => {
    const error = await refused(one('    convert: { to: onnx, tolerance: close }\n'));
    expect(error).toMatchObject({
      code: 'bad-tolerance',
      message: 'case `a`: tolerance `close`: neither a preset nor an expression',
    });
    expect(error.fix).toContain('rtol=1e-3,atol=1e-5');
  });
  test('a bare number as tolerance', async () => {
    expect((await refused(one('    tolerance: "0.01"\n    convert: { to: onnx }\n'))).message).toBe(
      'case `a`: tolerance `0.01`: a bare number could be atol, rtol or a share of the scale',
    );
  });
  test('portfolio:many', async () => {
    expect((await refused(one('    samples: portfolio:many\n    convert: { to: onnx }\n'))).message).toBe(
      'case `a`: samples: `portfolio:many` is not a count',
    );
  });
  test('names that would break an id', async () => {
    expect((await refused(one('    convert: { to: onnx, name: a@b }\n'))).message).toBe(
      'case `a`: conversion name `a@b`',
    );
    expect((await refused(one('    convert: { to: onnx, run: { runtime: litert, name: a/b } }\n'))).message).toBe(
      'case `a`: name `a/b` of runtime `litert`',
    );
  });
});
