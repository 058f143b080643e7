import type { IoContract } from '../../records/contract.ts';
import type { OpGraph, OpNode, OpTensor } from '../../records/graph.ts';
import { DTYPES, type Dtype } from '../../tensor/dtype.ts';
import { LayerScopes } from '../layer-scopes.ts';
import { attributesOf, type GraphDefNode, inOrder, portOf } from './graph-def.ts';
import type { TfjsModelJson, TfjsWeight } from './model-json.ts';

/** What a graph model computes, and by which name TensorFlow.js knows each of its tensors. */
export interface TfjsGraph {
  readonly graph: OpGraph;
  readonly ports: ReadonlyMap<string, string>;
}

/** `node` for a first output, `node:1` for others: as TensorFlow.js takes names. */
const keyOf = (input: string): string => {
  const [name, number] = portOf(input);
  return number === 0 ? name : `${name}:${number}`;
};

/** The operators of a graph model; inputs and outputs are called as in the contract. `ends`: node of each input and output. */
export function graphOfTfjs(
  { modelTopology, weightsManifest }: TfjsModelJson,
  { inputs, outputs }: IoContract,
  ends: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
): TfjsGraph {
  const nodes = inOrder((modelTopology.node ?? []) as readonly GraphDefNode[]);
  const weights = new Map(weightsManifest.flatMap((group) => group.weights).map((weight) => [weight.name, weight]));
  const fed = new Set(ends.inputs.map(keyOf));
  const computing = nodes.filter(({ name, op }) => op !== 'Const' && !fed.has(name));
  const scopes = new LayerScopes(computing.map(({ name }) => name));
  const names = new Map<string, string>(ends.inputs.map((end, i) => [keyOf(end), inputs[i]?.name ?? end]));
  const repeated: OpNode[] = [];
  for (const [i, end] of ends.outputs.entries()) {
    const name = outputs[i]?.name ?? end;
    const known = names.get(keyOf(end));
    if (known === undefined) names.set(keyOf(end), name);
    else repeated.push({ ...BARE, id: `output/${name}`, op: 'Identity', inputs: [known], outputs: [name] });
  }
  const taken = new Set([...names.values(), ...outputs.map(({ name }) => name)]);
  const nameOf = (key: string): string => {
    const found = names.get(key);
    if (found !== undefined) return found;
    let name = key;
    for (let n = 2; taken.has(name); n++) name = `${key}#${n}`;
    taken.add(name);
    names.set(key, name);
    return name;
  };
  const used = portsUsed(nodes, ends.outputs);
  const made = computing.map((node): OpNode => {
    const from = (node.input ?? []).filter((input) => !input.startsWith('^')).map(keyOf);
    // What was fused into it is known by the names of its weights alone.
    const known = node.op.startsWith('_Fused') ? from.filter((key) => weights.has(key)) : [];
    return {
      id: node.name,
      op: node.op,
      inputs: from.map(nameOf),
      outputs: Array.from({ length: used.get(node.name) ?? 1 }, (_, i) => nameOf(keyOf(`${node.name}:${i}`))),
      attributes: attributesOf(node),
      module: scopes.layers(node.name),
      source: null,
      origins: scopes.origins([node.name, ...known]),
    };
  });
  const specs = new Map([...inputs, ...outputs].map((spec) => [spec.name, spec]));
  const tensors: Record<string, OpTensor> = {};
  for (const name of [...inputs.map((i) => i.name), ...outputs.map((o) => o.name)]) {
    const { dtype = null, shape = null } = specs.get(name) ?? {};
    tensors[name] = { dtype, shape, tappable: outputs.some((output) => output.name === name) };
  }
  for (const [key, name] of names) tensors[name] ??= tensorOf(weights.get(key));
  const graph: OpGraph = {
    format: 'tfjs',
    inputs: inputs.map(({ name }) => name),
    outputs: outputs.map(({ name }) => name),
    nodes: [...made, ...repeated],
    tensors,
  };
  const ports = new Map([...names].map(([key, name]) => [name, key]));
  for (const {
    inputs: [source = ''],
    outputs: [name = ''],
  } of repeated)
    ports.set(name, ports.get(source) ?? source);
  return { graph, ports };
}

const BARE = { attributes: {}, module: [], source: null, origins: [] };

/** How many outputs of a node are spoken of, at least one. */
function portsUsed(nodes: readonly GraphDefNode[], ends: readonly string[]): Map<string, number> {
  const used = new Map<string, number>();
  for (const input of [...nodes.flatMap((node) => node.input ?? []), ...ends]) {
    const [name, number] = portOf(input);
    used.set(name, Math.max(used.get(name) ?? 1, number + 1));
  }
  return used;
}

const tensorOf = (weight: TfjsWeight | undefined): OpTensor =>
  weight === undefined
    ? { dtype: null, shape: null, tappable: true }
    : { dtype: isDtype(weight.dtype) ? weight.dtype : null, shape: [...weight.shape], constant: true, tappable: false };

const isDtype = (name: string): name is Dtype => (DTYPES as readonly string[]).includes(name);
