import type { OpNode } from '../../records/graph.ts';
import type { Divergence } from '../../records/investigation.ts';
import { blame } from './blame.ts';
import type { Culprit } from './culprits.ts';

/** What the report tells of a culprit. */
export function divergenceOf(culprit: Culprit): Divergence {
  const { scene, statusOf, tensor, region, local, accumulated, explained } = culprit;
  const blamed = blame(culprit, scene.referenceSide, scene.candidateSide, scene.alignment, statusOf);
  const status = statusOf(tensor);
  const made = status.kind === 'unknown' ? undefined : scene.candidateSide.producer.get(status.candidate);
  return {
    reference: placeOf(blamed.node, tensor),
    candidate:
      made === undefined || status.kind === 'unknown'
        ? null
        : { tensor: status.candidate, node: made.id, opType: made.op },
    region: { reference: region.map((node) => node.id), candidate: blamed.candidate.map((node) => node.id) },
    local,
    accumulated,
    explained,
    sample: scene.sample,
    precision: scene.precision,
  };
}

export const placeOf = ({ id, op, module, source }: OpNode, tensor: string): Divergence['reference'] => ({
  tensor,
  node: id,
  opType: op,
  module,
  source,
});
