import type { OpGraph, OpNode } from '../../records/graph.ts';
import type { Lab, Specimen } from '../lab.ts';

/** A message's words that can be names of nodes or tensors. */
const WORD = /[\w./:$%-]*\w/g;

/**
 * The node that a message of a runtime names: by its name, by a tensor that it makes, or by its operator where only one node
 * has it. Undefined: it names none.
 */
export function nodeInMessage(graph: OpGraph, message: string): OpNode | undefined {
  const words = message.match(WORD) ?? [];
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const byTensor = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const named = words.map((word) => byId.get(word)).find((node) => node !== undefined);
  // One letter is rather a word of the sentence than a tensor's name.
  const made = words
    .map((word) => (word.length > 1 ? byTensor.get(word) : undefined))
    .find((node) => node !== undefined);
  const ofKind = words
    .map((word) => graph.nodes.filter((node) => node.op === word))
    .find((nodes) => nodes.length === 1);
  return named ?? made ?? ofKind?.[0];
}

/**
 * The first node that a model cannot compute on a sample, by halves: the model is cut off behind a node and run, until the
 * last that runs and the first that does not stand side by side. Undefined: the whole model runs, or it cannot be cut.
 */
export async function firstToFail(
  lab: Lab,
  specimen: Specimen,
  graph: OpGraph,
  sample: string,
): Promise<OpNode | undefined> {
  if (!lab.canEdit(specimen)) return undefined;
  const nodes = graph.nodes.filter((node) =>
    node.outputs.some((t) => graph.tensors[t]?.tappable === true || graph.outputs.includes(t)),
  );
  const fails = async (count: number): Promise<boolean> => {
    const outputs = nodes.slice(0, count).map((node) => node.outputs[0] as string);
    const part = await lab.cut(specimen, { inputs: graph.inputs, outputs });
    const ran = await lab.run(part, { sample, unoptimised: true, label: `its first ${count} nodes` });
    return !ran.ok;
  };
  let [good, bad] = [0, nodes.length];
  if (!(await fails(bad))) return undefined;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (await fails(middle)) bad = middle;
    else good = middle;
  }
  return nodes[bad - 1];
}
