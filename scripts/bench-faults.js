// Does onpar catch faults and leave healthy conversions alone? `npm run bench:faults [-- --framework onnx --write]`.
// Hundreds of pairs with proven answers, judged by onpar, Polygraphy and np.allclose in one run; `--investigate`: does onpar
// find the node and the cause?
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chosen } from '../bench/faults/chosen.js';
import { generate } from '../bench/faults/generate.js';
import { investigated } from '../bench/faults/investigated.js';
import { investigationBrief, investigationPage, reductions } from '../bench/faults/investigation-page.js';
import { onpar, peers } from '../bench/faults/judges.js';
import { labels } from '../bench/faults/labels.js';
import { smallestNoise } from '../bench/faults/noise.js';
import { broken, promises } from '../bench/faults/promises.js';
import { reduced } from '../bench/faults/reduce.js';
import { renamed } from '../bench/faults/renamed.js';
import { brief, page } from '../bench/faults/table.js';

const FRAMEWORKS = ['onnx', 'pytorch', 'sklearn', 'keras'];
const say = (text) => process.stderr.write(`onpar: ${text}\n`);

/** Pairs of the page that Polygraphy reduces. */
const REDUCED = '24';

const OPTIONS = {
  framework: { type: 'string', multiple: true },
  class: { type: 'string' },
  base: { type: 'string' },
  sample: { type: 'string' },
  investigate: { type: 'boolean' },
  renamed: { type: 'boolean' },
  reduce: { type: 'string' },
  keep: { type: 'boolean' },
  write: { type: 'boolean' },
};
const HELP = `options: --framework ${FRAMEWORKS.join(' | ')} (several), --write (docs/fault-benchmark.md); --investigate
(docs/investigation-benchmark.md): where and why each faulty pair differs; with it --class a,b, --base a,b,
--sample N or N/seed (some of them), --renamed (ONNX pairs whose names tell nothing),
--reduce N (so many of them through Polygraphy, too) and --keep (the folders of the runs)`;

function options() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    const unknown = values.framework?.find((name) => !FRAMEWORKS.includes(name));
    if (unknown !== undefined) throw new Error(`there is no framework \`${unknown}\``);
    const some = ['class', 'base', 'sample', 'renamed', 'reduce', 'keep'].find((name) => values[name] !== undefined);
    if (some !== undefined && !values.investigate) throw new Error(`--${some} goes with --investigate`);
    const part = ['class', 'base', 'sample', 'renamed', 'framework'].find((name) => values[name] !== undefined);
    if (part !== undefined && values.investigate && values.write)
      throw new Error(`--${part} measures a part; --write is for the whole`);
    return { ...values, frameworks: values.framework ?? FRAMEWORKS, write: values.write ?? false };
  } catch (error) {
    say(`${error.message}; ${HELP}`);
    process.exit(2);
  }
}

const docs = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs');

function some(pairs, which) {
  try {
    return chosen(pairs, which);
  } catch (error) {
    say(`${error.message}; ${HELP}`);
    process.exit(2);
  }
}

/** Pairs that Polygraphy is asked to reduce: those that both tools can be asked about. */
function reducible(rows, pairs, size) {
  const asked = new Set(rows.flatMap(({ id, location }) => ((location ?? null) === null ? [] : [id])));
  const fit = pairs.filter(
    ({ id, framework, precision }) => asked.has(id) && framework === 'onnx' && precision === 'float32',
  );
  return chosen(fit, { sample: size });
}

async function investigate({ frameworks, renamed: anew = false, keep = false, reduce, write, ...which }) {
  const made = await generate({ frameworks: anew ? ['onnx'] : frameworks, say });
  const whole = anew ? await renamed(made) : made;
  const pairs = some(whole.pairs, which);
  const benchmark = { ...whole, pairs };
  const rows = await investigated(benchmark, { known: await labels(benchmark), keep, say });
  writeFileSync(join(whole.place, `investigated-${process.pid}.json`), `${JSON.stringify(rows, null, 1)}\n`);
  process.stdout.write(`${investigationBrief(rows)}\n`);
  say(`rows in ${join(whole.place, `investigated-${process.pid}.json`)}`);
  const size = reduce ?? (write ? REDUCED : undefined);
  if (size === undefined) return;
  const answers = await reduced({ ...whole, pairs: reducible(rows, pairs, size) }, say);
  const beside = reductions(rows, answers);
  process.stdout.write(`\n${beside.join('\n')}`);
  if (!write) return;
  writeFileSync(join(docs, 'investigation-benchmark.md'), investigationPage(rows, beside));
  say('wrote docs/investigation-benchmark.md');
}

async function judge({ frameworks, write }) {
  const benchmark = await generate({ frameworks, say });
  const others = await peers(benchmark, say);
  const { answers, seconds } = onpar(benchmark, say);
  const noise = smallestNoise(benchmark, say);
  const rows = benchmark.pairs.map((pair) => {
    const { alarm, verdict, codes } = answers[pair.id];
    return { ...pair, ...others[pair.id], onpar: alarm, verdict, codes };
  });
  writeFileSync(join(benchmark.place, 'results.json'), `${JSON.stringify({ rows, noise }, null, 1)}\n`);
  process.stdout.write(`${brief({ rows, seconds, noise })}\n`);
  if (write) {
    const file = join(docs, 'fault-benchmark.md');
    writeFileSync(file, page({ ...benchmark, rows, noise }));
    say(`wrote ${file}`);
  }
  // Part of the benchmark need not keep what the whole one promises.
  if (frameworks.length === FRAMEWORKS.length) {
    const missing = broken(promises({ ...benchmark, rows }));
    for (const sentence of missing) say(`the benchmark is too small: ${sentence}`);
    if (missing.length > 0) process.exitCode = 1;
  }
}

const asked = options();
await (asked.investigate ? investigate(asked) : judge(asked));
