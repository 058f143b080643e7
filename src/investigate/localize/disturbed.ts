import type { OpNode } from '../../records/graph.ts';
import type { Divergence } from '../../records/investigation.ts';
import { distance, wrongness } from '../measure.ts';
import { placeOf } from './divergence.ts';
import { laidOut } from './laid-out.ts';
import type { OpenScene } from './scene.ts';

interface Probe {
  readonly node: OpNode;
  readonly tensor: string;
  readonly candidate: string;
}

/**
 * The first tensor that the runtime's optimiser spoils, where looking at all of them at once makes the difference go: the
 * model is cut off behind one tensor after the other, by halves, and run as deployed. `scene` is the candidate with its
 * optimiser off, where all agrees. Undefined: it cannot be cut, or no part shows the difference.
 */
export async function spoiltByOptimiser(scene: OpenScene): Promise<Divergence | undefined> {
  const { lab, candidate, alignment, candidateSide, referenceSide, sample } = scene;
  if (!lab.canEdit(candidate.specimen)) return undefined;
  const probes = candidate.graph.nodes.flatMap((node): Probe[] =>
    node.outputs.flatMap((tensor) => {
      const [match] = alignment.ofCandidate(tensor);
      return match === undefined || match.permutation !== undefined
        ? []
        : [{ node, tensor: match.reference, candidate: tensor }];
    }),
  );
  const errorAt = async ({ tensor, candidate: end }: Probe): Promise<number> => {
    const part = await lab.cut(candidate.specimen, { inputs: candidate.graph.inputs, outputs: [end] });
    const ran = await lab.run(part, { sample, label: `as deployed, up to ${end}` });
    const [expected, got] = [laidOut(scene, tensor, end), ran.ok ? ran.outputs.get(end) : undefined];
    return expected === undefined || got === undefined ? 0 : wrongness(distance(expected, got));
  };
  const spoilt = async (at: number) => {
    const probe = probes[at];
    const error = probe === undefined ? 0 : await errorAt(probe);
    return probe !== undefined && error > scene.toleranceOf(probe.tensor) ? { probe, error } : undefined;
  };
  let [good, bad] = [-1, probes.length - 1];
  let found = await spoilt(bad);
  while (found !== undefined && bad - good > 1) {
    const middle = (good + bad) >> 1;
    const earlier = await spoilt(middle);
    if (earlier === undefined) good = middle;
    else [bad, found] = [middle, earlier];
  }
  const place = found === undefined ? undefined : referenceSide.producer.get(found.probe.tensor);
  if (found === undefined || place === undefined) return undefined;
  const made = candidateSide.producer.get(found.probe.candidate) ?? found.probe.node;
  return {
    reference: placeOf(place, found.probe.tensor),
    candidate: { tensor: found.probe.candidate, node: made.id, opType: made.op },
    region: { reference: [place.id], candidate: [made.id] },
    local: null,
    accumulated: found.error,
    explained: null,
    sample,
    precision: 'deployed',
  };
}
