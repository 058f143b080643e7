// Times whole processes, as a user waits for them: from spawn to exit, nothing taken off.
import { spawn } from 'node:child_process';

/**
 * What both sides see of this machine's environment. Left out: what makes every start of Node slower for reasons of this
 * machine's own (certificates to read: 35 ms; preloaded modules), and what makes a side do less than it would elsewhere.
 */
export function plainEnvironment(extra = {}) {
  const {
    NODE_EXTRA_CA_CERTS,
    NODE_OPTIONS,
    VIRTUAL_ENV,
    PYTHONPATH,
    ONPAR_CACHE,
    GITHUB_ACTIONS,
    FORCE_COLOR,
    ...env
  } = process.env;
  return { ...env, ORT_DISABLE_TELEMETRY: '1', NO_COLOR: '1', ...extra };
}

/** Seconds that a command takes. A side that fails measured nothing, so it ends the bench. */
export function seconds([file, ...args], { cwd, env = plainEnvironment() } = {}) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    let log = '';
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (chunk) => {
      log = (log + chunk).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    let took = 0;
    child.once('exit', () => {
      took = (performance.now() - started) / 1000;
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolve(took);
      else
        reject(new Error(`${[file, ...args].join(' ')} ended with ${signal ?? `exit code ${code}`}:\n${log.trim()}`));
    });
  });
}

/**
 * Both sides in turn, A B A B …, so that a machine that slows down slows both. The first pair only fills the caches of the
 * file system and is thrown away. `before` is not timed.
 */
export async function pairs({ ours, peer, runs, before = () => {} }) {
  const times = { ours: [], peer: [] };
  for (let i = 0; i <= runs; i++) {
    for (const [name, side] of Object.entries({ ours, peer })) {
      await before(i);
      const took = await seconds(side.command, side);
      if (i > 0) times[name].push(took);
    }
  }
  return { ours: summary(times.ours), peer: summary(times.peer) };
}

export function summary(times) {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted.at(-1) };
}
