import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/core/paths.ts';
import type { IoContract } from '../../src/records/contract.ts';
import { type OpGraph, opGraph } from '../../src/records/graph.ts';
import type { SampleRun } from '../../src/records/observation.ts';
import type { Variant } from '../../src/records/variant.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensor/safetensors.ts';
import { elementCount, type NamedTensors, type Tensor } from '../../src/tensor/tensor.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { resolveNodeEnvironment } from '../../src/workers/node-environment.ts';
import { type HostSpec, WorkerPool } from '../../src/workers/pool.ts';
import { toolchain as findToolchain } from '../../src/workers/toolchains/manifest.ts';

/** A model to look into. `inputs`: what the suite would declare, for models that declare nothing; all float32. */
export interface Looked {
  readonly toolchain: string;
  readonly runtime: string;
  readonly format: string;
  readonly path: string;
  readonly callable?: string;
  readonly weights?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly inputs: Readonly<Record<string, readonly number[]>>;
}

export interface Seen {
  readonly contract: IoContract;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly graph: OpGraph;
  /** Of the session that is tapped, and of one that was opened without. */
  readonly outputs: NamedTensors;
  readonly untapped: NamedTensors;
  readonly taps: NamedTensors;
  readonly tapped: NonNullable<SampleRun['tapped']>;
}

const LIMIT = { timeoutMs: 120_000 };

/** Opens models in real workers and looks into them; everything is written below `dir`. */
export class Tapping {
  #pool = new WorkerPool();
  #calls = 0;
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  close = (): Promise<void> => this.#pool.close();

  /** `names`: what to tap; missing: all that the graph says can be tapped, and its constants. */
  async look(model: Looked, { variant, names }: { variant?: Variant; names?: readonly string[] } = {}): Promise<Seen> {
    const out = join(this.#dir, `look-${++this.#calls}`);
    mkdirSync(out, { recursive: true });
    const inputs = join(out, 'inputs.safetensors');
    writeSafetensors(inputs, new Map(Object.entries(model.inputs).map(([name, shape]) => [name, wave(shape)])));
    return this.#pool.use(await this.#host(model.toolchain), async (worker) => {
      const open = (taps: boolean) =>
        worker.request(
          'open',
          {
            runtime: model.runtime,
            model: {
              format: model.format,
              path: join(this.#dir, model.path),
              root: this.#dir,
              trust: true,
              ...(model.callable === undefined ? {} : { callable: model.callable }),
              ...(model.weights === undefined ? {} : { weights: join(this.#dir, model.weights) }),
            },
            options: { ...model.options },
            inputs: Object.entries(model.inputs).map(([name, [, ...rest]]) => ({
              name,
              dtype: 'float32' as const,
              shape: [null, ...rest],
            })),
            ...(variant === undefined ? {} : { variant }),
            ...(taps ? { taps } : {}),
          } as Parameters<typeof worker.request<'open'>>[1],
          LIMIT,
        );
      const samples = [{ id: 's', inputs }];
      const ran = async (session: string | number, folder: string, taps?: readonly string[]) => {
        const answer = await worker.request(
          'run',
          { session, samples, outDir: join(out, folder), ...(taps === undefined ? {} : { taps }) },
          LIMIT,
        );
        await worker.request('close', { session }, LIMIT);
        const sample = answer.samples[0];
        if (sample?.file === undefined) throw new Error(JSON.stringify(sample?.failure));
        return sample;
      };
      const plain = await open(false);
      const untapped = await ran(plain.session, 'plain');
      const { session, contract, facts } = await open(true);
      const { graph } = await worker.request('graph', { session, inputs }, LIMIT);
      const all = Object.entries(graph.tensors).filter(([, { tappable, constant }]) => tappable || constant === true);
      const { file, tapped } = await ran(session, 'tapped', names ?? all.map(([name]) => name));
      if (tapped === undefined) throw new Error('the answer holds no taps');
      return {
        contract,
        facts,
        graph: opGraph.parse(graph),
        outputs: readSafetensors(String(file)),
        untapped: readSafetensors(String(untapped.file)),
        taps: readSafetensors(tapped.file),
        tapped,
      };
    });
  }

  async #host(toolchain: string): Promise<HostSpec> {
    const limits = { memoryBytes: null, network: false };
    if (findToolchain(toolchain).language === 'node') {
      const environment = await resolveNodeEnvironment(toolchain, () => {});
      return { kind: 'node', root: this.#dir, limits, environment };
    }
    const environment = await resolveEnvironment(toolchain, { python: 'managed', root: packageRoot }, () => {});
    return { kind: 'python', root: this.#dir, limits, environment };
  }
}

const wave = (shape: readonly number[]): Tensor =>
  tensorFrom(
    'float32',
    shape,
    Array.from({ length: elementCount(shape) }, (_, i) => Math.sin(i * 1.7) * 2),
  );

/** What is wrong with the order or the names of a graph; empty: nothing. */
export function faultsOf({ inputs, outputs, nodes, tensors }: OpGraph): string[] {
  const faults: string[] = [];
  const known = new Set([...inputs, ...Object.keys(tensors).filter((name) => tensors[name]?.constant === true)]);
  const ids = new Set<string>();
  const made = new Set<string>();
  for (const node of nodes) {
    if (ids.has(node.id)) faults.push(`two nodes are called ${node.id}`);
    ids.add(node.id);
    for (const name of node.inputs) if (name !== '' && !known.has(name)) faults.push(`${node.id} comes before ${name}`);
    for (const name of node.outputs) {
      if (made.has(name)) faults.push(`${name} is made twice`);
      made.add(name);
      known.add(name);
    }
    for (const name of [...node.inputs, ...node.outputs])
      if (name !== '' && tensors[name] === undefined) faults.push(`${name} is not among the tensors`);
  }
  for (const name of outputs) if (!known.has(name)) faults.push(`nothing makes the output ${name}`);
  for (const [name, tensor] of Object.entries(tensors))
    if (tensor.tappable && !made.has(name)) faults.push(`${name} can be tapped, but nothing makes it`);
  return faults;
}
