// What works with what: `npm run compat` runs every exporter and runtime on a zoo of small models, `npm run compat -- ops`
// ONNX's own node tests. With `--write` the pages under docs/ are written.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { opCases } from '../bench/ops/cases.js';
import { brief, page } from '../bench/ops/page.js';
import { RUNTIMES, runOps } from '../bench/ops/run.js';

const docs = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs');
const say = (text) => process.stderr.write(`onpar: ${text}\n`);
const TASKS = ['ops'];

function options() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        write: { type: 'boolean' },
        json: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        runtime: { type: 'string', multiple: true },
      },
    });
    const [task = 'ops', ...more] = positionals;
    if (!TASKS.includes(task) || more.length > 0) throw new Error(`there is no \`${[task, ...more].join(' ')}\``);
    if (values.write && (values.only || values.runtime)) throw new Error('--write needs all of it');
    return {
      task,
      write: values.write ?? false,
      json: values.json ?? false,
      only: values.only ?? [],
      runtimes: values.runtime ?? RUNTIMES,
    };
  } catch (error) {
    say(`${error.message}; usage: npm run compat -- [ops] [--write] [--json] [--only TEST …] [--runtime NAME …]`);
    process.exit(2);
  }
}

async function ops({ write, json, only, runtimes }) {
  const found = await opCases(only, say);
  const results = await runOps(found, runtimes, say);
  process.stdout.write(json ? `${JSON.stringify(results, null, 1)}\n` : `${brief({ ...found, results })}\n`);
  if (write) {
    writeFileSync(join(docs, 'op-tests.md'), page({ ...found, results }));
    say('wrote docs/op-tests.md');
  }
}

await ops(options());
