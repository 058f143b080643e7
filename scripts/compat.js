// What works with what: `npm run compat` runs every exporter and runtime on a zoo of small models, `npm run compat -- ops`
// ONNX's own node tests. With `--write` the pages under docs/ are written; `page` writes the first of them without a run.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brief as zooBrief, page as zooPage } from '../bench/compat/page.js';
import { readRecords, writeRecords } from '../bench/compat/records.js';
import { runZoo } from '../bench/compat/run.js';
import { opCases } from '../bench/ops/cases.js';
import { brief as opBrief, page as opPage } from '../bench/ops/page.js';
import { RUNTIMES, runOps } from '../bench/ops/run.js';

const docs = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs');
const say = (text) => process.stderr.write(`onpar: ${text}\n`);
const TASKS = { zoo, page, ops };

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
    const [task = 'zoo', ...more] = positionals;
    if (!Object.hasOwn(TASKS, task) || more.length > 0) throw new Error(`there is no \`${[task, ...more].join(' ')}\``);
    if (task === 'ops' && values.write && (values.only || values.runtime)) throw new Error('--write needs all tests');
    if (task === 'page' && (values.only || values.json)) throw new Error('page runs nothing, and takes --write alone');
    if (task !== 'ops' && values.runtime) throw new Error('--runtime is an option of ops');
    return { task, write: false, json: false, only: [], runtimes: values.runtime ?? RUNTIMES, ...values };
  } catch (error) {
    say(
      `${error.message}; usage: npm run compat -- [zoo | page | ops] [--write] [--json] [--only NAME …] [ops: --runtime NAME …]`,
    );
    process.exit(2);
  }
}

/** `--only` takes names of formats, exporters and runtimes, or parts of models' ids; the other rows stay as they are known. */
async function zoo({ write, json, only }) {
  const { about, records, ran, catalogue } = await runZoo(only, say);
  process.stdout.write(json ? `${JSON.stringify(ran, null, 1)}\n` : `${zooBrief(ran)}\n`);
  if (!write) return;
  writeRecords({ about, records });
  save('compatibility.md', zooPage({ about, records, catalogue }));
}

/** The page anew from what is known, after a change of its words. */
async function page({ write }) {
  const { catalogue } = await import('../build/dev.js');
  const text = zooPage({ ...readRecords(), catalogue: catalogue() });
  if (write) save('compatibility.md', text);
  else process.stdout.write(text);
}

/** `--only` takes whole names of tests. */
async function ops({ write, json, only, runtimes }) {
  const found = await opCases(only, say);
  const results = await runOps(found, runtimes, say);
  process.stdout.write(json ? `${JSON.stringify(results, null, 1)}\n` : `${opBrief({ ...found, results })}\n`);
  if (write) save('op-tests.md', opPage({ ...found, results }));
}

function save(name, text) {
  writeFileSync(join(docs, name), text);
  say(`wrote docs/${name}`);
}

const chosen = options();
await TASKS[chosen.task](chosen);
