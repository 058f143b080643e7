import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratch, write } from '../scratch.ts';
import { codesOf, onpar, readReport, withModels } from './onpar.ts';

const NODE = JSON.stringify(process.execPath);
const COPY =
  "import { copyFileSync } from 'node:fs';\nconst [source, output] = process.argv.slice(2);\ncopyFileSync(source, output);\n";

/** A chain of commands: `copy` hands the model on, `damage` writes one whose bias is gone, `mend` the right one again. */
async function run(links: readonly string[], rest = '') {
  const dir = withModels(scratch(), 'tiny-mlp.onnx', 'tiny-mlp-faulty.onnx', 'tiny-mlp-renamed.onnx');
  write(dir, 'copy.mjs', COPY);
  const command: Record<string, string> = {
    copy: `[${NODE}, copy.mjs, "{source}", "{output}"]`,
    damage: `[${NODE}, copy.mjs, tiny-mlp-faulty.onnx, "{output}"]`,
    mend: `[${NODE}, copy.mjs, tiny-mlp.onnx, "{output}"]`,
    stop: `[${NODE}, missing.mjs]`,
  };
  const chain = links.map((name) => `{ to: onnx, exporter: { name: ${name}, command: ${command[name]} } }`);
  write(
    dir,
    'onpar.yaml',
    `cases:\n  a:\n    source: tiny-mlp.onnx\n    samples: portfolio:2\n    convert: { chain: [${chain.join(', ')}]${rest} }\n`,
  );
  const go = () => onpar(['run', '--out', 'run', '--reporter', 'terminal,markdown,html'], { cwd: dir });
  const finished = await go();
  return { ...finished, dir, go, cases: () => readReport(join(dir, 'run')).cases };
}

const verdicts = (cases: ReturnType<typeof readReport>['cases']) => cases.map((c) => c.verdict);
const findingOf = (c: ReturnType<typeof readReport>['cases'][number] | undefined, code: string) =>
  c?.findings.find((f) => f.code === code)?.message;

test('the link that broke parity is named by every conversion behind it', async () => {
  const { exitCode, text, cases } = await run(['copy', 'damage', 'copy']);
  expect(exitCode).toBe(1);
  const [first, second, third] = cases();
  expect(verdicts(cases())).toEqual(['pass', 'fail', 'fail']);
  expect(findingOf(second, 'chain-broken-at')).toBe(
    'parity broke at link 2 of 3, damage (onnx → onnx): the link before it held',
  );
  expect(findingOf(third, 'chain-broken-at')).toBe(
    'parity broke at link 2 of 3, damage (onnx → onnx): the link before it held; see a/onnx.2-damage@onnxruntime-node',
  );
  expect(codesOf(first as never)).not.toContain('chain-broken-at');
  expect(third?.chain).toEqual({
    name: 'onnx',
    link: 3,
    links: [
      expect.objectContaining({ exporter: 'copy', id: 'a/onnx.1-copy@onnxruntime-node', verdict: 'pass' }),
      expect.objectContaining({ exporter: 'damage', id: 'a/onnx.2-damage@onnxruntime-node', verdict: 'fail' }),
      expect.objectContaining({ exporter: 'copy', id: 'a/onnx@onnxruntime-node', verdict: 'fail' }),
    ],
  });
  expect(text).toContain('chain: copy = → damage ✗ → copy ✗');
});

test('what holds to its end tells nothing but its links; a second run exports nothing', async () => {
  const { exitCode, go, cases } = await run(['copy', 'copy']);
  expect(exitCode).toBe(0);
  expect(cases().flatMap(codesOf)).not.toContain('chain-broken-at');
  const again = await go();
  expect(again.exitCode).toBe(0);
  expect(cases().map((c) => c.steps.total - c.steps.cached)).toEqual([0, 0]);
});

test('a link that fails ends the chain there', async () => {
  const { cases } = await run(['copy', 'stop', 'copy']);
  expect(verdicts(cases())).toEqual(['pass', 'error', 'error']);
  expect(findingOf(cases()[2], 'chain-broken-at')).toMatch(/^the chain broke off at link 2 of 3, stop/);
  expect(cases()[2]?.candidate.failure?.message).toMatch(/^link 2 of 3 \(stop\): /);
});

test('an end that agrees though a link before it did not is told', async () => {
  const { exitCode, cases } = await run(['damage', 'mend']);
  expect(exitCode).toBe(1);
  expect(verdicts(cases())).toEqual(['fail', 'pass']);
  expect(findingOf(cases()[1], 'chain-recovered')).toMatch(/though link 1 of 2, damage, did not/);
});

test('a failure that is expected of the chain excuses the links that break, and asks nothing of those that hold', async () => {
  const { exitCode, cases } = await run(['copy', 'damage', 'copy'], ', expect: { fail: known }');
  expect(exitCode).toBe(0);
  expect(cases().map((c) => c.expected?.met ?? null)).toEqual([null, true, true]);
  expect(cases().flatMap(codesOf)).not.toContain('expected-failure-passed');
});

test('on the command line an option names its link', async () => {
  const dir = withModels(scratch(), 'tiny-mlp.onnx');
  const { exitCode, text } = await onpar(
    ['run', 'tiny-mlp.onnx', '--chain', 'onnx-opset,onnx-simplify', '--option', 'opset=18'],
    { cwd: dir },
  );
  expect(exitCode).toBe(2);
  expect(text).toContain('--option onnx-opset.opset=');
});
