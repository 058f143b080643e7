// A peer at localising: Polygraphy's `debug reduce`, which cuts a failing model down while a command of the user's fails.
// The command given here holds every tensor of the candidate against the tensor of that name in the reference, as its
// documentation advises; a user would have to write that, and have the same names on both sides.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { polygraphyEnvironment } from '../lib/environments.js';
import { quiet } from './generate.js';

/** As long as onpar takes by default for one failure, twice. */
const SECONDS = 60;

function runner(folder, python, polygraphy) {
  const env = { ...quiet, PATH: `${dirname(python)}:${process.env.PATH}` };
  return (...args) =>
    spawnSync(polygraphy, args, { cwd: folder, env, stdio: 'ignore', timeout: SECONDS * 1000 }).status;
}

/** Every tensor of the reference on its sample, once for a base: what the reduced pieces are fed and held against. */
function golden(folder, run, file, sample) {
  if (existsSync(join(folder, 'fed.json'))) return;
  mkdirSync(folder, { recursive: true });
  const loader = `import numpy as np\ndef load_data():\n    yield dict(np.load(${JSON.stringify(sample)}))\n`;
  writeFileSync(join(folder, 'load.py'), loader);
  const all = ['--onnx-outputs', 'mark', 'all', '--save-inputs', 'inputs.json', '--save-outputs', 'golden.json'];
  const steps = [
    run('run', file, '--onnxrt', '--data-loader-script', 'load.py', ...all),
    run('data', 'merge', 'inputs.json', 'golden.json', '-o', 'fed.json'),
    // The command must pass on the reference, or its failures say nothing about candidates.
    run('run', file, '--onnxrt', '--load-inputs', 'fed.json', '--load-outputs', 'golden.json'),
  ];
  if (steps.some((status) => status !== 0)) throw new Error(`Polygraphy could not record ${file}: ${steps.join(', ')}`);
}

const NODES = 'import onnx, sys; print("\\n".join(n.name for n in onnx.load(sys.argv[1]).graph.node))';

/** Pair id -> `{seconds, nodes}`; `nodes` null where nothing was reduced: the whole model does not fail, or it took too long. */
export async function reduced({ place, pairs }, say) {
  const { python, polygraphy } = await polygraphyEnvironment();
  const scratch = mkdtempSync(join(tmpdir(), 'onpar-reduce-'));
  const answers = {};
  try {
    for (const { id, base, reference, candidate } of pairs) {
      const folder = join(scratch, base);
      const run = runner(folder, python, polygraphy);
      const sample = join(place, dirname(reference), 'sample.npz');
      golden(folder, run, join(place, reference), sample);
      const started = Date.now();
      const made = join(folder, `${candidate.split('/').at(-1)}`);
      const check = [polygraphy, 'run', 'polygraphy_debug.onnx', '--onnxrt', '--load-inputs', 'fed.json'];
      const how = ['--mode=bisect', '--load-inputs', 'fed.json', '--check', ...check, '--load-outputs', 'golden.json'];
      const status = run('debug', 'reduce', join(place, candidate), '-o', made, ...how);
      const seconds = (Date.now() - started) / 1000;
      const good = status === 0 && existsSync(made);
      const nodes = good
        ? execFileSync(python, ['-c', NODES, made], { encoding: 'utf8' }).split('\n').filter(Boolean)
        : null;
      answers[id] = { seconds, nodes };
      say(`Polygraphy: ${id}: ${nodes === null ? 'not reduced' : nodes.join(', ')} (${seconds.toFixed(1)} s)`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return answers;
}
