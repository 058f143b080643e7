// The comparison itself: the same two arrays of 64 M float32, compared by onpar (reading them counts), by Polygraphy's
// comparator and by vectorised numpy (both have them in memory); then `onpar compare` of a pair of files of 5 GB each, for its memory.
import { execFile } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cli, polygraphyEnvironment } from './lib/environments.js';
import { plainEnvironment, seconds, summary } from './lib/measure.js';
import { peakOf } from './lib/peak.js';
import { spread } from './lib/print.js';

export const runs = 3;

/** Design, issue 4: at least so many times faster. */
const GOALS = { polygraphy: 40, numpy: 6 };
const MEMORY_GOAL_MB = 256;
const ELEMENTS = 2 ** 26;
const PAIR_BYTES = 10e9;

export async function run({ runs, scratch }) {
  const { python } = await polygraphyEnvironment();
  const script = join(import.meta.dirname, 'kernel.py');
  const files = ['a.npy', 'b.npy'].map((name) => join(scratch, name));
  await seconds([python, script, 'make', ...files, String(ELEMENTS)]);
  const json = async (file, args) =>
    JSON.parse((await promisify(execFile)(file, args, { env: plainEnvironment() })).stdout);
  const times = { onpar: [], numpy: [], polygraphy: [], whole: [] };
  for (let i = 0; i <= runs; i++) {
    const ours = await json(process.execPath, [join(import.meta.dirname, 'lib', 'kernel-side.js'), ...files]);
    const theirs = await json(python, [script, 'peers', ...files]);
    // numpy subtracts in float32.
    if (Math.abs(ours.measures.maxAbs / theirs.measures.maxAbs - 1) > 1e-6)
      throw new Error('onpar and numpy measure different maxima');
    const whole = await seconds([...cli, 'compare', ...files, '--no-cache', '--out', 'report'], { cwd: scratch });
    // The first round fills the caches.
    if (i === 0) continue;
    times.onpar.push(ours.seconds);
    times.numpy.push(theirs.numpy);
    times.polygraphy.push(theirs.polygraphy);
    times.whole.push(whole);
  }
  for (const file of files) rmSync(file);
  const ours = summary(times.onpar);
  const line = (peer) => {
    const theirs = summary(times[peer]);
    const ratio = theirs.median / ours.median;
    return `kernel     ${ratio.toFixed(1)}× faster than ${peer}   goal ≥ ${GOALS[peer]}×: ${ratio >= GOALS[peer] ? 'goal met' : 'goal missed'}   onpar ${spread(ours)}, ${peer} ${spread(theirs)}, 64 M float32 pairs, ${runs} runs`;
  };
  const whole = `kernel     onpar compare a.npy b.npy as a whole process: ${spread(summary(times.whole))}`;
  return [line('polygraphy'), line('numpy'), whole, await memory(scratch)].join('\n');
}

/** Two files that are mostly holes: no disk is filled, and every byte is read and compared all the same. */
async function memory(scratch) {
  const bytes = PAIR_BYTES / 2;
  const files = ['a', 'b'].map((name, i) => {
    const path = join(scratch, `large-${name}.npy`);
    const dict = `{'descr': '<f4', 'fortran_order': False, 'shape': (${bytes / 4000}, 1000), }`;
    const header = Buffer.alloc(128, ' ');
    header.write('\x93NUMPY\x01\x00', 'latin1');
    header.writeUInt16LE(118, 8);
    header.write(dict, 10);
    header.write('\n', 127);
    const fd = openSync(path, 'w');
    writeSync(fd, header);
    for (let at = 128; at < bytes; at += 64e6) writeSync(fd, Float32Array.of(1 + i * 1e-7, -1), 0, 8, at);
    ftruncateSync(fd, 128 + bytes);
    closeSync(fd);
    return path;
  });
  const {
    code,
    megabytes,
    seconds: took,
  } = await peakOf([...cli, 'compare', ...files, '--no-cache', '--out', 'large'], { cwd: scratch });
  if (code !== 0) throw new Error(`onpar compare of the large pair ended with exit code ${code}`);
  const told =
    megabytes === null
      ? 'is measured on Linux only'
      : `${megabytes.toFixed(0)} MB   goal ≤ ${MEMORY_GOAL_MB} MB: ${megabytes <= MEMORY_GOAL_MB ? 'goal met' : 'goal missed'}`;
  return `kernel     peak memory ${told}   a pair of files of 10 GB together, ${took.toFixed(1)} s`;
}
