import { OnparError } from '../../core/errors.ts';
import { type TfjsModelJson, tfjsKind } from '../../formats/tfjs/model-json.ts';
import type { IoContract } from '../../records/contract.ts';
import type { NamedTensors } from '../../tensor/tensor.ts';
import type { NodeSession } from '../runtime.ts';
import { contractOfGraph, contractOfLayers } from './contract.ts';
import { loadError, neverReached, runError, unknownOperators } from './errors.ts';
import type { Tf, TfArtifacts, TfGraphModel, TfTensor } from './tf.ts';
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
      return runSample(tf, label, opened.contract, opened.execute, inputs);
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
  dispose(): void;
}

async function openGraph({ tf, label }: TfjsRuntime, model: TfjsModel): Promise<Opened> {
  const graph = await loaded(label, model, (artifacts) => tf.loadGraphModel({ load: async () => artifacts }));
  const unknown = unknownIn(graph);
  if (unknown.length > 0) {
    graph.dispose();
    throw unknownOperators(label, model.path, unknown);
  }
  const { contract, fetched } = contractOfGraph(model.json, graph);
  let isAsync = false;
  return {
    contract,
    async execute(inputs) {
      if (!isAsync) {
        try {
          return list(graph.execute(inputs, fetched));
        } catch (error) {
          // Control flow and shapes that hang on values: the graph says so itself before it computes anything.
          if (!/executeAsync/.test((error as Error).message)) throw error;
          isAsync = true;
        }
      }
      try {
        return list(await graph.executeAsync(inputs, fetched));
      } catch (error) {
        throw neverReached(label, model, error) ?? error;
      }
    },
    dispose: () => graph.dispose(),
  };
}

async function openLayers({ tf, label }: TfjsRuntime, model: TfjsModel): Promise<Opened> {
  const layers = await loaded(label, model, (artifacts) => tf.loadLayersModel({ load: async () => artifacts }));
  const contract = contractOfLayers(layers);
  return {
    contract,
    async execute(inputs) {
      const tensors = contract.inputs.map(({ name }) => inputs[name] as TfTensor);
      return list(layers.predictOnBatch(tensors.length === 1 ? (tensors[0] as TfTensor) : tensors));
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
): Promise<NamedTensors> {
  const fed: Record<string, TfTensor> = {};
  let results: TfTensor[] = [];
  try {
    for (const { name, dtype } of contract.inputs) {
      const tensor = inputs.get(name);
      if (tensor === undefined) throw inputMissing(label, contract, inputs);
      fed[name] = toTf(tf, name, tensor, dtype);
    }
    results = await execute(fed);
    const outputs = new Map<string, Awaited<ReturnType<typeof fromTf>>>();
    for (const [i, { name }] of contract.outputs.entries())
      outputs.set(name, await fromTf(name, results[i] as TfTensor));
    return outputs;
  } catch (error) {
    throw runError(tf, error);
  } finally {
    // An output may be an input that went through: each is freed once.
    for (const tensor of new Set([...Object.values(fed), ...results])) tensor.dispose();
  }
}

const inputMissing = (label: string, contract: IoContract, inputs: NamedTensors): OnparError =>
  new OnparError({
    code: 'input-mismatch',
    message: `the sample has ${[...inputs.keys()].join(', ') || 'no inputs'}; ${label} takes ${contract.inputs.map((i) => i.name).join(', ')}`,
    fix: 'name the suite’s inputs as the model does, or map them with `inputs:`',
    exitCode: 1,
  });
