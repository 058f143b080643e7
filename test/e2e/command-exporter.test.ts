import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scratch, write } from '../scratch.ts';
import { onlyCase, onpar, withModels } from './onpar.ts';

const NODE = JSON.stringify(process.execPath);

/** Runs a case whose exporter is `node convert.mjs …` with this script. */
async function run(script: string, args: string, rest = '') {
  const dir = withModels(scratch(), 'tiny-mlp.onnx', 'tiny-mlp-faulty.onnx');
  write(dir, 'convert.mjs', script);
  write(
    dir,
    'onpar.yaml',
    `cases:\n  a:\n    source: tiny-mlp.onnx\n    samples: portfolio:2\n${rest}    convert: { to: onnx, options: { level: 3 }, exporter: { name: mine, command: [${NODE}, convert.mjs${args}] } }\n`,
  );
  const go = () => onpar(['run', '--out', 'run', '--reporter', 'terminal'], { cwd: dir });
  const finished = await go();
  return { ...finished, dir, go, case: () => onlyCase(join(dir, 'run')) };
}

const COPY =
  "import { copyFileSync } from 'node:fs';\nconst [source, output] = process.argv.slice(2);\nconsole.log('copying');\ncopyFileSync(source, output);\n";
const BOTH = ', "{source}", "{output}"';

describe('any command line is an exporter', () => {
  test('a copy passes; its log, its options and its artifact are in the report', async () => {
    const { exitCode, case: c } = await run(COPY, BOTH);
    expect(exitCode).toBe(0);
    expect(c()).toMatchObject({
      id: 'a/onnx@onnxruntime-node',
      verdict: 'pass',
      candidate: { exporter: 'mine', path: 'artifacts/a/onnx/model.onnx', exporterOptions: { level: 3 } },
      artifact: { log: 'copying', format: 'onnx' },
    });
  });
  test('it gets its options as JSON and runs in the suite’s folder', async () => {
    const { exitCode, text } = await run(
      "import { copyFileSync } from 'node:fs';\nconst [options, output] = process.argv.slice(2);\nif (JSON.parse(options).level !== 3) throw new Error('no level');\ncopyFileSync('tiny-mlp.onnx', output);\n",
      ', "{options}", "{output}"',
    );
    expect([exitCode, text.includes('no level')]).toEqual([0, false]);
  });
  test('editing the script exports again; nothing else does', async () => {
    const { dir, go, case: c } = await run(COPY, BOTH);
    await go();
    expect(c().steps).toEqual({ total: 11, cached: 11 });
    write(
      dir,
      'convert.mjs',
      "import { copyFileSync } from 'node:fs';\ncopyFileSync('tiny-mlp-faulty.onnx', process.argv[3]);\n",
    );
    expect((await go()).exitCode).toBe(1);
    expect(c().verdict).toBe('fail');
  });
});

describe('what goes wrong with one', () => {
  test.each<[string, string, string, RegExp, string]>([
    [
      'an exit code',
      "console.error('Unsupported op: Foo');\nprocess.exit(3);\n",
      BOTH,
      /the exporter command left with exit code 3: .*node convert\.mjs/,
      'Unsupported op: Foo',
    ],
    ['no output', "console.log('done');\n", BOTH, /the exporter command ended well but wrote no model\.onnx: /, 'done'],
    [
      'an unknown placeholder',
      COPY,
      ', "{sorce}", "{output}"',
      /exporter command: unknown placeholder `\{sorce\}`/,
      'did you mean `source`? allowed: source, weights, output, options, python, root',
    ],
    [
      'weights that the case has not',
      COPY,
      ', "{weights}", "{output}"',
      /exporter command: `\{weights\}` has no value in this case/,
      'add `weights:` to the case',
    ],
    [
      'an output that is no model',
      "import { writeFileSync } from 'node:fs';\nwriteFileSync(process.argv[3], 'text');\n",
      BOTH,
      /model\.onnx/,
      '',
    ],
    [
      'a crash',
      "process.kill(process.pid, 'SIGSEGV');\nsetInterval(() => {}, 1000);\n",
      BOTH,
      /the exporter command was ended by SIGSEGV: /,
      '',
    ],
  ])('%s', async (_, script, args, message, more) => {
    const { exitCode, stdout, case: c } = await run(script, args);
    expect(exitCode).toBe(1);
    expect(c().verdict).toBe('error');
    expect(
      c()
        .findings.map((f) => f.message)
        .join('\n'),
    ).toMatch(message);
    expect(stdout).toContain(more);
    expect(stdout).not.toContain('a bug in onpar');
  });
  test('one that hangs, with a child that holds its output open, ends at the case’s timeout', async () => {
    const started = performance.now();
    const { exitCode, case: c } = await run(
      "import { spawn } from 'node:child_process';\nspawn(process.execPath, ['-e', 'setTimeout(() => {}, 30000)'], { stdio: 'inherit' });\nsetInterval(() => {}, 1000);\n",
      BOTH,
      '    timeout: 1\n',
    );
    expect(performance.now() - started).toBeLessThan(15_000);
    expect([exitCode, c().findings[0]?.message]).toEqual([
      1,
      expect.stringMatching(/the exporter command gave no result within 1 s: /),
    ]);
  });
  test('a program that does not exist', async () => {
    const dir = withModels(scratch(), 'tiny-mlp.onnx');
    write(
      dir,
      'onpar.yaml',
      'cases:\n  a: { source: tiny-mlp.onnx, convert: { to: onnx, exporter: { command: [no-such-converter, "{source}", "{output}"] } } }\n',
    );
    const { exitCode, stdout } = await onpar(['run', '--out', 'run', '--reporter', 'terminal'], { cwd: dir });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/no-such-converter/);
    expect(stdout).toMatch(/could not be started|left with exit code 1(27)?/);
  });
});
