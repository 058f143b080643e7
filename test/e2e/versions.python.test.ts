import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { Report } from '../../src/records/report.ts';
import { sharedScratch } from '../scratch.ts';
import { MODELS, onpar, readReport } from './onpar.ts';

/** Real other versions from the registries: onnxruntime from before numpy 2, the one before ours, and Node's. */
let report: Report;
let text: string;
const dir = sharedScratch();

beforeAll(async () => {
  cpSync(join(MODELS, 'tiny-mlp.onnx'), join(dir, 'tiny-mlp.onnx'));
  const versions = ['onnxruntime@1.30.0', 'onnxruntime@1.17.3', 'onnxruntime-node@1.22.0', 'onnxruntime@1.30.99'];
  const finished = await onpar(
    [
      ...['run', 'tiny-mlp.onnx', '--to', 'same', '--samples', '2', '--out', 'run', '--reporter', 'terminal'],
      ...['--reference-runtime', 'onnxruntime', ...versions.flatMap((v) => ['--runtime', v])],
    ],
    { cwd: dir, deadlineMs: 280_000 },
  );
  text = finished.text;
  report = readReport(join(dir, 'run'));
}, 300_000);

const of = (id: string) => report.cases.find((c) => c.id === `tiny-mlp/same@${id}`);

test.each([
  ['onnxruntime-1.30.0', '1.30.0', 'onnx (onnxruntime 1.30.0)'],
  ['onnxruntime-1.17.3', '1.17.3', 'onnx (onnxruntime 1.17.3)'],
  ['onnxruntime-node-1.22.0', '1.22.0', `onnxruntime-node 1.22.0, node ${process.version}`],
])('%s runs, and the report says which version really did', (id, version, environment) => {
  expect(of(id)).toMatchObject({ verdict: 'pass', candidate: { runtimeVersion: version, environment } });
  expect(of(id)?.reference.runtimeVersion).not.toBe(version);
});

test('the other packages stay as the lock has them, or give way where they must', () => {
  const packagesOf = (label: string) => report.environment.toolchains[label]?.packages;
  const managed = packagesOf('onnx (managed)');
  const { onnxruntime: _, ...others } = packagesOf('onnx (onnxruntime 1.30.0)') ?? {};
  expect(managed).toMatchObject(others);
  // Built for numpy 1 without saying so.
  expect(packagesOf('onnx (onnxruntime 1.17.3)')?.numpy).toMatch(/^1\./);
});

test('a version that does not exist is an error that tells those nearby', () => {
  const failure = of('onnxruntime-1.30.99')?.candidate.failure;
  expect(failure).toMatchObject({
    code: 'version-unknown',
    message: 'onnxruntime 1.30.99 cannot be installed: the package index has no such version',
  });
  expect(failure?.fix).toMatch(/^versions nearby that can be installed: 1\.30\.\d+, 1\.31\.\d+, /);
  expect(text).toContain('versions nearby');
});
