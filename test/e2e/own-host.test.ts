import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { scratch, write } from '../scratch.ts';
import { BAD, codesOf, onlyCase, onpar, readReport, withModels } from './onpar.ts';

/** Any program that speaks the worker protocol as a model; a Node script here, a Python file in own-host.python.test.ts. */
function withHosts(): string {
  const dir = withModels(scratch(), 'tiny-mlp.onnx');
  cpSync(join(packageRoot, 'fixtures', 'hosts'), dir, { recursive: true });
  return dir;
}

const compare = (args: readonly string[], cwd: string) =>
  onpar(['compare', ...args, '--out', 'out', '--cache', 'cache'], { cwd });

test('a script against an ONNX file, and the other way round', async () => {
  const dir = withHosts();
  const result = await compare(['tiny-mlp.onnx', 'worker:mlp-host.mjs'], dir);
  expect(result.exitCode, result.text).toBe(0);
  const c = onlyCase(join(dir, 'out'));
  expect([c.verdict, c.grade, c.candidate.runtimeVersion]).toEqual(['pass', 'equivalent', '1.0.0']);
  expect(c.candidate).toMatchObject({
    format: 'worker',
    environment: `mlp-host, node ${process.version}`,
    packages: { mlp: '1.0.0' },
    facts: { arithmetic: 'float64 sums' },
  });
  const back = await compare(['worker:mlp-host.mjs', 'tiny-mlp.onnx'], dir);
  expect(back.exitCode, back.text).toBe(0);
});

test('a second run asks nothing; an edited weights file, which the host reported, is run again', async () => {
  const dir = withHosts();
  const steps = async () => {
    await compare(['worker:mlp-host.mjs', 'worker:mlp-host.mjs'], dir);
    return onlyCase(join(dir, 'out')).steps;
  };
  await steps();
  const again = await steps();
  expect(again.cached).toBe(again.total);
  const weights = JSON.parse(readFileSync(join(dir, 'mlp.json'), 'utf8')) as Record<string, number[]>;
  write(dir, 'mlp.json', JSON.stringify({ ...weights, b2: [0, 0, 0, 0] }));
  expect((await steps()).cached).toBeLessThan(again.total);
});

test('options are handed on, a command says how the program is started', async () => {
  const dir = withHosts();
  const weights = JSON.parse(readFileSync(join(dir, 'mlp.json'), 'utf8')) as Record<string, number[]>;
  write(dir, 'faulty.json', JSON.stringify({ ...weights, b2: [9, 0, 0, 0] }));
  const run = (name: string, options: object) => ({
    name,
    artifact: 'worker:mlp-host.mjs',
    run: { runtime: 'worker', options: { command: [process.execPath, '--no-warnings', '{host}'], ...options } },
  });
  const suite = {
    cases: {
      own: {
        source: 'tiny-mlp.onnx',
        samples: 'portfolio:4',
        convert: [
          run('good', { weights: 'mlp.json' }),
          run('faulty', { weights: 'faulty.json' }),
          run('missing', { weights: 'none.json' }),
        ],
      },
    },
  };
  writeFileSync(join(dir, 'onpar.json'), JSON.stringify(suite));
  await onpar(['run', 'onpar.json', '--out', 'out'], { cwd: dir });
  const { cases } = readReport(join(dir, 'out'));
  expect(cases.map((c) => [c.id, c.verdict])).toEqual([
    ['own/good@worker', 'pass'],
    ['own/faulty@worker', 'fail'],
    ['own/missing@worker', 'error'],
  ]);
  expect(cases[2]?.findings[0]).toMatchObject({
    code: 'model-load-failed',
    message: expect.stringContaining('none.json'),
  });
});

test.each([
  ['old-protocol.js', 'worker-start-failed', /speaks protocol/],
  ['exit-at-start.js', 'worker-exited', /left with exit code 1/],
  ['not-an-answer.js', 'worker-garbage', /not an answer/],
])('%s is no worker, and is told as such', async (file, code, message) => {
  const dir = withHosts();
  cpSync(join(BAD, 'hosts'), join(dir, 'bad'), { recursive: true });
  write(join(dir, 'bad'), 'package.json', '{"type":"module"}');
  const result = await compare(['tiny-mlp.onnx', `worker:bad/${file}`], dir);
  expect(result.exitCode).not.toBe(0);
  expect(codesOf(onlyCase(join(dir, 'out')))).toContain(code);
  expect(result.text).toMatch(message);
});

test('a file that nothing starts is refused with the way to start it', async () => {
  const dir = withHosts();
  const result = await compare(['tiny-mlp.onnx', 'worker:mlp.json'], dir);
  expect(result.text).toMatch(
    /mlp.json is no Python or Node file and is not executable.*command: \[ruby, '\{host\}'\]/s,
  );
});
