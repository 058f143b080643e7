// The same pairs without what names tell: candidates of ONNX pairs whose nodes and tensors are named anew.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, toolchainEnvironment } from '../lib/environments.js';
import { quiet } from './generate.js';

/** The benchmark's ONNX pairs alone, with renamed candidates. */
export async function renamed({ place, folders, pairs, ...rest }) {
  const script = join(root, 'fixtures', 'faults', 'rename.py');
  const digest = createHash('sha256').update(folders.onnx).update(readFileSync(script)).digest('hex').slice(0, 12);
  const inside = `renamed-${digest}`;
  if (!existsSync(join(place, inside, 'done'))) {
    const { python } = await toolchainEnvironment('onnx');
    execFileSync(python, ['-W', 'ignore', script, folders.onnx, join(place, inside)], { env: quiet });
    mkdirSync(join(place, inside, 'done'));
  }
  const mine = pairs.filter(({ framework, kind }) => framework === 'onnx' && kind === 'faulty');
  const moved = mine.map((pair) => ({
    ...pair,
    candidate: join(inside, pair.candidate.split('/').slice(1).join('/')),
  }));
  return { ...rest, place, folders, pairs: moved };
}
