// Side by side with peers: `npm run bench`, or `npm run bench -- compare run --runs 9` for some of them.
// One line a bench. A missed goal is told, never an error: numbers of a busy machine must not fail anything.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const folder = join(dirname(fileURLToPath(import.meta.url)), '..', 'bench');
const suffix = '.bench.js';
const known = readdirSync(folder)
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length));

const say = (text) => process.stderr.write(`onpar: ${text}\n`);

function options() {
  try {
    const { values, positionals } = parseArgs({ options: { runs: { type: 'string' } }, allowPositionals: true });
    const unknown = positionals.find((name) => !known.includes(name));
    if (unknown !== undefined) throw new Error(`there is no bench \`${unknown}\``);
    if (values.runs !== undefined && !/^[1-9]\d*$/.test(values.runs))
      throw new Error(`--runs ${values.runs} is not a whole number`);
    return {
      names: positionals.length > 0 ? positionals : known,
      runs: values.runs === undefined ? undefined : Number(values.runs),
    };
  } catch (error) {
    say(`${error.message}; benches: ${known.join(', ')}; option: --runs N`);
    process.exit(2);
  }
}

const { names, runs } = options();
process.stdout.write(
  `${availableParallelism()} cores, load ${loadavg()[0].toFixed(1)}, Node ${process.versions.node}; medians of whole processes (smallest–largest)\n`,
);
let failed = false;
for (const name of names) {
  const scratch = mkdtempSync(join(tmpdir(), 'onpar-bench-'));
  try {
    const bench = await import(pathToFileURL(join(folder, name + suffix)).href);
    process.stdout.write(`${await bench.run({ runs: runs ?? bench.runs, scratch, say })}\n`);
  } catch (error) {
    failed = true;
    process.stdout.write(`${name.padEnd(10)} could not run: ${error.message}\n`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
process.exit(failed ? 1 : 0);
