import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import type { Report } from '../../src/records/report.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import { runSuite } from '../contracts/suite.ts';

const MORE = `import jax.numpy as jnp
import jax

def eigen(x):
    return jnp.linalg.eigvalsh(x @ x.T)

def array():
    return jnp.zeros(3)
`;
const float = (...shape: (number | string)[]) => ({ dtype: 'float32', shape });
let dir: string;
let report: Report;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-jax-'));
  copyFileSync(join(packageRoot, 'fixtures', 'models', 'jax_mlp.py'), join(dir, 'mlp.py'));
  writeFileSync(join(dir, 'more.py'), MORE);
  const zeros = (shape: number[]) => tensorFrom('float32', shape, new Float32Array(shape.reduce((n, d) => n * d, 1)));
  writeSafetensors(
    join(dir, 'short.safetensors'),
    new Map([
      ['hidden.kernel', zeros([8, 16])],
      ['hidden.bias', zeros([15])],
      ['scores.kernel', zeros([16, 3])],
    ]),
  );
  const to = { convert: { to: 'onnx' } };
  const cases = {
    distance: { source: 'jax:mlp.py:distance', inputs: { left: float('n', 'd'), right: float('n', 'd') }, ...to },
    short: { source: 'jax:mlp.py:build', weights: 'short.safetensors', inputs: { x: float('n', 8) }, ...to },
    wide: { source: 'jax:mlp.py:build', inputs: { x: { dtype: 'float64', shape: ['n', 8] } }, ...to },
    eigen: { source: 'jax:more.py:eigen', inputs: { x: float(3, 3) }, ...to },
    array: { source: 'jax:more.py:array', inputs: { x: float(3) }, ...to },
  };
  report = runSuite(dir, {
    cases: Object.fromEntries(
      Object.entries(cases).map(([id, c]) => [id, { python: 'managed', samples: 'portfolio', ...c }]),
    ),
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const found = (id: string) => {
  const c = report.cases.find((each) => each.case === id);
  if (c === undefined) throw new Error(`${id} is not in the report`);
  return c;
};

it('takes a function as it is, and keeps the names of dimensions', () => {
  const { verdict, contract } = found('distance');
  expect(verdict).toBe('pass');
  expect(contract[0]?.candidate).toMatchObject({ name: 'left', shape: ['n', 'd'] });
});

it.each([
  ['short', 'weights-mismatch', 'hidden.bias is [15] in the file, [16] in the model'],
  ['short', 'weights-mismatch', 'scores.bias is missing'],
  ['array', 'model-not-returned', 'a function of arrays'],
  ['eigen', 'export-failed', 'eigh currently supports'],
])('%s is refused: %s says %s', (id, code, says) => {
  const { verdict, findings } = found(id);
  expect(verdict).toBe('error');
  expect(findings.find((f) => f.code === code)?.args.message).toContain(says);
});

it('says that JAX computes in 32 bits, and the way out', () => {
  const { verdict, findings } = found('wide');
  expect(verdict).not.toBe('pass');
  expect(findings.map((f) => f.message).join()).toContain('32 bits');
});
