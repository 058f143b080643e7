import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runSuite } from '../contracts/suite.ts';

/** Fifty words, of which a truncated table would hold fewer; only the exported graph tells how many there are. */
const MODEL = `import torch


class Words(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(50, 4)

    def forward(self, ids):
        return self.words(ids).mean(dim=1)


def build():
    torch.manual_seed(0)
    return Words().eval()
`;
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-roles-'));
  writeFileSync(join(dir, 'words.py'), MODEL);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const words = (input: object) => ({
  cases: {
    words: {
      source: 'words.py',
      python: 'managed',
      inputs: { ids: { dtype: 'int64', shape: ['batch', 'seq'], ...input } },
      convert: { to: 'onnx' },
    },
  },
});

it('the exported graph tells which token ids are legal, and the reference sees the same samples', () => {
  const [c] = runSuite(dir, words({})).cases;
  expect(c?.verdict).toBe('pass');
  expect(c?.findings.find((f) => f.code === 'input-role')?.args).toMatchObject({
    input: 'ids',
    role: 'token-ids',
    range: [0, 49],
  });
  expect(c?.findings.map((f) => f.code)).not.toContain('range-assumed');
});

it('the user’s own range is not questioned', () => {
  const [c] = runSuite(dir, words({ range: [0, 20] })).cases;
  expect(c?.findings.map((f) => f.code)).not.toContain('input-role');
});
