// What it costs to hand a sample to a Python runtime and to get the answer back: 64 MiB in, 64 MiB out, against `ndarray.copy()`
// of both in numpy. The model's own time, measured in memory in the peer's process, is taken off. Files lie where onpar puts
// them: in the store, on a disk; and, for comparison, in shared memory.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root, toolchainEnvironment } from './lib/environments.js';
import { plainEnvironment, seconds, summary } from './lib/measure.js';

export const runs = 7;

/** At most so many times the copy. */
const GOAL = 2;
const ELEMENTS = 2 ** 24;
const SAMPLES = 10;

export async function run({ runs, scratch }) {
  const { makeScratch, resolveEnvironment, WorkerPool } = await import('../build/dev.js');
  const { python } = await toolchainEnvironment('onnx');
  const environment = await resolveEnvironment('onnx', { python: 'managed', root }, () => {});
  const host = { kind: 'python', root, environment, limits: { memoryBytes: null, network: false } };
  const pool = new WorkerPool();
  const shared = makeScratch();
  try {
    const places = {
      'the store': scratch,
      [shared.startsWith('/dev/shm') ? 'shared memory' : 'a scratch folder']: shared,
    };
    const lines = [];
    for (const [name, folder] of Object.entries(places))
      lines.push(line(name, await pool.use(host, (worker) => measured({ worker, python, folder, runs })), runs));
    return lines.join('\n');
  } finally {
    await pool.close();
    rmSync(shared, { recursive: true, force: true });
  }
}

/** Rounds of ours and the peer in turn; seconds a sample, by the clock and by the processor. */
async function measured({ worker, python, folder, runs }) {
  const [model, sample] = ['negated.onnx', 'sample.safetensors'].map((name) => join(folder, name));
  const script = join(import.meta.dirname, 'transport.py');
  await seconds([python, script, 'make', model, sample, String(ELEMENTS)]);
  const ask = (verb, params) => worker.request(verb, params, { timeoutMs: 120_000 });
  const ref = { format: 'onnx', path: model, root: folder, trust: false };
  const options = { intraOpNumThreads: 1 };
  const { session } = await ask('open', { runtime: 'onnxruntime', model: ref, options, inputs: [] });
  const times = { ours: [], model: [], copy: [] };
  const outDir = join(folder, 'out');
  const samples = [{ id: 's', inputs: sample }];
  for (let i = 0; i <= runs; i++) {
    const ours = { wall: 0, cpu: 0 };
    for (let n = 0; n < SAMPLES; n++) {
      mkdirSync(outDir);
      const before = { wall: performance.now() / 1000, cpu: processorSeconds(worker.pid) };
      const answer = await ask('run', { session, samples, outDir, rename: {} });
      ours.wall += (performance.now() / 1000 - before.wall) / SAMPLES;
      ours.cpu += (processorSeconds(worker.pid) - before.cpu) / SAMPLES;
      const failed = answer.samples.find(({ failure }) => failure !== undefined);
      if (failed !== undefined) throw new Error(failed.failure.message);
      rmSync(outDir, { recursive: true });
    }
    const command = [script, 'measure', model, sample, String(SAMPLES)];
    const { stdout } = await promisify(execFile)(python, command, { env: plainEnvironment() });
    const { model: alone, copy } = JSON.parse(stdout);
    // The first round fills the caches.
    if (i === 0) continue;
    times.ours.push(ours);
    times.model.push(alone);
    times.copy.push(copy);
  }
  await ask('close', { session });
  return times;
}

/** What all threads of a process have run (Linux); the host's system calls count. NaN elsewhere. */
function processorSeconds(pid) {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const spent = threads.map((id) => Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]));
    return spent.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / 1e9;
  } catch {
    return Number.NaN;
  }
}

function line(place, times, runs) {
  const by = (clock) => {
    const of = (name) => summary(times[name].map((t) => t[clock])).median;
    return { ours: of('ours'), model: of('model'), copy: of('copy'), ratio: (of('ours') - of('model')) / of('copy') };
  };
  const [wall, cpu] = [by('wall'), by('cpu')];
  const ms = (value) => `${(value * 1000).toFixed(1)} ms`;
  return `transport  ${wall.ratio.toFixed(2)}× of a numpy copy by the clock, ${cpu.ratio.toFixed(2)}× by the processor   goal ≤ ${GOAL.toFixed(2)}×: ${wall.ratio <= GOAL ? 'goal met' : 'goal missed'}   64 MiB in, 64 MiB out, through ${place}: ${ms(wall.ours)} a sample (processor ${ms(cpu.ours)}), the model alone ${ms(wall.model)} (${ms(cpu.model)}), copying both ${ms(wall.copy)} (${ms(cpu.copy)}), ${runs} pairs`;
}
