import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runSuite } from '../contracts/suite.ts';

/** A model that halves its length and adds it back: an odd length is no legal input, as in a U-Net. */
const MODEL = `import torch


class Halves(torch.nn.Module):
    def forward(self, signal):
        if signal.shape[1] % 2:
            raise ValueError("the length must be even")
        left, right = signal.chunk(2, dim=1)
        return left + right


def build():
    return Halves().eval()
`;
const input = { signal: { dtype: 'float32', shape: ['batch', 'length'] } };
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-refused-'));
  writeFileSync(join(dir, 'halves.py'), MODEL);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const convert = { to: 'same' };

it('a size of the default sweep that the original refuses is left out, and said', () => {
  const [c] = runSuite(dir, {
    cases: { halves: { source: 'halves.py', python: 'managed', inputs: input, convert } },
  }).cases;
  expect(c?.verdict).toBe('pass');
  const refused = c?.findings.filter((f) => f.code === 'size-refused') ?? [];
  expect(refused.length).toBeGreaterThan(0);
  expect(refused[0]?.message).toContain('the length must be even');
  const skipped = c?.samples.filter((s) => s.verdict === 'skipped') ?? [];
  expect(skipped.map((s) => `sample ${s.id}`).sort()).toEqual(refused.map((f) => f.where).sort());
});

it('a size that the user asked for is never excused', () => {
  const [c] = runSuite(dir, {
    cases: { halves: { source: 'halves.py', python: 'managed', inputs: input, dims: { length: [8, 7] }, convert } },
  }).cases;
  expect(c?.verdict).not.toBe('pass');
  expect(c?.findings.map((f) => f.code)).toContain('reference-failed');
});
