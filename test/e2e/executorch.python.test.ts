import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import type { Report } from '../../src/records/report.ts';
import { runSuite } from '../contracts/suite.ts';

/** `second` comes first in the suite and last in the call; erf is left to ExecuTorch's own kernels. */
const NETS = `import torch

class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.left = torch.nn.Linear(4, 4)
        self.right = torch.nn.Linear(4, 4)

    def forward(self, first, *, second):
        return {"sum": torch.erf(self.left(first)) + self.right(second), "best": second.argmax(1)}

def two():
    return Two().eval()
`;

const file = readFileSync(join(packageRoot, 'test', 'formats', 'files', 'model.pte'));

let dir: string;
let report: Report;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-executorch-'));
  writeFileSync(join(dir, 'nets.py'), NETS);
  // The name of the kernel, one letter off; and half of the file.
  writeFileSync(
    join(dir, 'kernel.pte'),
    Buffer.from(file.toString('latin1').replace('aten::addmm', 'aten::addmn'), 'latin1'),
  );
  writeFileSync(join(dir, 'half.pte'), file.subarray(0, file.length / 2));
  const float = { dtype: 'float32', shape: ['batch', 4] };
  const shared = { python: 'managed', samples: 'portfolio:4' };
  report = runSuite(dir, {
    cases: {
      two: {
        ...shared,
        source: 'nets.py:two',
        inputs: { second: float, first: float },
        dims: { batch: [1, 4, 9] },
        convert: [
          { to: 'executorch', options: { maxSizes: { batch: 9 } } },
          { to: 'executorch', name: 'small' },
          { to: 'executorch', name: 'unknown', options: { maxSizes: { rows: 9 } } },
        ],
      },
      kernel: { ...shared, source: 'kernel.pte', convert: { to: 'same' } },
      half: { ...shared, source: 'half.pte', convert: { to: 'same' } },
    },
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const found = (id: string) => {
  const c = report.cases.find((each) => each.id.startsWith(`${id}@`));
  if (c === undefined) throw new Error(`${id} is not in the report`);
  return c;
};
const errors = (id: string) => found(id).findings.filter((f) => f.severity === 'error');

it('follows a batch up to the size that memory was planned for', () => {
  const { verdict, samples, artifact, contract } = found('two/executorch');
  expect([verdict, errors('two/executorch')]).toEqual(['pass', []]);
  expect(samples.some((s) => s.id.includes('batch=9'))).toBe(true);
  expect(artifact?.facts).toMatchObject({
    bounds: { batch: 9 },
    backend: 'xnnpack',
    delegatedParts: expect.any(Number),
  });
  expect(artifact?.facts.delegatedShare).toBeGreaterThan(0);
  expect(artifact?.facts.delegatedShare).toBeLessThan(1);
  // A program has no names: the suite's go by position, in the order of the call.
  expect(contract.map((row) => [row.reference?.name, row.candidate?.name])).toEqual(
    expect.arrayContaining([
      ['first', 'input_0'],
      ['second', 'input_1'],
      ['sum', 'output_0'],
      ['best', 'output_1'],
    ]),
  );
});

it('refuses a batch beyond it, and says which option would allow it', () => {
  expect(found('two/small').verdict).toBe('fail');
  const refused = errors('two/small').find((f) => f.code === 'candidate-failed');
  expect(refused?.message).toContain('[9, 4]');
  expect(refused?.message).toContain('at most [8, 4]');
  expect(String(refused?.args.fix)).toContain('maxSizes');
});

it.each([
  ['two/unknown', 'bad-request', 'rows'],
  ['kernel/same', 'operator-missing', 'aten::addmn.out'],
  ['half/same', 'model-load-failed', 'half.pte'],
])('%s is %s', (id, code, said) => {
  expect(errors(id)[0]).toMatchObject({ code, message: expect.stringContaining(said) });
});
