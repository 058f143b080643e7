import { agreementInOrder } from '../align/agreement.ts';
import { align, type Pairing } from '../align/align.ts';
import { type Side, sideOf } from '../align/side.ts';
import type { CaseFacts, How, Lab } from '../lab.ts';
import { distance, wrongness } from '../measure.ts';
import type { Scene } from '../scene.ts';
import { AS_DEPLOYED, SAME_FUNCTION, toleranceOf } from './tolerance.ts';
import { type Seen, see, tensorOf } from './view.ts';

export type Ends = Pick<CaseFacts, 'inputs' | 'outputs'>;

/** A scene in which both sides can be looked into, as localisation works with it. */
export interface OpenScene extends Scene {
  readonly reference: Seen;
  readonly candidate: Seen;
  readonly alignment: Pairing;
  readonly referenceSide: Side;
  readonly candidateSide: Side;
  /** Outputs by the names of the graphs. */
  readonly ends: Ends;
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

/** Aligns what was seen of both sides. `strays`: how far the reference's tensors stray as deployed. */
export function openScene(
  bare: Scene,
  reference: Seen,
  candidate: Seen,
  strays: ReadonlyMap<string, number> = new Map(),
): OpenScene {
  const ends = endsOf(bare.lab.facts, reference, candidate);
  const [referenceSide, candidateSide] = [sideOf(reference), sideOf(candidate)];
  const parts = { ...bare, reference, candidate, referenceSide, candidateSide, ends };
  const worst = Math.max(0, ...errorsBetween(parts).map(({ error }) => error));
  // A small error is looked for with a finer comb: what makes it may be smaller still.
  const tolerance = Math.max(FINEST[bare.precision], Math.min(bare.tolerance, worst / FINER));
  const of = toleranceOf(tolerance, strays);
  return { ...parts, tolerance, toleranceOf: of, alignment: align(ends, referenceSide, candidateSide, of) };
}

/** Share of the outputs' error below which no tensor's difference is looked at. */
const FINER = 50;
/** Where rounding begins: of float64 in long computations, and of float32. */
const FINEST: Readonly<Record<Scene['precision'], number>> = { float64: 1e-10, deployed: 5e-7 };

function endsOf(facts: Ends, reference: Seen, candidate: Seen): Ends {
  return {
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

/** Errors of the outputs that failed (of all, where none is said to have), with their names in the graphs. */
export const outputErrors = (scene: OpenScene): OutputError[] => errorsBetween(scene);

export interface OutputError {
  readonly tensor: string;
  readonly candidate: string;
  readonly error: number;
}

function errorsBetween({
  ends,
  reference,
  candidate,
}: Pick<OpenScene, 'ends' | 'reference' | 'candidate'>): OutputError[] {
  const asked = ends.outputs.some((o) => o.failed) ? ends.outputs.filter((o) => o.failed) : ends.outputs;
  return asked.map((output) => {
    const [a, b] = [reference.values.get(output.reference), candidate.values.get(output.candidate)];
    const error = a === undefined || b === undefined ? Number.POSITIVE_INFINITY : agreementInOrder(a, b).error;
    return { tensor: output.reference, candidate: output.candidate, error };
  });
}
