import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { scratch } from '../scratch.ts';
import { onlyCase, onpar, withModels } from './onpar.ts';

test('a Python file with the standard library alone is a model', async () => {
  const dir = withModels(scratch(), 'tiny-mlp.onnx');
  cpSync(join(packageRoot, 'fixtures', 'hosts'), dir, { recursive: true });
  const result = await onpar(['compare', 'tiny-mlp.onnx', 'worker:mlp_host.py', '--out', 'out'], { cwd: dir });
  expect(result.exitCode, result.text).toBe(0);
  const c = onlyCase(join(dir, 'out'));
  expect([c.verdict, c.grade]).toEqual(['pass', 'equivalent']);
  expect(c.candidate.environment).toMatch(/^mlp_host, python 3\.\d+/);
  expect(c.candidate.log).toContain('a library may print what it likes');
});
