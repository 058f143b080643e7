import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { scratch, write } from '../scratch.ts';
import { onpar, readReport, withModels } from './onpar.ts';

/** A folder outside the tree with the JavaScript plug-in of fixtures/plugins, its packages installed beside it. */
function outside(): string {
  const dir = withModels(scratch(), 'tiny-mlp.onnx');
  cpSync(join(packageRoot, 'fixtures', 'plugins', 'serial'), join(dir, 'serial'), { recursive: true });
  symlinkSync(join(packageRoot, 'node_modules'), join(dir, 'node_modules'));
  return dir;
}

const suite = (plugins: string): string =>
  `plugins: ${plugins}\ncases:\n  a:\n    source: tiny-mlp.onnx\n    samples: portfolio:2\n    convert: [{ to: same, run: onnxruntime-serial }, { to: onnx, exporter: onnx-copy, run: onnxruntime-serial }]\n`;

describe('a plug-in in JavaScript', () => {
  test('offers a runtime and an exporter to a suite', async () => {
    const dir = outside();
    write(dir, 'onpar.yaml', suite('[./serial/index.mjs]'));
    const { exitCode, text } = await onpar(['run', '--out', 'run'], { cwd: dir });
    expect([exitCode, exitCode === 0 ? '' : text]).toEqual([0, '']);
    const { cases } = readReport(join(dir, 'run'));
    expect(cases.map((c) => [c.id, c.verdict, c.candidate.exporter, c.candidate.environment])).toEqual([
      ['a/same@onnxruntime-serial', 'pass', null, `serial, node ${process.version}`],
      ['a/onnx-copy@onnxruntime-serial', 'pass', 'onnx-copy', `serial, node ${process.version}`],
    ]);
  });
  test('is named on the command line, from anywhere', async () => {
    const dir = outside();
    const args = ['run', 'tiny-mlp.onnx', '--to', 'same', '--plugin', 'serial/index.mjs', '--samples', '2'];
    const { exitCode } = await onpar([...args, '--runtime', 'onnxruntime-serial', '--out', 'run'], { cwd: dir });
    expect(exitCode).toBe(0);
  });
  test('passes the contract of toolchains', async () => {
    const { exitCode, text } = await onpar(['toolchain', 'check', './serial/index.mjs'], { cwd: outside() });
    expect(text).toContain('8 of 8 kept');
    expect(exitCode).toBe(0);
  });
  test('that breaks a promise is told which', async () => {
    const dir = outside();
    write(
      dir,
      'liar.mjs',
      `import serial from './serial/index.mjs';
const [runtime] = serial.runtimes;
const open = () => ({ contract: { inputs: [], outputs: [], names: 'none' }, facts: {}, run: async () => new Map(), close: async () => {} });
export default { name: 'liar', runtimes: [{ ...runtime, name: 'opens-anything', example: undefined, load: () => ({ name: 'x', version: '1.0', open }) }] };
`,
    );
    const { exitCode, text } = await onpar(['toolchain', 'check', './liar.mjs'], { cwd: dir });
    expect(exitCode).toBe(1);
    expect(text).toContain('✗ opens-anything refuses a text file as onnx and names it');
    expect(text).toContain('a text file was answered instead of refused');
    expect(text).toMatch(/2 broken · 1 unproven, which is no success/);
  });
});

describe('what is wrong with a plug-in', () => {
  test.each<[string, string, string, RegExp]>([
    [
      'one that is not there',
      '[./nowhere.mjs]',
      '',
      /plug-in `.*nowhere\.mjs` was not found[\s\S]*toolchain\.json, or a JavaScript/,
    ],
    [
      'a module that is not installed',
      '[onpar-nothing]',
      '',
      /plug-in `onpar-nothing` was not found[\s\S]*npm install onpar-nothing/,
    ],
    [
      'one outside the suite’s folder',
      '[../mine.mjs]',
      '',
      /`plugins`: \.\.\/mine\.mjs lies outside the suite’s folder/,
    ],
    ['no default export', '[./mine.mjs]', 'export const name = 1;', /no default export that is an object/],
    ['a syntax error', '[./mine.mjs]', 'export default {', /it does not load: /],
    ['nothing offered', '[./mine.mjs]', "export default { name: 'mine' };", /offers neither runtimes nor exporters/],
    [
      'a runtime that cannot be loaded',
      '[./mine.mjs]',
      "export default { name: 'mine', runtimes: [{ name: 'x', formats: ['onnx'] }] };",
      /`x` has no function `load`/,
    ],
    [
      'a runtime without formats',
      '[./mine.mjs]',
      "export default { name: 'mine', runtimes: [{ name: 'x', load() {} }] };",
      /`runtimes\.0\.formats`/,
    ],
    [
      'a name that is taken',
      '[./mine.mjs]',
      "export default { name: 'mine', exporters: [{ name: 'onnx-simplify', from: ['onnx'], to: 'onnx', command: ['x'] }] };",
      /the exporter `onnx-simplify` exists already, in onnx-tools/,
    ],
  ])('%s', async (_name, plugins, module, message) => {
    const dir = withModels(scratch(), 'tiny-mlp.onnx');
    if (module !== '') write(dir, 'mine.mjs', module);
    write(dir, 'onpar.yaml', suite(plugins));
    const { exitCode, text } = await onpar(['run'], { cwd: dir });
    expect(text).toMatch(message);
    expect(exitCode).toBe(2);
  });
});
