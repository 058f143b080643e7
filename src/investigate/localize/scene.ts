import { agreementInOrder } from '../align/agreement.ts';
import { align, type Pairing } from '../align/align.ts';
import { type Side, sideOf } from '../align/side.ts';
import type { CaseFacts, How, Lab, Specimen } from '../lab.ts';
import { distance, wrongness } from '../measure.ts';
import type { Scene } from '../scene.ts';
import { asked, errorOfOutputs, observedError } from './observed.ts';
import { AS_DEPLOYED, ROUNDING, SAME_FUNCTION, toleranceOf } from './tolerance.ts';
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
  /** The difference is there only while nobody looks: the scene is the candidate with its optimiser off. */
  readonly disturbed?: boolean;
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
  const wide = await see(lab, reference, twin ? { sample, precision: 'float64' } : { sample });
  // Where float64 says otherwise than the reference itself (integer division, say), it is no truth about this failure.
  const odd = precision === 'deployed' && twin && wide.ok && strays(lab, sample, wide.value);
  // A twin that cannot be made (some of its layers compute in float32 whatever is asked for) is none.
  const truth = odd || (precision === 'deployed' && twin && !wide.ok) ? await see(lab, reference, { sample }) : wide;
  const { answer, used, disturbed, notes } = await seeCandidate(lab, candidate, how);
  const reasons = [truth, answer].flatMap((seen) => (seen.ok ? [] : [seen.reason]));
  if (!truth.ok || !answer.ok) {
    return {
      scene: { ...bare, reference: truth.ok ? truth.value : null, candidate: answer.ok ? answer.value : null },
      reasons,
      failure: answer.ok ? null : answer.reason,
    };
  }
  const rounding =
    precision === 'deployed' && truth === wide && twin ? await ownRounding(lab, truth.value, sample) : new Map();
  const scene = openScene({ ...bare, how: used }, truth.value, answer.value, rounding);
  return { scene, reasons: notes, failure: null, disturbed };
}

/** Share of the difference as deployed that must be left for it to be the same difference. */
const STILL_THERE = 0.3;

/**
 * The candidate's tensors. As deployed, its optimiser is off where that leaves the difference as it is: an optimised graph
 * lacks most of them, and asking for them makes it another graph.
 */
async function seeCandidate(lab: Lab, candidate: Specimen, how: How) {
  if (how.precision === 'float64')
    return { answer: await see(lab, candidate, how), used: how, disturbed: false, notes: [] };
  const off = { ...how, unoptimised: true };
  const answer = await see(lab, candidate, off);
  const as = { answer, used: off, disturbed: false, notes: [] };
  if (!answer.ok || !isGone(lab, how, answer.value)) return as;
  const optimised = await see(lab, candidate, how);
  const notes = ["with the runtime's optimiser off the difference is gone"];
  if (optimised.ok && !isGone(lab, how, optimised.value))
    return { answer: optimised, used: how, disturbed: false, notes };
  const hidden =
    'giving out intermediate values makes the difference go: the model was cut off behind one after another';
  return { ...as, disturbed: true, notes: [...notes, hidden] };
}

/** Whether the reference's float64 values lie as far from its own answer as the candidate does. */
function strays(lab: Lab, sample: string, { outputs }: Seen): boolean {
  const observed = lab.observed(sample).reference;
  const same = { outputs: lab.facts.outputs.map((o) => ({ ...o, candidate: o.reference })) };
  const [own, before] = [errorOfOutputs(same, observed, outputs), observedError(lab, sample)];
  return own !== null && before !== null && own > 0 && own >= STILL_THERE * before;
}

function isGone(lab: Lab, { sample }: How, { outputs }: Seen): boolean {
  if (typeof sample !== 'string') return false;
  const before = observedError(lab, sample);
  const now = errorOfOutputs(lab.facts, lab.observed(sample).reference, outputs);
  return before !== null && now !== null && now < STILL_THERE * before;
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
  const finest = bare.precision === 'float64' ? FINEST : ROUNDING[bare.lab.facts.declared];
  const tolerance = Math.max(finest, Math.min(bare.tolerance, worst / FINER));
  const of = toleranceOf(tolerance, strays);
  return { ...parts, tolerance, toleranceOf: of, alignment: align(ends, referenceSide, candidateSide, of) };
}

/** Share of the outputs' error below which no tensor's difference is looked at. */
const FINER = 50;
/** Where rounding of float64 begins in long computations. */
const FINEST = 1e-10;

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
  return asked(ends.outputs).map((output) => {
    const [a, b] = [reference.values.get(output.reference), candidate.values.get(output.candidate)];
    const error = a === undefined || b === undefined ? Number.POSITIVE_INFINITY : agreementInOrder(a, b).error;
    return { tensor: output.reference, candidate: output.candidate, error };
  });
}
