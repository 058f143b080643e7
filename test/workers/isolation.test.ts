import { execFileSync } from 'node:child_process';
import { describe, expect, onTestFinished, test } from 'vitest';
import { confine, defaultMemoryLimit, workerEnvironment } from '../../src/workers/isolation.ts';

const GIB = 1024 ** 3;

/** Runs a command inside the limits; gives back what it printed. */
function run(command: readonly string[], limits: Parameters<typeof confine>[1]): string {
  const [file = '', ...args] = confine(command, limits).command;
  return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
}

describe('the environment of a worker', () => {
  test('keeps what is needed, drops what is secret', () => {
    const before = { ...process.env };
    onTestFinished(() => {
      process.env = before;
    });
    Object.assign(process.env, {
      GITHUB_TOKEN: 'x',
      HTTPS_PROXY: 'http://user:pw@proxy',
      PYTHONPATH: '/mine',
      CUDA_VISIBLE_DEVICES: '0',
      OMP_NUM_THREADS: '3',
    });
    const env = workerEnvironment({ PYTHONPATH: '/ours' });
    expect(env).toMatchObject({
      CUDA_VISIBLE_DEVICES: '0',
      OMP_NUM_THREADS: '3',
      PYTHONPATH: '/ours',
      ORT_DISABLE_TELEMETRY: '1',
      PYTHONHASHSEED: '0',
    });
    expect(Object.keys(env)).not.toEqual(expect.arrayContaining(['GITHUB_TOKEN']));
    expect(env).not.toHaveProperty('HTTPS_PROXY');
  });
});

describe.runIf(process.platform === 'linux')('limits', () => {
  test('what is applied is what the command meets', () => {
    const { applied } = confine(['true'], { memoryBytes: 20 * GIB, network: true });
    if (applied.length === 0) return;
    expect(applied).toEqual(['memory 20 GiB']);
    expect(run(['sh', '-c', 'ulimit -v'], { memoryBytes: 20 * GIB, network: true })).toBe(String((20 * GIB) / 1024));
  });
  test('no limits: the command as it is', () => {
    expect(confine(['python', 'x.py'], { memoryBytes: null, network: true })).toEqual({
      command: ['python', 'x.py'],
      applied: [],
    });
  });
  test('no network: nothing but a loopback that is down', () => {
    const { applied } = confine(['true'], { memoryBytes: null, network: false });
    if (!applied.includes('no network')) return;
    const interfaces = run(['sh', '-c', 'tail -n +3 /proc/net/dev | cut -d: -f1'], {
      memoryBytes: null,
      network: false,
    });
    expect(interfaces.split(/\s+/)).toEqual(['lo']);
  });
  test('the default leaves room for reserved addresses', () => {
    expect(defaultMemoryLimit()).toBeGreaterThanOrEqual(16 * GIB);
  });
});
