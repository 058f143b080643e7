import type { OpNode } from '../../records/graph.ts';
import type { Divergence } from '../../records/investigation.ts';
import type { Lab } from '../lab.ts';
import type { Scene } from '../scene.ts';
import { placeOf } from './divergence.ts';
import { firstToFail, nodeInMessage } from './failure.ts';
import { buildScene, isOpen } from './scene.ts';

/**
 * Where a candidate fails instead of answering: the node that its message names, or the first that cannot be computed; told
 * as the node of the reference in whose place it stands. Undefined: neither can be told.
 */
export async function failingNode(
  lab: Lab,
  sample: string,
  precision: Scene['precision'],
  message: string,
): Promise<Divergence | undefined> {
  const { reference, candidate } = lab;
  if (reference === null || candidate === null) return undefined;
  const [theirs, ours] = [await lab.graph(candidate), await lab.graph(reference)];
  if (!theirs.ok || !ours.ok) return undefined;
  const node = nodeInMessage(theirs.value, message) ?? (await firstToFail(lab, candidate, theirs.value, sample));
  if (node === undefined) return undefined;
  const place = (await counterpartOf(lab, node)) ?? ours.value.nodes.find((n) => n.id === node.id);
  if (place === undefined) return undefined;
  return {
    reference: placeOf(place, place.outputs[0] ?? ''),
    candidate: { tensor: node.outputs[0] ?? '', node: node.id, opType: node.op },
    region: { reference: [place.id], candidate: [node.id] },
    local: null,
    accumulated: null,
    explained: null,
    sample,
    precision,
  };
}

/** The reference's node in whose place a node of the candidate stands, as seen on a sample that the candidate can compute. */
async function counterpartOf(lab: Lab, node: OpNode): Promise<OpNode | undefined> {
  const taken = lab.facts.samples.find((sample) => !sample.failed);
  if (taken === undefined) return undefined;
  const { scene } = await buildScene(lab, taken.id, 'deployed');
  if (!isOpen(scene)) return undefined;
  // An added node has no counterpart: the next one behind it that has is where its result is missed.
  const open = [node];
  for (const each of open) {
    for (const tensor of each.outputs) {
      const [match] = scene.alignment.ofCandidate(tensor);
      const place = match === undefined ? undefined : scene.referenceSide.producer.get(match.reference);
      if (place !== undefined) return place;
      open.push(...(scene.candidateSide.consumers.get(tensor) ?? []));
    }
    if (open.length > 64) return undefined;
  }
  return undefined;
}
