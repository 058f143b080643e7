import type { OpGraph } from '../../records/graph.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import type { How, Lab, Maybe, Ran, Specimen } from '../lab.ts';
import type { View } from '../scene.ts';

/** A side as it was seen on one sample, with its outputs under the names of its contract. */
export interface Seen extends View {
  readonly outputs: NamedTensors;
}

/** Graph, constants and all tensors that can be tapped, of one side on one sample. Not ok: it cannot be looked into. */
export async function see(lab: Lab, specimen: Specimen, how: How): Promise<Maybe<Seen>> {
  const graph = await lab.graph(specimen);
  if (!graph.ok) return graph;
  const ran = await lab.tap(specimen, tappable(graph.value), how);
  if (!ran.ok) return { ok: false, reason: ran.message };
  const constants = await lab.constants(specimen);
  const fed = typeof how.sample === 'string' ? lab.inputs(how.sample) : how.sample;
  return {
    ok: true,
    value: seen(specimen, graph.value, ran, constants.ok ? constants.value : new Map(), fedTo(lab, specimen, fed)),
  };
}

const tappable = (graph: OpGraph): string[] =>
  Object.keys(graph.tensors).filter((name) => graph.tensors[name]?.tappable === true);

/** Inputs of a sample under the names that a side has for them. */
function fedTo(lab: Lab, specimen: Specimen, inputs: NamedTensors): NamedTensors {
  if (specimen.role === 'reference') return inputs;
  const names = new Map(lab.facts.inputs.map(({ reference, candidate }) => [reference, candidate]));
  return new Map([...inputs].map(([name, tensor]) => [names.get(name) ?? name, tensor]));
}

function seen(
  specimen: Specimen,
  graph: OpGraph,
  ran: Extract<Ran, { ok: true }>,
  constants: NamedTensors,
  inputs: NamedTensors,
): Seen {
  const values = new Map<string, Tensor>([...constants, ...ran.taps]);
  for (const [name, tensor] of named(graph, graph.inputs, inputs)) values.set(name, tensor);
  // An answer is laid out as the reference lays it out: that is what is compared, whatever the graph has.
  for (const [name, tensor] of named(graph, graph.outputs, ran.outputs)) values.set(name, tensor);
  return {
    specimen,
    graph,
    values,
    untapped: new Map(ran.untapped.map(({ name, reason }) => [name, reason])),
    outputs: ran.outputs,
  };
}

/** Ends of a model under the names of its graph: their own where the graph has them, else by position. */
function named(graph: OpGraph, ends: readonly string[], tensors: NamedTensors): [string, Tensor][] {
  return [...tensors].flatMap(([name, tensor], i): [string, Tensor][] => {
    const inGraph = tensorOf(graph, ends, name, i);
    return inGraph === undefined ? [] : [[inGraph, tensor]];
  });
}

/** The graph's tensor for an input or output that the contract calls `name` and has at `position`. */
export const tensorOf = (
  graph: OpGraph,
  ends: readonly string[],
  name: string,
  position: number,
): string | undefined => (graph.tensors[name] !== undefined || ends.includes(name) ? name : ends[position]);
