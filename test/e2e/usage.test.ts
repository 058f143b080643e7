import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { packageVersion } from '../../src/core/paths.ts';
import { report as reportSchema } from '../../src/records/report.ts';
import { scratch, sharedScratch, write } from '../scratch.ts';
import { MODELS, onpar, readReport, withModels } from './onpar.ts';

const cache = sharedScratch();
const MLP = join(MODELS, 'tiny-mlp.onnx');

describe('what a mistyped command line is told', () => {
  test.each<[string, string[], string, RegExp]>([
    ['a command', ['runn'], 'unknown command `runn`', /did you mean `run`\? commands: run, compare/],
    ['a command that is like nothing', ['xylophone'], 'unknown command `xylophone`', /^commands: run, compare/],
    [
      'a model without a command',
      [MLP],
      'is no command; it looks like a model',
      /onpar run .*tiny-mlp\.onnx --to FORMAT/,
    ],
    [
      'an option',
      ['compare', MLP, MLP, '--toleranc', '3'],
      '`onpar compare` has no option `--toleranc`',
      /did you mean `--tolerance`\?/,
    ],
    ['an option with =', ['run', '--jsn=1'], '`onpar run` has no option `--jsn`', /did you mean `--json`\?/],
    [
      'an option of another command',
      ['compare', MLP, MLP, '--shard', '1/2'],
      '`onpar compare` has no option `--shard`',
      /^see `onpar compare --help`$/,
    ],
    [
      'too few arguments',
      ['compare', MLP],
      '`onpar compare` got 1 of the 2 arguments that it needs',
      /write `onpar compare <reference> <candidate>`/,
    ],
    [
      'too many arguments',
      ['compare', MLP, MLP, 'c.onnx'],
      '`onpar compare` does not take `c.onnx`',
      /onpar compare --help/,
    ],
    [
      'an action',
      ['toolchain', 'lst'],
      '`onpar toolchain`: `lst` is no action',
      /did you mean `list`\? allowed: list, install/,
    ],
    ['a toolchain', ['toolchain', 'install', 'torch'], 'there is no toolchain `torch`', /did you mean `pytorch`\?/],
    ['a model without --to', ['run', MLP], 'is a model, and no format to convert it to was given', /--to onnx/],
    [
      'two models',
      ['run', MLP, 'b.onnx', '--to', 'onnx'],
      '--to converts one model, 2 were named',
      /several models belong in a suite/,
    ],
    [
      'a reporter',
      ['compare', MLP, MLP, '--reporter', 'termnal'],
      'no reporter "termnal"',
      /terminal, json, junit, markdown, github, html/,
    ],
    ['a run', ['show', 'nowhere'], 'nowhere is not a run', /onpar run/],
  ])('%s', async (_, args, message, fix) => {
    const { exitCode, stdout, stderr } = await onpar(args, { cwd: scratch() });
    const [said = '', remedy = ''] = stderr.split('\n  fix: ');
    expect(exitCode).toBe(2);
    expect(said).toContain(message);
    expect(remedy.trim()).toMatch(fix);
    expect(stdout).toBe('');
  });
  test('no suite here', async () => {
    const dir = scratch();
    const { exitCode, stderr } = await onpar([], { cwd: dir });
    expect([exitCode, stderr]).toEqual([
      2,
      `onpar: no suite here: ${dir} has none of onpar.yaml, onpar.yml, onpar.json, onpar.config.ts\n  fix: name one (\`onpar run path/onpar.yaml\`), write one (\`onpar init MODEL\`), or give a model with --to\n`,
    ]);
  });
  test('a suite error stands on stderr alone, with its line', async () => {
    const dir = scratch();
    write(dir, 'onpar.yaml', 'cases:\n  a:\n    sorce: m.onnx\n');
    const { exitCode, stdout, stderr } = await onpar([], { cwd: dir });
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(
      /^onpar: onpar\.yaml:3: unknown key `sorce` in `cases\.a`.*\n {2}fix: did you mean `source`\?/,
    );
  });
});

describe('an option value that cannot be meant is refused before anything runs', () => {
  test.each<[string[], string, RegExp]>([
    [['--seed', 'x'], '--seed `x`', /whole number from 0/],
    [['--jobs', '0'], '--jobs `0`', /whole number from 1/],
    [['--samples', '1.5'], '--samples `1.5`', /whole number from 0/],
    [['--timeout', '0'], '--timeout `0`', /whole number from 1/],
    [['--dim', 'batch'], '--dim `batch`', /--dim NAME=1,2,8/],
    [['--dim', 'batch=1,-2'], '--dim `1,-2`', /--dim NAME=1,2,8/],
    [['--range', 'x=3,1'], '--range `x=3,1`', /lo ≤ hi/],
    [['--range', 'x=1'], '--range `x=1`', /NAME=lo,hi/],
    [['--map-output', 'logits'], '--map-output `logits`', /REFERENCE=CANDIDATE/],
    [['--tolerance', 'close'], 'tolerance `close`: neither a preset nor an expression', /rtol=1e-3,atol=1e-5/],
    [['--tolerance', 'cosin > 0.9'], 'unknown measure `cosin`', /did you mean `cosine`\?/],
    [['--input', 'x=float99[1]'], '--input `x=float99[1]` is not NAME=DTYPE[DIMS]', /dtypes: float64, float32/],
    [['--investigate=perhaps'], '--investigate=perhaps', /allowed: on, off, or a number of seconds/],
    [['--runtime', 'onnxruntime-nod'], 'unknown runtime `onnxruntime-nod`', /did you mean `onnxruntime-node`\?/],
    [
      ['--reference-runtime', 'litert'],
      'runtime `litert` does not execute `onnx`',
      /runtimes for onnx: onnxruntime-node/,
    ],
    // `--out "$DIR"` with a variable that is not set
    [['--out', ''], '--out has no value', /--out VALUE/],
  ])('%s', async (args, message, fix) => {
    const dir = scratch();
    const { exitCode, stdout, stderr } = await onpar(['compare', MLP, MLP, ...args], { cwd: dir });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
    expect(stderr.split('fix: ')[1]).toMatch(fix);
    expect([stdout, readdirSync(dir)]).toEqual(['', []]);
  });
  test.each(['0/2', '3/2', '1', 'a/b', '1/0'])('--shard %s', async (shard) => {
    const dir = withModels(scratch(), 'tiny-mlp.onnx');
    write(dir, 'onpar.yaml', 'cases:\n  a: { source: tiny-mlp.onnx, convert: { to: same } }\n');
    const { exitCode, stderr } = await onpar(['run', '--shard', shard], { cwd: dir });
    expect([exitCode, stderr]).toEqual([
      2,
      `onpar: --shard \`${shard}\`\n  fix: write --shard i/n with 1 ≤ i ≤ n, for example --shard 2/4\n`,
    ]);
  });
});

describe('every option of the design', () => {
  test('parses, all at once, for a suite', async () => {
    const dir = withModels(scratch(), 'tiny-mlp.onnx');
    write(dir, 'onpar.yaml', 'cases:\n  a: { source: tiny-mlp.onnx, tags: [t], convert: { to: same } }\n');
    const args = [
      'run',
      'onpar.yaml',
      '--samples',
      '2',
      '--dim',
      'batch=1,2',
      '--range',
      'x=-1,1',
      '--tolerance',
      'rtol=1e-5,atol=1e-6',
      '--runtime',
      'onnxruntime-node',
      '--reference-runtime',
      'onnxruntime-node',
      '--seed',
      '3',
      '--out',
      'out',
      '--reporter',
      'terminal,json',
      '--reporter',
      'junit',
      '--json',
      '--jobs',
      '1',
      '--no-cache',
      '--cache',
      'store',
      '--python',
      'managed',
      '--deep',
      '--map-output',
      'logits=logits',
      '--case',
      'a',
      '--tag',
      't',
      '--shard',
      '1/1',
      '--investigate=off',
      '--trust',
      '--timeout',
      '60',
      '--network',
    ];
    const { exitCode, stdout, stderr } = await onpar(args, { cwd: dir });
    expect(exitCode).toBe(0);
    const report = reportSchema.parse(JSON.parse(stdout));
    expect(report.run).toMatchObject({ seed: 3, shard: { index: 1, count: 1 }, exitCode: 0 });
    expect(report.cases[0]?.samples.map((s) => s.shape[0]?.[0])).toEqual(expect.arrayContaining([1]));
    expect(report.cases[0]?.samples).toHaveLength(2);
    expect(report.cases[0]?.outputs[0]?.tolerance).toMatchObject({ rtol: 1e-5, atol: 1e-6, source: 'command line' });
    expect(stderr).not.toContain('--deep');
    expect(readdirSync(join(dir, 'out')).sort()).toEqual(
      ['artifacts', 'events.ndjson', 'junit.xml', 'report.json', 'tensors'].filter((n) =>
        readdirSync(join(dir, 'out')).includes(n),
      ),
    );
    expect(readdirSync(dir).sort()).toEqual(['onpar.yaml', 'out', 'store', 'tiny-mlp.onnx']);
  });
  test.each(['diff', 'pack', 'verify', 'serve', 'cache'])('%s says that it is not built yet', async (verb) => {
    const expected = [
      2,
      `onpar: \`onpar ${verb}\` is not built yet\n  fix: CHANGELOG.md tells what each version can do\n`,
    ];
    const bare = await onpar([verb]);
    const full = await onpar([verb, 'a', 'b', '--run', 'x', '--out', 'y']);
    expect([bare.exitCode, bare.stderr]).toEqual(expected);
    expect([full.exitCode, full.stderr]).toEqual(expected);
  });
  test('--help tells the exit codes and examples, --version the version', async () => {
    const help = await onpar(['compare', '--help']);
    expect(help.exitCode).toBe(0);
    expect(help.stdout).toMatch(/--tolerance .*auto \| float32/);
    expect(help.stdout).toContain('onpar compare a.onnx b.onnx');
    expect((await onpar(['--help'])).stdout).toMatch(/Exit codes: 0 .* 130 interrupted/s);
    expect((await onpar(['--version'])).stdout).toBe(`${packageVersion}\n`);
  });
});

describe('--json', () => {
  test('stdout is the report and nothing else, also when it fails', async () => {
    const out = join(scratch(), 'run');
    const { exitCode, stdout, stderr } = await onpar([
      'compare',
      MLP,
      join(MODELS, 'tiny-mlp-faulty.onnx'),
      '--json',
      '--out',
      out,
      '--cache',
      cache,
    ]);
    const report = reportSchema.parse(JSON.parse(stdout));
    expect([exitCode, report.run.exitCode, report.totals.fail]).toEqual([1, 1, 1]);
    expect(report).toEqual(readReport(out));
    expect(stderr).toContain('Parity does not hold');
  });
  test('the published JSON Schema’s id of the format stands in it', async () => {
    const { stdout } = await onpar(['compare', MLP, MLP, '--json', '--out', join(scratch(), 'run'), '--cache', cache]);
    expect(JSON.parse(stdout)).toMatchObject({ schemaVersion: 1, tool: { name: 'onpar', version: packageVersion } });
  });
});

describe('a reporter of one’s own', () => {
  test('that throws is told, fails a run that would pass, and is no bug of onpar', async () => {
    const dir = scratch();
    const reporter = write(
      dir,
      'mine.mjs',
      "export default { name: 'mine', onRunEnd() { throw new Error('disk of mine is full'); } };\n",
    );
    const out = join(dir, 'run');
    const { exitCode, stderr } = await onpar([
      'compare',
      MLP,
      MLP,
      '--reporter',
      reporter,
      '--out',
      out,
      '--cache',
      cache,
    ]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('onpar: reporter mine failed: disk of mine is full');
    expect(readReport(out).run.exitCode).toBe(0);
  });
  test('is found beside the suite and sees every case', async () => {
    const dir = withModels(scratch(), 'tiny-mlp.onnx');
    write(
      dir,
      'mine.mjs',
      "export default { name: 'mine', onCase(c, ctx) { ctx.stdout.write('saw ' + c.id + '\\n'); } };\n",
    );
    write(
      dir,
      'onpar.yaml',
      'reporters: [./mine.mjs]\ncases:\n  a: { source: tiny-mlp.onnx, convert: { to: same } }\n',
    );
    const { exitCode, stdout } = await onpar(['run', join(dir, 'onpar.yaml'), '--out', join(dir, 'run')]);
    expect([exitCode, stdout]).toEqual([0, 'saw a/same@onnxruntime-node\n']);
  });
});
