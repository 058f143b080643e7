import type { Tensor } from '../../tensor/tensor.ts';
import { distance, wrongness } from '../measure.ts';
import { laidOut } from './laid-out.ts';
import type { OpenScene } from './scene.ts';
import type { StatusOf } from './status.ts';

/**
 * The candidate's tensors whose values the reference has, with its name for them: where a piece can be fed. A place that
 * only structure suggests is none: its value might belong elsewhere.
 */
export function feedable(scene: OpenScene, statusOf: StatusOf): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const tensor of scene.referenceSide.flowing) {
    const own = scene.alignment.counterpart(tensor);
    const places = own === undefined || (own.by === 'structure' && statusOf(tensor).kind !== 'agrees') ? [] : [own];
    for (const { candidate } of [...places, ...scene.alignment.equals(tensor)]) {
      if (!found.has(candidate)) found.set(candidate, tensor);
    }
  }
  return found;
}

/**
 * Errors that nodes make by themselves: the candidate's pieces that end in `tensors` (reference's name → candidate's), fed
 * with the reference's values wherever `feeds` allows. Relative to rms; missing where a piece cannot be run. One model is
 * cut and run for all of them, so that no tensor may be an end and a feed at once: those are measured in turns.
 */
export async function localErrors(
  scene: OpenScene,
  tensors: ReadonlyMap<string, string>,
  feeds: ReadonlyMap<string, string>,
): Promise<Map<string, number>> {
  const errors = new Map<string, number>();
  if (!scene.lab.canEdit(scene.candidate.specimen)) return errors;
  let left = [...tensors];
  while (left.length > 0) {
    const { ends, inputs } = turn(scene, left, feeds);
    if (ends.length === 0) break;
    for (const [name, error] of await measured(scene, ends, inputs, feeds)) errors.set(name, error);
    const done = new Set(ends.map(([name]) => name));
    left = left.filter(([name]) => !done.has(name));
  }
  return errors;
}

/** As many ends as do not feed one another, and what they need. */
function turn(scene: OpenScene, left: readonly [string, string][], feeds: ReadonlyMap<string, string>) {
  const ends: [string, string][] = [];
  const inputs = new Set<string>();
  const outputs = new Set<string>();
  for (const [name, candidate] of left) {
    const needs = needed(scene, candidate, feeds);
    if (inputs.has(candidate) || outputs.has(candidate) || [...needs].some((t) => outputs.has(t))) continue;
    ends.push([name, candidate]);
    outputs.add(candidate);
    for (const t of needs) inputs.add(t);
  }
  return { ends, inputs };
}

/** What the piece that makes a tensor reads: the nearest feeds before it, and inputs of the model. */
function needed({ candidateSide }: OpenScene, tensor: string, feeds: ReadonlyMap<string, string>): Set<string> {
  const found = new Set<string>();
  const seen = new Set<string>();
  const open = [...(candidateSide.producer.get(tensor)?.inputs ?? [])];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === '' || seen.has(name) || candidateSide.graph.tensors[name]?.constant === true) continue;
    seen.add(name);
    const made = candidateSide.producer.get(name);
    if (made === undefined || (feeds.has(name) && name !== tensor)) found.add(name);
    else open.push(...made.inputs);
  }
  return found;
}

async function measured(
  scene: OpenScene,
  ends: readonly [string, string][],
  inputs: ReadonlySet<string>,
  feeds: ReadonlyMap<string, string>,
): Promise<Map<string, number>> {
  const { lab, candidate, how } = scene;
  const fed = new Map<string, Tensor>();
  for (const name of inputs) {
    const from = feeds.get(name);
    const value = from === undefined ? scene.candidate.values.get(name) : laidOut(scene, from, name);
    if (value === undefined) return new Map();
    fed.set(name, value);
  }
  const outputs = ends.map(([, tensor]) => tensor);
  try {
    const piece = await lab.cut(candidate.specimen, { inputs: [...fed.keys()], outputs });
    const ran = await lab.run(piece, { ...how, sample: fed, label: `${ends.length} pieces on their own` });
    if (!ran.ok) return new Map();
    return new Map(
      ends.flatMap(([name, tensor]): [string, number][] => {
        const expected = laidOut(scene, name, tensor);
        const got = ran.outputs.get(tensor);
        return expected === undefined || got === undefined ? [] : [[name, wrongness(distance(expected, got))]];
      }),
    );
  } catch (error) {
    if ((error as { code?: unknown }).code === 'edit-impossible') return new Map();
    throw error;
  }
}
