import { align, type Pairing } from '../align/align.ts';
import { type Side, sideOf } from '../align/side.ts';
import type { CaseFacts, How, Lab } from '../lab.ts';
import { distance, wrongness } from '../measure.ts';
import type { Scene } from '../scene.ts';
import { AS_DEPLOYED, SAME_FUNCTION, toleranceOf } from './tolerance.ts';
import { type Seen, see, tensorOf } from './view.ts';

/** A scene in which both sides can be looked into, as localisation works with it. */
export interface OpenScene extends Scene {
  readonly reference: Seen;
  readonly candidate: Seen;
  readonly alignment: Pairing;
  readonly referenceSide: Side;
  readonly candidateSide: Side;
  /** Outputs by the names of the graphs. */
  readonly ends: Pick<CaseFacts, 'inputs' | 'outputs'>;
  readonly toleranceOf: (tensor: string) => number;
}

export type SceneOrReason = {
  readonly scene: OpenScene | Scene;
  readonly reasons: readonly string[];
  readonly failure: string | null;
};

/**
 * Both sides on one sample: graphs, tapped values and their alignment. In float64 both sides are; `deployed` holds the
 * candidate as it runs against the reference's float64 values where it has them, so that the reference's own rounding does
 * not stand in the way, with that rounding as tolerance. A side that cannot be looked into is null, with the reason.
 */
export async function buildScene(lab: Lab, sample: string, precision: Scene['precision']): Promise<SceneOrReason> {
  const how: How = precision === 'float64' ? { sample, precision } : { sample };
  const bare: Scene = {
    lab,
    sample,
    precision,
    how,
    reference: null,
    candidate: null,
    alignment: null,
    tolerance: precision === 'float64' ? SAME_FUNCTION : AS_DEPLOYED[lab.facts.declared],
  };
  const { reference, candidate } = lab;
  if (reference === null || candidate === null) {
    return {
      scene: bare,
      reasons: [`there is no ${reference === null ? 'reference' : 'candidate'} to look into`],
      failure: null,
    };
  }
  lab.say(`intermediate values of both sides on ${sample}, ${precision === 'float64' ? 'in float64' : 'as deployed'}`);
  const twin = lab.hasFloat64(reference);
  const truth = await see(lab, reference, twin ? { sample, precision: 'float64' } : { sample });
  const unoptimised = precision === 'deployed' ? { ...how, unoptimised: true } : how;
  const answer = await see(lab, candidate, unoptimised);
  const reasons = [truth, answer].flatMap((seen) => (seen.ok ? [] : [seen.reason]));
  if (!truth.ok || !answer.ok) {
    return {
      scene: { ...bare, reference: truth.ok ? truth.value : null, candidate: answer.ok ? answer.value : null },
      reasons,
      failure: answer.ok ? null : answer.reason,
    };
  }
  const strays = precision === 'deployed' && twin ? await ownRounding(lab, truth.value, sample) : new Map();
  return { scene: openScene({ ...bare, how: unoptimised }, truth.value, answer.value, strays), reasons, failure: null };
}

export function openScene(
  bare: Scene,
  reference: Seen,
  candidate: Seen,
  strays: ReadonlyMap<string, number> = new Map(),
): OpenScene {
  const { facts } = bare.lab;
  const ends = {
    inputs: facts.inputs.map((input, i) => ({
      reference: tensorOf(reference.graph, reference.graph.inputs, input.reference, i) ?? input.reference,
      candidate: tensorOf(candidate.graph, candidate.graph.inputs, input.candidate, i) ?? input.candidate,
    })),
    outputs: facts.outputs.map((output) => ({
      ...output,
      reference: endOf(reference, output.reference),
      candidate: endOf(candidate, output.candidate),
    })),
  };
  const tolerance = toleranceOf(bare.tolerance, strays);
  const [referenceSide, candidateSide] = [sideOf(reference), sideOf(candidate)];
  const alignment = align(ends, referenceSide, candidateSide, tolerance);
  return { ...bare, reference, candidate, alignment, referenceSide, candidateSide, ends, toleranceOf: tolerance };
}

const endOf = (side: Seen, name: string): string =>
  tensorOf(side.graph, side.graph.outputs, name, [...side.outputs.keys()].indexOf(name)) ?? name;

/** How far each tensor of the reference strays from its float64 values as it is deployed. */
async function ownRounding(lab: Lab, truth: Seen, sample: string): Promise<Map<string, number>> {
  const deployed = await see(lab, truth.specimen, { sample });
  if (!deployed.ok) return new Map();
  return new Map(
    [...truth.values].flatMap(([name, value]): [string, number][] => {
      const own = truth.graph.tensors[name]?.constant === true ? undefined : deployed.value.values.get(name);
      const error = own === undefined ? Number.NaN : wrongness(distance(value, own));
      return Number.isFinite(error) ? [[name, error]] : [];
    }),
  );
}

export const isOpen = (scene: Scene): scene is OpenScene => 'toleranceOf' in scene;

/** Largest error of the outputs that failed (of all, where none is said to have), with their names in the graph. */
export function outputErrors(scene: OpenScene): { tensor: string; candidate: string; error: number }[] {
  const { outputs } = scene.ends;
  const asked = outputs.some((o) => o.failed) ? outputs.filter((o) => o.failed) : outputs;
  return asked.map(({ reference, candidate }) => {
    const [a, b] = [scene.reference.values.get(reference), scene.candidate.values.get(candidate)];
    const own = scene.alignment.counterpart(reference);
    const error =
      own?.candidate === candidate ? own.error : a && b ? wrongness(distance(a, b)) : Number.POSITIVE_INFINITY;
    return { tensor: reference, candidate, error };
  });
}
