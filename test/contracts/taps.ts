import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { packageRoot } from '../../src/core/paths.ts';
import { type OpGraph, opGraph } from '../../src/records/graph.ts';
import type { SampleRun } from '../../src/records/observation.ts';
import type { Variant } from '../../src/records/variant.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensor/safetensors.ts';
import type { NamedTensors } from '../../src/tensor/tensor.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import type { WorkerPool } from '../../src/workers/pool.ts';
import type { InputRef, ModelRef, Verbs } from '../../src/workers/protocol.ts';

/** A model that a runtime can be asked to look into. */
export interface TapTarget {
  readonly toolchain: string;
  readonly runtime: string;
  readonly model: Omit<ModelRef, 'root' | 'trust'>;
  readonly inputs: readonly InputRef[];
  readonly sample: NamedTensors;
  readonly variant?: Variant;
  /** Whether `graph` is told a sample; missing: yes. */
  readonly example?: boolean;
}

export interface LookedInto {
  readonly graph: OpGraph;
  readonly facts: Readonly<Record<string, unknown>>;
  /** As the session without taps answers, and as the one with taps does. */
  readonly plain: NamedTensors;
  readonly outputs: NamedTensors;
  readonly taps: NamedTensors;
  readonly missing: NonNullable<SampleRun['tapped']>['missing'];
}

let calls = 0;

/** Asks the host of a toolchain one thing. */
export async function askToolchain<V extends keyof Verbs>(
  pool: WorkerPool,
  toolchain: string,
  root: string,
  verb: V,
  params: Verbs[V]['params'],
): Promise<Verbs[V]['result']> {
  const environment = await resolveEnvironment(toolchain, { python: 'managed', root: packageRoot }, () => {});
  const limits = { memoryBytes: null, network: false };
  return pool.use({ kind: 'python', root, limits, environment }, (worker) =>
    worker.request(verb, params, { timeoutMs: 120_000 }),
  );
}

/** Opens a model twice, with and without taps, and asks for all that can be tapped and for all constants. */
export async function lookInto(pool: WorkerPool, target: TapTarget): Promise<LookedInto> {
  const root = dirname(target.model.path);
  const ask = <V extends keyof Verbs>(verb: V, params: Verbs[V]['params']) =>
    askToolchain(pool, target.toolchain, root, verb, params);
  const out = join(root, `taps-${++calls}`);
  mkdirSync(out);
  const file = join(out, 'in.safetensors');
  writeSafetensors(file, target.sample);
  const opening = {
    runtime: target.runtime,
    model: { ...target.model, root, trust: true },
    options: {},
    inputs: [...target.inputs],
    ...(target.variant === undefined ? {} : { variant: target.variant }),
  };
  const plain = await ask('open', opening);
  const before = await ask('run', { session: plain.session, samples: [{ id: 'plain', inputs: file }], outDir: out });
  await ask('close', { session: plain.session });
  const { session } = await ask('open', { ...opening, taps: true });
  const { graph, facts = {} } = await ask('graph', {
    session,
    ...(target.example === false ? {} : { inputs: file }),
  });
  const names = Object.entries(graph.tensors).flatMap(([name, t]) => (t.tappable || t.constant ? [name] : []));
  const after = await ask('run', {
    session,
    samples: [{ id: 'tapped', inputs: file }],
    outDir: out,
    taps: names,
  });
  await ask('close', { session });
  const [first, second] = [before.samples[0], after.samples[0]];
  for (const sample of [first, second])
    if (sample?.failure !== undefined && sample.failure !== null) throw new Error(sample.failure.message);
  const tapped = second?.tapped;
  if (tapped === undefined) throw new Error('nothing was tapped');
  return {
    graph: opGraph.parse(graph),
    facts,
    plain: readSafetensors(String(first?.file)),
    outputs: readSafetensors(String(second?.file)),
    taps: readSafetensors(tapped.file),
    missing: tapped.missing,
  };
}

/** Tensors that a node takes before anything has given them; nodes and tensors that stand twice. */
export function disorder(graph: OpGraph): readonly string[] {
  const known = new Set(['', ...graph.inputs]);
  for (const [name, { constant }] of Object.entries(graph.tensors)) if (constant) known.add(name);
  const found: string[] = [];
  const ids = new Set<string>();
  for (const { id, inputs, outputs } of graph.nodes) {
    if (ids.has(id)) found.push(`node ${id} stands twice`);
    ids.add(id);
    for (const name of inputs) if (!known.has(name)) found.push(`${id} takes ${name} too early`);
    for (const name of outputs) {
      if (known.has(name)) found.push(`${id} gives ${name} once more`);
      if (graph.tensors[name] === undefined) found.push(`${name} of ${id} is not told`);
      known.add(name);
    }
  }
  for (const name of graph.outputs) if (!known.has(name)) found.push(`nothing gives the output ${name}`);
  return found;
}
