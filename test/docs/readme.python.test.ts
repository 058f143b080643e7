import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { cli } from '../contracts/suite.ts';

/** The README's own words, run as they stand. */
const readme = readFileSync(join(packageRoot, 'README.md'), 'utf8');
const block = (language: string, containing: string): string => {
  const found = [...readme.matchAll(/```(\w+)\n([\s\S]*?)```/g)].find(
    (m) => m[1] === language && m[2]?.includes(containing),
  );
  if (found?.[2] === undefined) throw new Error(`the README has no ${language} block with ${containing}`);
  return found[2];
};
/** `npx onpar …` lines of the README, without their comments. */
const commands = [...readme.matchAll(/npx onpar ([^\n`#]+)/g)].map((m) => (m[1] ?? '').trim());

let dir: string;
const onpar = (line: string) =>
  spawnSync(process.execPath, [cli, ...line.split(/\s+/)], { cwd: dir, encoding: 'utf8' });

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-readme-'));
  const from = (name: string, to: string) => cpSync(join(packageRoot, 'fixtures', name), join(dir, to));
  from('demo/digits_keras.keras', 'model.keras');
  from('demo/digits-test-nhwc.npz', 'test-data.npz');
  from('demo/digits_cnn.py', 'digits.py');
  from('demo/digits_cnn.safetensors', 'digits.safetensors');
  from('demo/digits-test.npz', 'digits-test.npz');
  from('models/tiny-mlp.onnx', 'model.onnx');
  from('models/tiny-mlp.onnx', 'model-int8.onnx');
  writeFileSync(
    join(dir, 'model.py'),
    'import torch\n\n\ndef build():\n    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3, stride=4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()).eval()\n\n\ndef example_inputs():\n    return {"image": torch.rand(1, 3, 224, 224)}\n',
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it.each(commands.filter((c) => /^(run model|compare)/.test(c)))('onpar %s', (line) => {
  const result = onpar(line);
  expect([result.status, result.stdout], result.stderr).toEqual([0, expect.stringContaining('Parity holds')]);
});

it('the commands that the README shows are these', () => {
  expect(commands.filter((c) => /^(run model|compare)/.test(c))).toHaveLength(5);
});

it('the suite that the README shows runs and passes', () => {
  writeFileSync(join(dir, 'onpar.yaml'), block('yaml', 'digits.py:build'));
  const result = onpar('run --python managed');
  expect([result.status, result.stdout], result.stderr).toEqual([0, expect.stringContaining('all 3 conversions pass')]);
});

it('init writes a suite for a model, as the README says', () => {
  rmSync(join(dir, 'onpar.yaml'), { force: true });
  expect(onpar('init model.py:build').status).toBe(0);
  const result = onpar('run');
  expect([result.status, result.stdout], result.stderr).toEqual([0, expect.stringContaining('Parity holds')]);
});

it('every file and script that the README and CONTRIBUTING name exists', () => {
  const tracked = new Set(execFileSync('git', ['ls-files'], { cwd: packageRoot, encoding: 'utf8' }).split('\n'));
  const scripts = (
    JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  ).scripts;
  for (const text of [readme, readFileSync(join(packageRoot, 'CONTRIBUTING.md'), 'utf8')]) {
    for (const [, path = ''] of text.matchAll(/\]\(([^)#]+)\)/g)) expect(tracked, path).toContain(path);
    for (const [, name = ''] of text.matchAll(/npm run (\w+)/g)) expect(Object.keys(scripts)).toContain(name);
  }
});
