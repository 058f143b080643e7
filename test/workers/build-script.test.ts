import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { scratch, write } from '../scratch.ts';

const script = join(packageRoot, 'converters', 'tfjs-node', 'build.js');

function build(libraries: readonly string[]): { status: number | null; told: Record<string, string> } {
  const dir = scratch();
  write(dir, 'package.json', '{}');
  for (const name of libraries) write(dir, `tensorflow/${name}`, '');
  const env = { ...process.env, CXX: join(dir, 'no-compiler') };
  const { status, stdout } = spawnSync(process.execPath, [script, dir, JSON.stringify({ tensorflow: dir })], {
    env,
    encoding: 'utf8',
  });
  return { status, told: JSON.parse(stdout) as Record<string, string> };
}

test.runIf(process.platform === 'linux')('building tfjs-node without a compiler names the Debian package', () => {
  const { status, told } = build(['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']);
  expect(status).toBe(1);
  expect(told).toMatchObject({ code: 'compiler-missing', fix: expect.stringContaining('apt-get install g++') });
});

test.runIf(process.platform === 'linux')(
  'building tfjs-node without TensorFlow names the library that is not there',
  () => {
    const { told } = build([]);
    expect(told.code).toBe('toolchain-build-failed');
    expect(told.message).toContain('libtensorflow_cc.so.2');
  },
);
