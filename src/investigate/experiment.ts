import type { ModelEdit } from '../records/edit.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import { transpose } from '../tensor/transpose.ts';
import type { How, Ran, Specimen } from './lab.ts';
import { distance, explainedShare, wrongness } from './measure.ts';
import type { Question } from './scene.ts';

/** What an experiment compares: something to run, and what should come out of it. */
export interface Bench {
  readonly specimen: Specimen;
  readonly how: How;
  /** The specimen's output → the value that the reference has there. */
  readonly expected: NamedTensors;
  /** Wrongness before anything is tried. */
  readonly before: number;
  /** `piece`: the candidate's part behind the last agreeing tensors, fed with the reference's values; `whole`: all of it. */
  readonly kind: 'piece' | 'whole';
}

export interface Outcome {
  readonly before: number;
  readonly after: number;
  readonly explained: number;
}

/** Errors below this share of a piece's accumulated error say that the piece does not show the fault. */
const SHOWS = 0.3;

/**
 * Where edits of the candidate are tried: the part between the agreeing tensors and the first that parts, where that can be
 * cut out and shows the error; else the whole model with its failing outputs. Null: there is nothing to run or to compare.
 */
export async function benchFor(question: Question): Promise<Bench | null> {
  return (await pieceBench(question)) ?? (await wholeBench(question));
}

async function pieceBench(question: Question): Promise<Bench | null> {
  const { scene, divergence } = question;
  const { lab, candidate, reference, alignment, how } = scene;
  if (divergence?.candidate == null || candidate === null || reference === null || alignment === null) return null;
  if (!lab.canEdit(candidate.specimen)) return null;
  const target = divergence.candidate.tensor;
  const expected = reference.values.get(divergence.reference.tensor);
  if (expected === undefined) return null;
  const region = new Set(divergence.region.candidate);
  const feeds = new Map<string, Tensor>();
  for (const node of candidate.graph.nodes) {
    if (!region.has(node.id)) continue;
    for (const tensor of node.inputs) {
      if (tensor === '' || candidate.graph.tensors[tensor]?.constant === true) continue;
      if (candidate.graph.nodes.some((n) => region.has(n.id) && n.outputs.includes(tensor))) continue;
      const value = counterpart(question, tensor);
      if (value === undefined) return null;
      feeds.set(tensor, value);
    }
  }
  if (feeds.size === 0) return null;
  const specimen = await lab.cut(candidate.specimen, { inputs: [...feeds.keys()], outputs: [target] });
  const ran: Bench = {
    specimen,
    how: { ...how, sample: feeds },
    expected: new Map([[target, expected]]),
    before: 0,
    kind: 'piece',
  };
  const before = errorOf(await lab.run(specimen, ran.how), ran.expected);
  const accumulated = Number(divergence.accumulated ?? 0);
  return before > Math.max(scene.tolerance, SHOWS * (Number.isFinite(accumulated) ? accumulated : 0))
    ? { ...ran, before }
    : null;
}

/** The reference's value of a tensor of the candidate, laid out as the candidate has it. */
export function counterpart(
  { scene: { alignment, reference, candidate } }: Question,
  tensor: string,
): Tensor | undefined {
  const [match] = alignment?.ofCandidate(tensor) ?? [];
  const value = match === undefined ? undefined : reference?.values.get(match.reference);
  if (match === undefined || value === undefined) return undefined;
  if (match.permutation !== undefined) return transpose(value, match.permutation);
  // A quantity of the same elements and another rank (a batch axis of one, flattened) takes the candidate's shape.
  const shape = candidate?.values.get(tensor)?.shape ?? value.shape;
  return { ...value, shape };
}

/** All of the candidate with its failing outputs. */
export async function wholeBench({ scene }: Question): Promise<Bench | null> {
  const { lab, how, sample } = scene;
  const { candidate, reference } = lab;
  if (candidate === null) return null;
  const asked = lab.facts.outputs.some((o) => o.failed) ? lab.facts.outputs.filter((o) => o.failed) : lab.facts.outputs;
  const values =
    scene.reference?.values ??
    (how.precision === undefined
      ? (lab.observed(sample).reference ?? undefined)
      : await outputsOf(reference, lab.run, how));
  const expected = new Map(
    asked.flatMap((o): [string, Tensor][] => {
      const value = values?.get(o.reference);
      return value === undefined ? [] : [[o.candidate, value]];
    }),
  );
  if (expected.size === 0) return null;
  const before = errorOf(await lab.run(candidate, how), expected);
  return { specimen: candidate, how, expected, before, kind: 'whole' };
}

async function outputsOf(
  specimen: Specimen | null,
  run: (specimen: Specimen, how: How) => Promise<Ran>,
  how: How,
): Promise<NamedTensors | undefined> {
  const ran = specimen === null ? undefined : await run(specimen, how);
  return ran?.ok === true ? ran.outputs : undefined;
}

/** The largest wrongness of what came out; infinite where nothing comparable did. */
export function errorOf(ran: Ran, expected: NamedTensors): number {
  if (!ran.ok) return Number.POSITIVE_INFINITY;
  const each = [...expected].map(([name, value]) => {
    const got = ran.outputs.get(name);
    return got === undefined ? Number.POSITIVE_INFINITY : wrongness(distance(value, got));
  });
  return Math.max(...each);
}

/** Runs the bench with edits. An edit that does not apply, or a model that then fails, explains nothing. */
export async function tryEdits(
  { scene: { lab, tolerance } }: Question,
  bench: Bench,
  edits: readonly ModelEdit[],
  label: string,
): Promise<Outcome | null> {
  try {
    const edited = await lab.edit(bench.specimen, edits, label);
    const after = errorOf(await lab.run(edited, { ...bench.how, label }), bench.expected);
    return { before: bench.before, after, explained: explainedShare(bench.before, after, tolerance) };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'edit-impossible') return null;
    throw error;
  }
}
