import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { OnparError, toFailure } from '../core/errors.ts';
import { fileSafe } from '../core/paths.ts';
import type { SampleRun } from '../records/observation.ts';
import { readSafetensors, writeSafetensors } from '../tensor/safetensors.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import { transpose } from '../tensor/transpose.ts';
import { PROTOCOL_VERSION, type StepRequest, type Verb, type Verbs } from '../workers/protocol.ts';
import { packagesIn } from './packages.ts';
import { pluginRuntimes } from './plugin.ts';
import { NODE_RUNTIMES } from './registry.ts';
import type { NodeRuntime, NodeSession, TappedRun } from './runtime.ts';
import { runSteps } from './stepping.ts';

/**
 * The Node side of the worker protocol (docs/worker-protocol.md): a child process that runs Node runtimes. Called with the
 * folder of a toolchain and, as JSON, where what it needs lies; without, it loads what onpar itself depends on. A third
 * argument is the module of a plug-in, whose runtimes it offers then.
 */
const [, , folder = null, needs = '{}', plugin = null] = process.argv;
const packages = packagesIn(folder, JSON.parse(needs) as Record<string, string>);
type Handlers = { readonly [V in Verb]: (params: Verbs[V]['params']) => Promise<Verbs[V]['result']> };

interface Open {
  readonly key: string;
  readonly runtime: NodeRuntime;
  readonly session: NodeSession;
}

const sessions = new Map<string, Open>();
/** `describe` is usually followed by `open` of the same model: the last two (a reference and its candidate) stay open for it. */
const described = new Map<string, Open>();
const KEPT = 2;
let counter = 0;

async function openSession({
  runtime,
  model,
  options,
}: Pick<Verbs['open']['params'], 'runtime' | 'model' | 'options'>): Promise<Open> {
  const key = JSON.stringify([runtime, model.path, options]);
  const kept = described.get(key);
  if (kept !== undefined) {
    described.delete(key);
    return kept;
  }
  const loaded = await load(runtime);
  return { key, runtime: loaded, session: await opened(loaded, model.path, options) };
}

/** A plug-in throws errors of its own: what it says about a model is the model's failure, not one of onpar. */
async function opened(
  runtime: NodeRuntime,
  path: string,
  options: Readonly<Record<string, unknown>>,
): Promise<NodeSession> {
  try {
    return await runtime.open(path, options);
  } catch (error) {
    if (plugin === null || error instanceof OnparError) throw error;
    const { message } = error as Error;
    throw new OnparError({
      code: 'model-load-failed',
      message: message.includes(path) ? message : `${path}: ${message}`,
      exitCode: 1,
      cause: error,
    });
  }
}

/** Runtimes by name, each loaded once: a library registers what it has, and a model that it holds belongs to it. */
const runtimes = new Map<string, Promise<NodeRuntime>>();

/** A native library that does not load here is told as such: the case is skipped where it is optional, and never passes. */
async function load(name: string): Promise<NodeRuntime> {
  const offered = plugin === null ? NODE_RUNTIMES : await pluginRuntimes(plugin);
  const entry = offered[name];
  if (entry === undefined) {
    throw new OnparError({
      code: 'unknown-runtime',
      message: `the Node host has no runtime \`${name}\``,
      fix: `runtimes of this host: ${Object.keys(offered).join(', ')}`,
    });
  }
  try {
    const loaded = runtimes.get(name) ?? Promise.resolve(entry(packages));
    runtimes.set(name, loaded);
    return await loaded;
  } catch (error) {
    if (error instanceof OnparError) throw error;
    throw new OnparError({
      code: 'runtime-unavailable',
      message: `${name} cannot be used here: ${(error as Error).message.split('\n')[0]}`,
      fix: 'install it again (`npm install`), or choose another runtime; `onpar doctor` looks at the machine',
      exitCode: 3,
      cause: error,
    });
  }
}

const handlers: Handlers = {
  hello: async () => ({
    protocol: PROTOCOL_VERSION,
    host: 'onpar node host',
    language: 'node',
    version: process.version,
    packages: {},
  }),
  describe: async (params) => {
    const open = await openSession(params);
    for (const [key, old] of described) {
      if (described.size < KEPT) break;
      described.delete(key);
      await old.session.close();
    }
    described.set(open.key, open);
    return { contract: open.session.contract, facts: { ...open.session.facts }, findings: [], dependencies: [] };
  },
  open: async (params) => {
    const open = await openSession(params);
    const session = `s${++counter}`;
    sessions.set(session, open);
    return {
      session,
      version: open.session.version ?? open.runtime.version,
      contract: open.session.contract,
      facts: { ...open.session.facts },
      findings: [],
      dependencies: [],
    };
  },
  run: async ({ session, samples, outDir, rename = {}, layouts = {}, outputLayouts = {}, sequence, taps }) => {
    const { session: model } = found(session);
    mkdirSync(outDir, { recursive: true });
    const runs = [];
    for (const [i, sample] of samples.entries())
      runs.push(
        await runSample(model, sample, join(outDir, `${i}-${fileSafe(sample.id)}.safetensors`), {
          rename,
          layouts,
          outputLayouts,
          sequence,
          taps: taps ?? [],
        }),
      );
    const elsewhere = (await model.peakMemoryBytes?.()) ?? 0;
    return { samples: runs, peakMemoryBytes: process.resourceUsage().maxRSS * 1024 + elsewhere };
  },
  graph: async ({ session }) => {
    const { session: model, runtime } = found(session);
    if (model.graph !== undefined) return { graph: await model.graph() };
    throw new OnparError({
      code: 'taps-unsupported',
      message: `${runtime.name} does not tell what a model computes`,
    });
  },
  close: async ({ session }) => {
    await found(session).session.close();
    sessions.delete(String(session));
    return {};
  },
  export: async ({ exporter }) => {
    throw new OnparError({ code: 'unknown-exporter', message: `the Node host has no exporter \`${exporter}\`` });
  },
};

function found(session: string | number): Open {
  const open = sessions.get(String(session));
  if (open === undefined) throw new OnparError({ code: 'unknown-session', message: `no session ${session} is open` });
  return open;
}

/** How a sample's tensors become what the model is fed. */
interface Feeding {
  readonly rename: Readonly<Record<string, string>>;
  readonly layouts: Readonly<Record<string, readonly number[]>>;
  readonly outputLayouts: Readonly<Record<string, readonly number[]>>;
  readonly sequence: StepRequest | undefined;
  readonly taps: readonly string[];
}

async function runSample(
  model: NodeSession,
  { id, inputs }: { id: string; inputs: string },
  file: string,
  { rename, layouts, outputLayouts, sequence, taps }: Feeding,
) {
  const started = performance.now();
  try {
    const fed: NamedTensors = new Map(
      [...readSafetensors(inputs)].map(([name, tensor]) => [rename[name] ?? name, inLayout(tensor, layouts[name])]),
    );
    const begun = performance.now();
    const { stacked, last, tapped } =
      sequence === undefined
        ? await once(model, fed, outputLayouts, taps)
        : {
            ...(await runSteps(
              sequence,
              fed,
              (name) => rename[name] ?? name,
              (inputs) => model.run(inputs),
            )),
            tapped: undefined,
          };
    const milliseconds = (sequence === undefined ? model.lastMilliseconds?.() : undefined) ?? performance.now() - begun;
    writeSafetensors(file, stacked);
    return {
      sample: id,
      file,
      outputs: infoOf(last),
      milliseconds,
      ...(tapped === undefined ? {} : { tapped: written(tapped, file.replace(/\.safetensors$/, '.taps.safetensors')) }),
    };
  } catch (error) {
    const failure = toFailure(error);
    return {
      sample: id,
      outputs: [],
      milliseconds: performance.now() - started,
      failure: failure.code === 'internal-error' ? { ...failure, code: 'run-failed' } : failure,
    };
  }
}

/** A sample of another rank than the layout is left alone: the model refuses it by its shape. */
const inLayout = (tensor: Tensor, axes: readonly number[] | undefined): Tensor =>
  axes?.length === tensor.shape.length ? transpose(tensor, axes) : tensor;

const laidBack = (tensor: Tensor, axes: readonly number[] | undefined): Tensor =>
  inLayout(
    tensor,
    axes?.map((_, axis) => axes.indexOf(axis)),
  );

async function once(model: NodeSession, fed: NamedTensors, layouts: Feeding['outputLayouts'], taps: readonly string[]) {
  const { outputs: answered, ...tapped } =
    taps.length === 0 || model.runTapped === undefined
      ? { outputs: await model.run(fed), tensors: undefined, missing: [] }
      : await model.runTapped(fed, taps);
  const outputs = new Map([...answered].map(([name, tensor]) => [name, laidBack(tensor, layouts[name])]));
  const { tensors, missing } = tapped;
  return { stacked: outputs, last: outputs, tapped: tensors === undefined ? undefined : { tensors, missing } };
}

const infoOf = (tensors: NamedTensors) =>
  [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));

function written(
  { tensors, missing }: Pick<TappedRun, 'tensors' | 'missing'>,
  file: string,
): NonNullable<SampleRun['tapped']> {
  writeSafetensors(file, tensors);
  return { file, tensors: infoOf(tensors), missing: [...missing] };
}

const channel = createWriteStream('', { fd: 3 });
const answer = (line: object): void => {
  channel.write(`${JSON.stringify(line)}\n`);
};

async function handle(line: string): Promise<void> {
  let id = 0;
  try {
    const request = JSON.parse(line) as { id: number; verb: Verb; params: never };
    id = request.id;
    const handler = handlers[request.verb] as ((params: unknown) => Promise<unknown>) | undefined;
    if (handler === undefined)
      throw new OnparError({
        code: 'unknown-verb',
        message: `unknown verb \`${request.verb}\``,
        fix: `verbs: ${Object.keys(handlers).join(', ')}`,
      });
    answer({ id, ok: true, result: await handler(request.params) });
  } catch (error) {
    const failure =
      error instanceof SyntaxError
        ? { code: 'bad-request', message: `not a request: ${line.slice(0, 80)}` }
        : toFailure(error);
    answer({ id, ok: false, error: failure });
  }
}

// The native library is loaded while the engine still makes samples.
if (folder === null) NODE_RUNTIMES['onnxruntime-node']?.(packages).catch(() => {});
let queue = Promise.resolve();
createInterface({ input: process.stdin })
  .on('line', (line) => {
    queue = queue.then(() => handle(line));
  })
  .on('close', () => {
    void queue.then(() => channel.end(() => process.exit(0)));
  });
