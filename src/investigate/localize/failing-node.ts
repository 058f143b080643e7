import type { OpGraph, OpNode } from '../../records/graph.ts';
import type { Divergence } from '../../records/investigation.ts';
import type { How, Lab, Specimen } from '../lab.ts';
import type { Scene } from '../scene.ts';
import { placeOf } from './divergence.ts';
import { firstToFail, nodeInMessage } from './failure.ts';
import { frontierOf } from './frontier.ts';
import { type OpenScene, openScene } from './scene.ts';
import { type Status, statuses } from './status.ts';
import { type Seen, see } from './view.ts';

/**
 * Where a candidate fails instead of answering: the node that its message names, or the first that cannot be computed. Often
 * it fails only because something before it has another shape; so what comes before is compared first. Told as the node of
 * the reference in whose place it stands. Undefined: neither can be told.
 */
export async function failingNode(bare: Scene, message: string): Promise<Divergence | undefined> {
  const { lab, sample, how } = bare;
  const { reference, candidate } = lab;
  if (reference === null || candidate === null) return undefined;
  const [theirs, ours] = [await lab.graph(candidate), await lab.graph(reference)];
  if (!theirs.ok || !ours.ok) return undefined;
  const node = nodeInMessage(theirs.value, message) ?? (await firstToFail(lab, candidate, theirs.value, sample));
  if (node === undefined) return undefined;
  const scene = await sceneBefore(bare, candidate, theirs.value, node, how);
  const wrong = scene === undefined ? undefined : firstBefore(scene, node);
  const place = wrong?.node ?? counterpartOf(scene, node) ?? ours.value.nodes.find((n) => n.id === node.id);
  if (place === undefined) return undefined;
  const made = wrong === undefined ? node : (scene?.candidateSide.producer.get(wrong.candidate) ?? node);
  return {
    reference: placeOf(place, wrong?.tensor ?? place.outputs[0] ?? ''),
    candidate: { tensor: wrong?.candidate ?? node.outputs[0] ?? '', node: made.id, opType: made.op },
    region: { reference: [place.id], candidate: [made.id] },
    local: null,
    accumulated: wrong?.error ?? null,
    explained: null,
    sample,
    precision: bare.precision,
  };
}

/** Both sides as far as the candidate comes: all that does not depend on the node that fails. */
async function sceneBefore(
  bare: Scene,
  candidate: Specimen,
  graph: OpGraph,
  failing: OpNode,
  how: How,
): Promise<OpenScene | undefined> {
  const { lab } = bare;
  if (bare.reference === null || !lab.canEdit(candidate)) return undefined;
  const before = graph.nodes.slice(0, graph.nodes.indexOf(failing));
  const outputs = before.flatMap((node) => node.outputs.filter((t) => graph.tensors[t]?.tappable === true));
  if (outputs.length === 0) return undefined;
  const seen = await seePart(lab, candidate, graph, outputs, how);
  return seen === undefined ? undefined : openScene(bare, bare.reference as Seen, seen);
}

async function seePart(
  lab: Lab,
  candidate: Specimen,
  graph: OpGraph,
  outputs: readonly string[],
  how: How,
): Promise<Seen | undefined> {
  try {
    const part = await lab.cut(candidate, { inputs: graph.inputs, outputs });
    const seen = await see(lab, part, how);
    return seen.ok ? { ...seen.value, graph } : undefined;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'edit-impossible') return undefined;
    throw error;
  }
}

/** The first node before the failing one whose result parts already. */
function firstBefore(scene: OpenScene, failing: OpNode) {
  const byValue = statuses(scene);
  // The same elements in another shape are what makes the next node fail.
  const statusOf = (tensor: string): Status => {
    const status = byValue(tensor);
    if (status.kind !== 'agrees' || sameShape(scene, tensor, status.candidate)) return status;
    return { kind: 'differs', candidate: status.candidate, error: Number.POSITIVE_INFINITY };
  };
  const read = new Set(failing.inputs);
  const roots = scene.referenceSide.flowing.filter((tensor) => {
    const own = scene.alignment.counterpart(tensor);
    return own !== undefined && read.has(own.candidate);
  });
  const [first] = frontierOf(scene.referenceSide, statusOf, roots);
  const status = first === undefined ? undefined : statusOf(first.tensor);
  if (first === undefined || status?.kind !== 'differs') return undefined;
  return { node: first.node, tensor: first.tensor, candidate: status.candidate, error: status.error };
}

function sameShape(scene: OpenScene, tensor: string, candidate: string): boolean {
  const [ours, theirs] = [scene.reference.values.get(tensor)?.shape, scene.candidate.values.get(candidate)?.shape];
  const wide = (shape: readonly number[] | undefined) =>
    shape
      ?.filter((d) => d !== 1)
      .toSorted((a, b) => a - b)
      .join();
  return wide(ours) === wide(theirs);
}

/** The reference's node that reads the counterparts of what the failing one reads, of the same name or operator. */
function counterpartOf(scene: OpenScene | undefined, node: OpNode): OpNode | undefined {
  if (scene === undefined) return undefined;
  const readers = node.inputs.flatMap((input) =>
    scene.alignment.ofCandidate(input).flatMap((match) => scene.referenceSide.consumers.get(match.reference) ?? []),
  );
  return readers.find((n) => n.id === node.id) ?? readers.find((n) => n.op === node.op);
}
