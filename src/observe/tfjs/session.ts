import { OnparError } from '../../core/errors.ts';
import { graphOfTfjs } from '../../formats/tfjs/graph.ts';
import { type TfjsModelJson, tfjsKind } from '../../formats/tfjs/model-json.ts';
import type { IoContract } from '../../records/contract.ts';
import type { OpGraph } from '../../records/graph.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import type { NodeSession, TappedRun } from '../runtime.ts';
import { contractOfGraph, contractOfLayers } from './contract.ts';
import { loadError, neverReached, runError, unknownOperators } from './errors.ts';
import { graphOfLayers } from './layers-graph.ts';
import type { Tf, TfArtifacts, TfGraphModel, TfLayersModel, TfSymbolic, TfTensor } from './tf.ts';
import { fromTf, toTf } from './values.ts';

/** A TensorFlow.js model to open; nothing here reads files, so it is the same in a page and in Node. */
export interface TfjsModel {
  /** As messages call it. */
  readonly path: string;
  readonly json: TfjsModelJson;
  /** The joined bytes of all weight files. */
  readonly weights: Uint8Array;
}

export interface TfjsRuntime {
  readonly tf: Tf;
  /** As messages call it: `tfjs 4.22.0`. */
  readonly label: string;
  /** `wasm`, `cpu`, `webgl`, `tensorflow`: set before each run, since sessions of one process share it. */
  readonly backend: string;
}

/** Runs the tensors of one sample, outputs in the contract's order. */
type Execute = (inputs: Readonly<Record<string, TfTensor>>) => Promise<TfTensor[]>;

/** What lies inside of a model, and how to get at it in one run with the outputs. */
interface Looking {
  readonly graph: OpGraph;
  /** Tensors that stay the model's own: they are not freed. */
  readonly held: (name: string) => TfTensor | undefined;
  /** Whether it can be asked for. */
  readonly has: (name: string) => boolean;
  /** Outputs of the contract first, then these. */
  readonly execute: (inputs: Readonly<Record<string, TfTensor>>, names: readonly string[]) => Promise<TfTensor[]>;
}

/**
 * Opens a graph or a layers model. Throws OnparError `model-load-failed`, or `operator-unsupported` for an operator that no
 * backend has.
 */
export async function openTfjs(runtime: TfjsRuntime, model: TfjsModel): Promise<NodeSession> {
  const { tf, label, backend } = runtime;
  tf.enableProdMode();
  await useBackend(runtime);
  const kind = tfjsKind(model.json);
  const opened = await (kind === 'graph' ? openGraph : openLayers)(runtime, model);
  let looking: Looking | undefined;
  return {
    contract: opened.contract,
    facts: {
      kind: `${kind} model`,
      backend,
      generatedBy: model.json.generatedBy ?? null,
      convertedBy: model.json.convertedBy ?? null,
    },
    async run(inputs) {
      await useBackend(runtime);
      return (await runSample(tf, label, opened.contract, opened.execute, inputs)).outputs;
    },
    async graph() {
      looking ??= opened.looking();
      return looking.graph;
    },
    async runTapped(inputs, taps) {
      await useBackend(runtime);
      looking ??= opened.looking();
      return runSample(tf, label, opened.contract, opened.execute, inputs, { looking, taps });
    },
    async close() {
      opened.dispose();
    },
  };
}

async function useBackend({ tf, backend, label }: TfjsRuntime): Promise<void> {
  if (tf.getBackend() === backend) return;
  if (await tf.setBackend(backend)) return;
  throw new OnparError({
    code: 'runtime-unavailable',
    message: `${label} could not start its backend ${backend}`,
    fix: 'choose another one with the option `backend`',
    exitCode: 3,
  });
}

interface Opened {
  readonly contract: IoContract;
  readonly execute: Execute;
  /** Read when it is asked for. */
  readonly looking: () => Looking;
  dispose(): void;
}

async function openGraph({ tf, label }: TfjsRuntime, model: TfjsModel): Promise<Opened> {
  const graph = await loaded(label, model, (artifacts) => tf.loadGraphModel({ load: async () => artifacts }));
  const unknown = unknownIn(graph);
  if (unknown.length > 0) {
    graph.dispose();
    throw unknownOperators(label, model.path, unknown);
  }
  const { contract, fetched, ends } = contractOfGraph(model.json, graph);
  let isAsync = false;
  const execute = async (inputs: Readonly<Record<string, TfTensor>>, nodes: readonly string[]): Promise<TfTensor[]> => {
    if (!isAsync) {
      try {
        return list(graph.execute(inputs, nodes));
      } catch (error) {
        // Control flow and shapes that hang on values: the graph says so itself before it computes anything.
        if (!/executeAsync/.test((error as Error).message)) throw error;
        isAsync = true;
      }
    }
    try {
      return list(await graph.executeAsync(inputs, nodes));
    } catch (error) {
      throw neverReached(label, model, error) ?? error;
    }
  };
  return {
    contract,
    execute: (inputs) => execute(inputs, fetched),
    looking() {
      const { graph: described, ports } = graphOfTfjs(model.json, contract, ends);
      return {
        graph: described,
        held: (name) => graph.executor?.weightMap?.[ports.get(name) ?? '']?.[0],
        has: (name) => ports.has(name),
        execute: (inputs, names) => execute(inputs, [...fetched, ...names.map((name) => ports.get(name) ?? name)]),
      };
    },
    dispose: () => graph.dispose(),
  };
}

async function openLayers({ tf, label }: TfjsRuntime, model: TfjsModel): Promise<Opened> {
  const layers = await loaded(label, model, (artifacts) => tf.loadLayersModel({ load: async () => artifacts }));
  const contract = contractOfLayers(layers);
  const predict = (of: TfLayersModel, inputs: Readonly<Record<string, TfTensor>>): TfTensor[] => {
    const tensors = contract.inputs.map(({ name }) => inputs[name] as TfTensor);
    return list(of.predictOnBatch(tensors.length === 1 ? (tensors[0] as TfTensor) : tensors));
  };
  return {
    contract,
    execute: async (inputs) => predict(layers, inputs),
    looking() {
      const { graph, symbols, weights } = graphOfLayers(layers, contract);
      return {
        graph,
        held: (name) => weights.get(name)?.(),
        has: (name) => symbols.has(name),
        async execute(inputs, names) {
          // It shares the layers: freeing it would free them. A tensor is one of its outputs once.
          const outputs = [...new Set([...layers.outputs, ...names.map((name) => symbols.get(name) as TfSymbolic)])];
          const results = predict(tf.model({ inputs: layers.inputs, outputs }), inputs);
          const resultOf = (symbol: TfSymbolic): TfTensor => results[outputs.indexOf(symbol)] as TfTensor;
          return [...layers.outputs.map(resultOf), ...names.map((name) => resultOf(symbols.get(name) as TfSymbolic))];
        },
      };
    },
    dispose: () => layers.dispose(),
  };
}

async function loaded<T>(label: string, model: TfjsModel, load: (artifacts: TfArtifacts) => Promise<T>): Promise<T> {
  try {
    return await load(artifactsOf(model));
  } catch (error) {
    throw loadError(label, model.path, model.json, error);
  }
}

function artifactsOf({ json, weights }: TfjsModel): TfArtifacts {
  const { weightsManifest, trainingConfig: _, ...rest } = json;
  return {
    ...rest,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: weights.slice().buffer as ArrayBuffer,
  };
}

/** Operators of the file that no kernel family claims; sorted. */
function unknownIn({ executor }: TfGraphModel): string[] {
  const nodes = Object.values(executor?.graph?.nodes ?? {});
  return [...new Set(nodes.filter(({ category }) => category === undefined).map(({ op }) => op))].sort();
}

const list = (result: TfTensor | TfTensor[]): TfTensor[] => (Array.isArray(result) ? result : [result]);

async function runSample(
  tf: Tf,
  label: string,
  contract: IoContract,
  execute: Execute,
  inputs: NamedTensors,
  tapping?: { readonly looking: Looking; readonly taps: readonly string[] },
): Promise<TappedRun> {
  const fed: Record<string, TfTensor> = {};
  let results: TfTensor[] = [];
  try {
    for (const { name, dtype } of contract.inputs) {
      const tensor = inputs.get(name);
      if (tensor === undefined) throw inputMissing(label, contract, inputs);
      fed[name] = toTf(tf, name, tensor, dtype);
    }
    const { looking, taps } = tapping ?? { looking: undefined, taps: [] };
    const given = new Map(taps.map((name) => [name, fed[name] ?? looking?.held(name)]));
    const asked = taps.filter((name) => given.get(name) === undefined && looking?.has(name) === true);
    results = await (looking === undefined ? execute(fed) : looking.execute(fed, asked));
    const outputs = new Map<string, Tensor>();
    for (const [i, { name }] of contract.outputs.entries())
      outputs.set(name, await fromTf(name, results[i] as TfTensor));
    for (const [i, name] of asked.entries()) given.set(name, results[contract.outputs.length + i]);
    return { outputs, ...(await tapped(given)) };
  } catch (error) {
    throw runError(tf, error);
  } finally {
    // An output may be an input that went through: each is freed once.
    for (const tensor of new Set([...Object.values(fed), ...results])) tensor?.dispose();
  }
}

/** Values by name; a branch that was not taken gave none, and complex numbers have no file. */
async function tapped(given: ReadonlyMap<string, TfTensor | undefined>): Promise<Omit<TappedRun, 'outputs'>> {
  const tensors = new Map<string, Tensor>();
  const missing: { name: string; reason: string }[] = [];
  for (const [name, tensor] of given) {
    if (tensor === undefined) missing.push({ name, reason: 'the model has no such tensor' });
    else if (tensor.dtype === 'complex64')
      missing.push({ name, reason: 'it is complex64, which no tensor file holds' });
    else tensors.set(name, await fromTf(name, tensor));
  }
  return { tensors, missing };
}

const inputMissing = (label: string, contract: IoContract, inputs: NamedTensors): OnparError =>
  new OnparError({
    code: 'input-mismatch',
    message: `the sample has ${[...inputs.keys()].join(', ') || 'no inputs'}; ${label} takes ${contract.inputs.map((i) => i.name).join(', ')}`,
    fix: 'name the suite’s inputs as the model does, or map them with `inputs:`',
    exitCode: 1,
  });
