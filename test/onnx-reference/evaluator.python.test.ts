import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';

/** Every operator as declared, in double and with sums that are off, against ONNX Runtime with its optimiser off. */
it('agrees with ONNX Runtime on every operator of the table', async () => {
  const environment = await resolveEnvironment('onnx', { python: 'managed', root: packageRoot }, () => {});
  const script = join(packageRoot, 'test', 'onnx-reference', 'check.py');
  const out = execFileSync(environment.python, [script, join(packageRoot, 'converters')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const { cases, problems } = JSON.parse(out) as { cases: number; problems: Record<string, string[]> };
  expect(problems).toEqual({});
  expect(cases).toBeGreaterThan(400);
});
