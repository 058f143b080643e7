import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Report } from '../../src/records/report.ts';
import { runSuite } from '../contracts/suite.ts';

/** An operator that neither converter knows, and a module whose second input goes in by keyword only. */
const NETS = `import torch

class Eigen(torch.nn.Module):
    def forward(self, x):
        return torch.linalg.eigvalsh(x @ x.transpose(-1, -2))

def eigen():
    return Eigen().eval()

class Two(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.left = torch.nn.Linear(4, 4)
        self.right = torch.nn.Linear(4, 4)

    def forward(self, first, *, second):
        return {"sum": self.left(first) + self.right(second), "product": self.left(first) * second}

def two():
    return Two().eval()
`;

let dir: string;
let report: Report;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-torch-targets-'));
  writeFileSync(join(dir, 'nets.py'), NETS);
  const float = (...shape: (number | string)[]) => ({ dtype: 'float32', shape });
  const shared = { python: 'managed', samples: 'portfolio' };
  const both = (rows: number | string) => ({ first: float(rows, 4), second: float(rows, 4) });
  const int8 = { precision: 'int8' };
  report = runSuite(dir, {
    cases: {
      eigen: {
        ...shared,
        source: 'nets.py:eigen',
        inputs: { x: float(2, 4, 4) },
        convert: [{ to: 'tflite' }, { to: 'openvino' }],
      },
      fixed: {
        ...shared,
        source: 'nets.py:two',
        inputs: both(3),
        convert: [
          { to: 'tflite' },
          { to: 'openvino' },
          { to: 'tflite', name: 'uncalibrated', options: int8 },
          { to: 'tflite', name: 'imageless', options: { channelLastInputs: true } },
        ],
      },
      dynamic: { ...shared, source: 'nets.py:two', inputs: both('batch'), convert: { to: 'tflite' } },
    },
  });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const found = (id: string) => {
  const c = report.cases.find((each) => each.id.startsWith(`${id}@`));
  if (c === undefined) throw new Error(`${id} is not in the report`);
  return c;
};
const error = (id: string) => found(id).findings.find((f) => f.severity === 'error');

it('names the operator that a converter lacks, and the line where the model uses it', () => {
  expect(error('eigen/tflite')?.message).toContain('nets.py:5');
  expect(error('eigen/tflite')?.message).toContain('aten._linalg_eigh');
  expect(error('eigen/openvino')?.message).toContain('aten::linalg_eigvalsh');
  for (const id of ['eigen/tflite', 'eigen/openvino']) expect(error(id)?.code).toBe('export-failed');
});

it('declares the names that TFLite gives to inputs by position, and keeps those by keyword', () => {
  const { verdict, artifact, contract } = found('fixed/tflite');
  expect(verdict).toBe('pass');
  expect(artifact?.declared.map(({ name, to }) => [name, to])).toEqual([['first', 'args_0']]);
  const pairs = contract.map((row) => [row.reference?.name, row.candidate?.name]);
  expect(pairs).toEqual(expect.arrayContaining([['second', 'second']]));
});

it('says what else to try where tracing does not reach a keyword', () => {
  expect(error('fixed/openvino')?.message).toContain('TorchScript');
  expect(String(error('fixed/openvino')?.args.fix)).toContain('method: export');
});

it.each([
  ['fixed/uncalibrated', 'calibration-missing'],
  ['fixed/imageless', 'bad-request'],
])('%s is refused before anything is converted', (id, code) => {
  expect(error(id)).toMatchObject({ code, args: { fix: expect.any(String) } });
});

it('says which sizes were fixed, and fails what was asked to be dynamic', () => {
  const { verdict, findings } = found('dynamic/tflite');
  expect(verdict).toBe('fail');
  const codes = findings.map((f) => f.code);
  expect(codes).toEqual(expect.arrayContaining(['dim-unsupported', 'dim-frozen']));
  expect(findings.find((f) => f.code === 'dim-unsupported')?.args).toEqual({ dims: ['batch'], sizes: [2] });
});
