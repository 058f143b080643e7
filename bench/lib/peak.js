// Peak memory of a command, from the system's own account (Linux).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { plainEnvironment } from './measure.js';

/** Largest resident memory in MB and seconds; the highest of what the system says while it runs. Null elsewhere than on Linux. */
export function peakOf([file, ...args], { cwd }) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(file, args, { cwd, env: plainEnvironment(), stdio: 'ignore' });
    let peak = null;
    const look = () => {
      try {
        const line = /VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'));
        if (line !== null) peak = Number(line[1]) / 1024;
      } catch {
        // Not Linux, or ended between two looks.
      }
    };
    const timer = setInterval(look, 20);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearInterval(timer);
      resolve({ code, megabytes: peak, seconds: (performance.now() - started) / 1000 });
    });
  });
}
