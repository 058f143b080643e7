// Pairs from outside the fault benchmark: `node bench/faults/outside/run.js [--keep] [--framework onnx]`. Their models and
// faults are others, their labels were fixed with them; measured by the same rules as the benchmark's own.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { toolchainEnvironment } from '../../lib/environments.js';
import { quiet } from '../generate.js';
import { investigated } from '../investigated.js';
import { investigationBrief } from '../investigation-page.js';
import { judge } from '../judges.js';

const here = import.meta.dirname;
const say = (text) => process.stderr.write(`onpar: ${text}\n`);
// In this order: ONNX pairs are edits of what PyTorch exported.
const MAKERS = [
  ['torch', 'pytorch'],
  ['onnx', 'onnx'],
  ['keras', 'tensorflow'],
  ['sklearn', 'sklearn'],
];

function digest() {
  const hash = createHash('sha256');
  for (const file of readdirSync(here).filter((name) => name.endsWith('.py')))
    hash.update(readFileSync(join(here, file)));
  return hash.digest('hex').slice(0, 12);
}

async function made() {
  const place = join(process.env.ONPAR_BENCH_FAULTS ?? join(tmpdir(), 'onpar-bench-faults'), `outside-${digest()}`);
  const done = join(place, 'done');
  if (!existsSync(done)) {
    mkdirSync(place, { recursive: true });
    for (const [name, toolchain] of MAKERS) {
      say(`making the ${name} pairs`);
      const { python } = await toolchainEnvironment(toolchain);
      await promisify(execFile)(python, ['-W', 'ignore', join(here, `${name}_pairs.py`), place], { env: quiet });
    }
    mkdirSync(done);
  }
  const parts = MAKERS.map(([name]) => JSON.parse(readFileSync(join(place, `${name}.json`), 'utf8')));
  return {
    place,
    bases: Object.assign({}, ...parts.map(({ bases }) => bases)),
    pairs: parts.flatMap(({ pairs }) => pairs),
  };
}

/** The whole export of each base: what onpar fails there is no answer to a fault. */
function wholes({ bases }) {
  return Object.entries(bases).map(([base, { source }]) => {
    const [kind, name] = base.split('-');
    const reference = source ?? `torch/${name}.onnx`;
    const candidate = kind === 'onnx' ? reference : `${kind}/${name}.${kind === 'keras' ? 'tflite' : 'onnx'}`;
    const runtime = kind === 'keras' ? { runtime: 'litert' } : {};
    return { id: `${base}--whole`, base, reference, candidate, precision: 'float32', ...runtime };
  });
}

const { values } = parseArgs({ options: { keep: { type: 'boolean', default: false }, framework: { type: 'string' } } });
const benchmark = await made();
for (const [id, { verdict, codes }] of judge(
  benchmark.place,
  benchmark.bases,
  wholes(benchmark),
  `wholes-${process.pid}`,
))
  if (verdict !== 'pass') say(`${id}: ${verdict} (${codes.join(', ')})`);
const pairs = benchmark.pairs.filter(({ framework }) => (values.framework ?? framework) === framework);
const known = new Map(pairs.map(({ id, label }) => [id, label]));
const rows = await investigated({ ...benchmark, pairs }, { known, keep: values.keep, say });
process.stdout.write(`${investigationBrief(rows)}\n\n`);
for (const { id, investigated: asked, verdict } of rows)
  if (!asked) process.stdout.write(`not caught: ${id} (${verdict})\n`);
