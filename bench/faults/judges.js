// Three answers to every pair: onpar's verdict, Polygraphy's, and that of np.allclose on one sample.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cli, polygraphyEnvironment, root } from '../lib/environments.js';
import { quiet } from './generate.js';
import { nameOf, suiteOf } from './suite.js';

/** Pairs that one run judges: short enough to see it move, long enough that starting costs nothing. */
const PAIRS_PER_RUN = 150;

/** Pair id -> its case in the report of one suite, and the run's folder; no case where onpar made none. */
export function report(place, bases, pairs, name, more = []) {
  const suite = join(place, `${name}.json`);
  writeFileSync(suite, `${JSON.stringify(suiteOf(bases, pairs), null, 1)}\n`);
  const out = join(place, 'runs', name);
  const [node, ...entry] = cli;
  const options = ['--out', out, '--cache', join(place, 'store'), '--reporter', 'json', ...more];
  const { status } = spawnSync(node, [...entry, 'run', suite, ...options], {
    env: quiet,
    stdio: ['ignore', 2, 'ignore'],
  });
  if (status !== 0 && status !== 1) throw new Error(`onpar ended with exit code ${status}: ${suite}`);
  const { cases } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'));
  const found = new Map(cases.map((c) => [c.id.replace(/@[^@]*$/, ''), c]));
  return { suite, out, cases: new Map(pairs.map((pair) => [pair.id, found.get(`${pair.base}/${nameOf(pair)}`)])) };
}

/** Pair id -> {alarm, verdict, codes} of one suite. Anything but `pass` is an alarm, as it is for onpar's exit code. */
export function judge(place, bases, pairs, name) {
  return [...report(place, bases, pairs, name, ['--investigate=off']).cases].map(([id, c]) => {
    if (c === undefined) return [id, { alarm: true, verdict: 'absent', codes: [] }];
    const codes = c.findings.filter(({ severity }) => severity !== 'info').map(({ code }) => code);
    return [id, { alarm: c.verdict !== 'pass', verdict: c.verdict, codes: [...new Set(codes)] }];
  });
}

/** Whole bases at a time, so that a reference is observed once. */
export function portions(bases, pairs) {
  const all = [[]];
  for (const name of Object.keys(bases)) {
    if (all.at(-1).length >= PAIRS_PER_RUN) all.push([]);
    all.at(-1).push(...pairs.filter((pair) => pair.base === name));
  }
  return all.filter((portion) => portion.length > 0);
}

/** `{seconds, answers}` of onpar to every pair. */
export function onpar({ place, bases, pairs }, say) {
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  const answers = {};
  for (const [index, portion] of portions(bases, pairs).entries()) {
    Object.assign(answers, Object.fromEntries(judge(place, bases, portion, `pairs-${index + 1}`)));
    say(`onpar: ${Object.keys(answers).length} of ${pairs.length} pairs, ${seconds().toFixed(0)} s`);
  }
  return { seconds: seconds(), answers };
}

/** Pair id -> {polygraphy, allclose, identical}; pairs of other frameworks bring their own `allclose`. */
export async function peers({ place, folders, pairs }, say) {
  const file = folders.onnx === undefined ? undefined : join(folders.onnx, 'peers.json');
  if (file !== undefined && !existsSync(file)) {
    const { python } = await polygraphyEnvironment();
    const script = join(root, 'bench', 'faults', 'peers.py');
    say('peers: Polygraphy and np.allclose on every ONNX pair');
    const printed = execFileSync(python, [script, folders.onnx], {
      cwd: place,
      env: quiet,
      maxBuffer: 2 ** 28,
      stdio: ['ignore', 'pipe', 2],
    });
    writeFileSync(file, printed.subarray(printed.indexOf('{')));
  }
  const answers = file === undefined ? {} : JSON.parse(readFileSync(file, 'utf8'));
  return Object.fromEntries(pairs.map((pair) => [pair.id, answers[pair.id] ?? pair.peers ?? {}]));
}
