// Three answers to every pair: onpar's verdict, Polygraphy's, and that of np.allclose on one sample.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, polygraphyEnvironment, root } from '../lib/environments.js';
import { quiet } from './generate.js';
import { writeSuite } from './suite.js';

/** Pair id -> {alarm, verdict, codes}. Anything but `pass` is an alarm, as it is for onpar's exit code. */
export function onpar({ folder, ...benchmark }, say) {
  say('onpar: one suite with every pair');
  const suite = writeSuite(folder, benchmark);
  const out = join(folder, 'run');
  const [node, ...entry] = cli;
  const options = ['--out', out, '--cache', join(folder, 'store'), '--reporter', 'json'];
  const started = Date.now();
  const { status } = spawnSync(node, [...entry, 'run', suite, ...options], {
    env: quiet,
    stdio: ['ignore', 2, 'ignore'],
  });
  if (status !== 0 && status !== 1) throw new Error(`onpar ended with exit code ${status}`);
  const report = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
  const found = new Map(report.cases.map((c) => [c.id.replace(/@[^@]*$/, ''), c]));
  const answers = benchmark.pairs.map((pair) => {
    const c = found.get(`${pair.base}/${pair.id.slice(pair.base.length + 2)}`);
    if (c === undefined) return [pair.id, { alarm: true, verdict: 'absent', codes: [] }];
    const codes = c.findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
    return [pair.id, { alarm: c.verdict !== 'pass', verdict: c.verdict, codes: [...new Set(codes)] }];
  });
  return { seconds: (Date.now() - started) / 1000, answers: Object.fromEntries(answers) };
}

/** Pair id -> {polygraphy, allclose, identical}; pairs of other frameworks bring their own `allclose`. */
export async function peers({ folder, pairs }, say) {
  const file = join(folder, 'peers.json');
  if (pairs.some(({ framework }) => framework === 'onnx') && !existsSync(file)) {
    say('peers: Polygraphy and np.allclose on every ONNX pair');
    const { python } = await polygraphyEnvironment();
    const script = join(root, 'bench', 'faults', 'peers.py');
    const printed = execFileSync(python, [script, folder], {
      env: quiet,
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 2],
    });
    writeFileSync(file, printed.subarray(printed.indexOf('{')));
  }
  const answers = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  return Object.fromEntries(pairs.map((pair) => [pair.id, answers[pair.id] ?? pair.peers ?? {}]));
}
