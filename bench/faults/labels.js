// What is right: the diagnosis and the place of each faulty pair, fixed before the rules that look for them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, toolchainEnvironment } from '../lib/environments.js';
import { quiet } from './generate.js';

const scripts = join(root, 'fixtures', 'faults');

/** Pair id -> names of nodes and tensors of the reference `{at, near}`, of the ONNX pairs in this folder. */
async function onnxPlaces(place, folder) {
  if (folder === undefined) return {};
  const script = join(scripts, 'places.py');
  const digest = createHash('sha256').update(folder).update(readFileSync(script)).digest('hex').slice(0, 12);
  const file = join(place, 'places', `${digest}.json`);
  if (!existsSync(file)) {
    const { python } = await toolchainEnvironment('onnx');
    const printed = execFileSync(python, ['-W', 'ignore', script, folder], { env: quiet, maxBuffer: 2 ** 28 });
    mkdirSync(join(place, 'places'), { recursive: true });
    writeFileSync(file, printed);
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

/**
 * Pair -> `{codes, apart, place}`. `apart`: it lives in no node. `place`: of ONNX `{at, near}`, else what the label names of
 * the source `{at, lines, ops}`: layers, lines of code, operators.
 */
export async function labels({ place, folders, pairs }) {
  const table = JSON.parse(readFileSync(join(scripts, 'diagnoses.json'), 'utf8'));
  const places = await onnxPlaces(place, folders.onnx);
  return new Map(
    pairs.map((pair) => {
      const entry = table[pair.class];
      if (entry === undefined) throw new Error(`fixtures/faults/diagnoses.json has no label for ${pair.class}`);
      const { at = [], lines = [], ops = [], apart = null } = entry;
      const codes = entry.pairs?.[pair.id]?.codes ?? entry.codes;
      return [pair.id, { codes, apart, place: places[pair.id] ?? { at, lines, ops } }];
    }),
  );
}
