import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { writeOnnx } from '../../src/formats/onnx/read.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { node } from '../formats/build-onnx.ts';
import { network, replace } from '../investigate/localize/network.ts';
import { scratch } from '../scratch.ts';
import { onlyCase, onpar } from './onpar.ts';

const run = promisify(execFile);

test('a failure is reduced, shown by onnxruntime and numpy alone, and replayed elsewhere', async () => {
  const dir = scratch();
  writeOnnx(join(dir, 'a.onnx'), network());
  const wrong = network(replace('c3', node('Conv', 'r2 w3 b3', 'c3', { pads: [2, 1, 0, 1] })));
  writeOnnx(join(dir, 'b.onnx'), wrong);
  const [out, cache] = [join(dir, 'run'), join(dir, 'cache')];
  // Parts declare no shapes of what they are fed with, which ONNX Runtime tells like scalars in Python.
  await onpar(['compare', 'a.onnx', 'b.onnx', '--runtime', 'onnxruntime', '--out', out, '--cache', cache], {
    cwd: dir,
  });
  const looked = await onpar(['investigate', out, '--reduce', '--cache', cache], { cwd: dir });
  expect(looked.exitCode, looked.text).toBe(0);
  const made = onlyCase(out).investigation?.files.find(({ kind }) => kind === 'bundle');
  expect(made?.about).toContain('1 of 10 nodes (Conv)');
  const bundle = join(dir, 'moved elsewhere');
  renameSync(join(out, made?.path ?? ''), bundle);
  rmSync(out, { recursive: true });

  const { python } = await resolveEnvironment('onnx', { python: 'managed', root: packageRoot }, () => {});
  const script = () =>
    run(python, [join(bundle, 'repro.py')], { env: { PATH: '', ORT_DISABLE_TELEMETRY: '1' } }).then(
      ({ stdout }) => ({ code: 0, stdout }),
      ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
    );
  const shown = await script();
  expect(shown).toMatchObject({ code: 1, stdout: expect.stringContaining('max difference, relative to rms') });
  const replayed = await onpar(['replay', bundle, '--cache', cache], { cwd: dir });
  expect(replayed.exitCode, replayed.text).toBe(1);
  expect(replayed.stdout).toContain('it still fails');
  const other = await onpar(['replay', bundle, '--runtime', 'onnxruntime-node', '--json', '--cache', cache], {
    cwd: dir,
  });
  expect(other.exitCode, other.text).toBe(1);
  expect(JSON.parse(other.stdout)).toMatchObject({
    runtime: 'onnxruntime-node',
    agrees: false,
    now: { kind: 'value' },
  });

  // As if whoever makes the model had mended it.
  const record = JSON.parse(readFileSync(join(bundle, 'bundle.json'), 'utf8')) as {
    reference: { inputs: object; outputs: object };
  };
  expect(record.reference.inputs).toEqual({ r2: 'r2' });
  copyFileSync(join(bundle, 'reference.onnx'), join(bundle, 'model.onnx'));
  expect((await script()).code).toBe(0);
  const mended = await onpar(['replay', bundle, '--cache', cache], { cwd: dir });
  expect(mended.exitCode, mended.text).toBe(0);
  rmSync(join(bundle, 'inputs.npz'));
  const lacking = await onpar(['replay', bundle, '--cache', cache], { cwd: dir });
  expect(lacking.exitCode).toBe(2);
  expect(lacking.stderr).toContain('lacks inputs.npz');
});
