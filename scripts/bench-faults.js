// Does onpar catch faults and leave healthy conversions alone? `npm run bench:faults [-- --framework onnx --write]`.
// Hundreds of pairs with proven answers, judged by onpar, Polygraphy and np.allclose in one run.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generate } from '../bench/faults/generate.js';
import { onpar, peers } from '../bench/faults/judges.js';
import { smallestNoise } from '../bench/faults/noise.js';
import { broken, promises } from '../bench/faults/promises.js';
import { brief, page } from '../bench/faults/table.js';

const FRAMEWORKS = ['onnx', 'pytorch', 'sklearn', 'keras'];
const say = (text) => process.stderr.write(`onpar: ${text}\n`);

function options() {
  try {
    const { values } = parseArgs({
      options: { framework: { type: 'string', multiple: true }, write: { type: 'boolean' } },
    });
    const unknown = values.framework?.find((name) => !FRAMEWORKS.includes(name));
    if (unknown !== undefined) throw new Error(`there is no framework \`${unknown}\``);
    return { frameworks: values.framework ?? FRAMEWORKS, write: values.write ?? false };
  } catch (error) {
    say(
      `${error.message}; options: --framework ${FRAMEWORKS.join(' | ')} (several), --write (docs/fault-benchmark.md)`,
    );
    process.exit(2);
  }
}

const { frameworks, write } = options();
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
  const file = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'fault-benchmark.md');
  writeFileSync(file, page({ ...benchmark, rows, noise }));
  say(`wrote ${file}`);
}
// Part of the benchmark need not keep what the whole one promises.
if (frameworks.length === FRAMEWORKS.length) {
  const missing = broken(promises({ ...benchmark, rows }));
  for (const sentence of missing) say(`the benchmark is too small: ${sentence}`);
  if (missing.length > 0) process.exitCode = 1;
}
