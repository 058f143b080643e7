// `npm run demo` once more with nothing changed: every answer comes from the store, and the report is made anew.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/environments.js';
import { seconds, summary } from './lib/measure.js';
import { secondsLine } from './lib/print.js';

export const runs = 7;

export async function run({ runs, scratch, say }) {
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm'];
  const empty = join(scratch, 'empty');
  mkdirSync(empty);
  writeFileSync(join(empty, 'package.json'), '{ "private": true, "scripts": { "nothing": "node -e 0" } }\n');
  say('demo: one run to fill the store; it takes minutes where toolchains are still to be installed');
  await seconds([...npm, 'run', 'demo'], { cwd: root });
  const [ours, script, node] = [[], [], []];
  for (let i = 0; i < runs; i++) {
    ours.push(await seconds([...npm, 'run', 'demo'], { cwd: root }));
    script.push(await seconds([...npm, 'run', 'nothing'], { cwd: empty }));
    node.push(await seconds([process.execPath, '-e', '0']));
  }
  const beside = { 'an empty `npm run`': summary(script), '`node -e 0`': summary(node) };
  return secondsLine({ name: 'demo', ours: summary(ours), goal: 1.5, beside, runs });
}
