import type { IoContract } from '../../records/contract.ts';
import type { AttributeValue, OpGraph, OpNode, OpTensor } from '../../records/graph.ts';
import { tfjsDtype } from './contract.ts';
import type { TfLayer, TfLayersModel, TfSymbolic, TfTensor } from './tf.ts';

/** What a layers model computes; a model inside of it is one node. */
export interface LayersGraph {
  readonly graph: OpGraph;
  /** Tensors that are computed, by name. */
  readonly symbols: ReadonlyMap<string, TfSymbolic>;
  readonly weights: ReadonlyMap<string, () => TfTensor>;
}

/** Of a layer's configuration: how it was made, not what it computes. */
const UNTOLD = /^(?:name|trainable|dtype|batch_input_shape|.*_(?:initializer|regularizer|constraint))$/;

/** Layers in the order in which they were added, which is one in which they can be computed. */
export function graphOfLayers(model: TfLayersModel, { inputs, outputs }: IoContract): LayersGraph {
  const names = new Map<TfSymbolic, string>(model.inputs.map((symbol, i) => [symbol, inputs[i]?.name ?? symbol.name]));
  const again: OpNode[] = [];
  for (const [i, symbol] of model.outputs.entries()) {
    const name = outputs[i]?.name ?? symbol.name;
    const known = names.get(symbol);
    if (known === undefined) names.set(symbol, name);
    else again.push({ ...BARE, id: `output/${name}`, op: 'Identity', inputs: [known], outputs: [name] });
  }
  const taken = new Set(names.values());
  const symbols = new Map<string, TfSymbolic>([...names].map(([symbol, name]) => [name, symbol]));
  const weights = new Map<string, () => TfTensor>();
  const tensors: Record<string, OpTensor> = {};
  for (const symbol of model.inputs) tensors[names.get(symbol) as string] = specOf(symbol, false);
  const nodes: OpNode[] = [];
  // The calls that belong to this model: a layer may be called in others, too.
  const reached = new Set<TfSymbolic>(model.inputs);
  for (const { layer, call, number } of callsOf(model.layers)) {
    if (call.inputTensors.length === 0 || !call.inputTensors.every((symbol) => reached.has(symbol))) continue;
    const id = number === 0 ? layer.name : `${layer.name}#${number + 1}`;
    for (const [i, symbol] of call.outputTensors.entries()) {
      reached.add(symbol);
      if (!names.has(symbol)) names.set(symbol, unused(i === 0 ? id : `${id}:${i}`, taken));
      symbols.set(names.get(symbol) as string, symbol);
      tensors[names.get(symbol) as string] = specOf(symbol, true);
    }
    const own = layer.weights.map((weight) => {
      const { originalName: name } = weight;
      weights.set(name, () => weight.read());
      const { dtype, shape } = weight.read();
      tensors[name] = { dtype: tfjsDtype(dtype), shape: [...shape], constant: true, tappable: false };
      return name;
    });
    nodes.push({
      id,
      op: layer.getClassName(),
      inputs: [...call.inputTensors.map((symbol) => names.get(symbol) as string), ...own],
      outputs: call.outputTensors.map((symbol) => names.get(symbol) as string),
      attributes: settingsOf(layer),
      module: [layer.name],
      source: null,
      origins: [layer.name],
    });
  }
  for (const {
    inputs: [from = ''],
    outputs: [name = ''],
  } of again) {
    symbols.set(name, symbols.get(from) as TfSymbolic);
    tensors[name] = { ...(tensors[from] as OpTensor), tappable: true };
  }
  const graph: OpGraph = {
    format: 'tfjs',
    inputs: inputs.map(({ name }) => name),
    outputs: outputs.map(({ name }) => name),
    nodes: [...nodes, ...again],
    tensors,
  };
  return { graph, symbols, weights };
}

const BARE = { attributes: {}, module: [], source: null, origins: [] };

/** Calls of all layers, each behind those that make what it takes. */
function callsOf(layers: readonly TfLayer[]) {
  const left = layers.flatMap((layer) => layer.inboundNodes.map((call, number) => ({ layer, call, number })));
  const makes = new Map(left.flatMap((each) => each.call.outputTensors.map((symbol) => [symbol, each] as const)));
  const order = new Set<(typeof left)[number]>();
  const add = (each: (typeof left)[number]): void => {
    for (const symbol of each.call.inputTensors) {
      const maker = makes.get(symbol);
      if (maker !== undefined && maker !== each && !order.has(maker)) add(maker);
    }
    order.add(each);
  };
  for (const each of left) if (!order.has(each)) add(each);
  return [...order];
}

function unused(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let n = 2; taken.has(name); n++) name = `${wanted}#${n}`;
  taken.add(name);
  return name;
}

const specOf = ({ dtype, shape }: TfSymbolic, tappable: boolean): OpTensor => ({
  dtype: tfjsDtype(dtype),
  shape: [...shape],
  tappable,
});

function settingsOf(layer: TfLayer): Record<string, AttributeValue> {
  const told = Object.entries(layer.getConfig()).filter(([name]) => !UNTOLD.test(name));
  return Object.fromEntries(told.filter((entry): entry is [string, AttributeValue] => isPlain(entry[1])));
}

const isPlain = (value: unknown): boolean =>
  value === null ||
  (Array.isArray(value) ? value.every((each) => !Array.isArray(each) && isPlain(each)) : isScalar(value));

const isScalar = (value: unknown): boolean => ['number', 'string', 'boolean'].includes(typeof value);
