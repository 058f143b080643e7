import type { Bundle } from '../../records/bundle.ts';
import type { ModelEdit } from '../../records/edit.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import { elementCount } from '../../tensor/tensor.ts';
import type { Lab } from '../lab.ts';
import { isSame } from './failure.ts';
import type { Piece } from './piece.ts';
import { again, type Truth } from './truth.ts';

const SEED = 1;
/** As the randomiser has it: smaller ones are scales, shapes and bounds. */
const WEIGHT = 16;

/**
 * The piece with seeded random weights, where it fails so as well. Where the reference's part gives the expected outputs, it
 * gets the same numbers in the weights that were equal, bit by bit; weights without an equal stay, for they may be the fault.
 */
export async function withRandomWeights(
  lab: Lab,
  piece: Piece,
  truth: Truth | null,
): Promise<{ readonly piece: Piece; readonly weights: Bundle['weights'] }> {
  const held = await lab.constants(piece.specimen);
  const large = held.ok ? [...held.value].filter(([, t]) => isFloating(t) && elementCount(t.shape) >= WEIGHT) : [];
  if (held.ok && large.length === 0) return { piece, weights: 'none' };
  const original = { piece, weights: 'original' } as const;
  if (piece.failure === null || (truth === null && piece.failure.kind !== 'code')) return original;
  const randomised = await lab.randomise(piece.specimen, SEED);
  const drawn = await lab.constants(randomised);
  if (!held.ok || !drawn.ok) return original;
  const replaced = large.filter(([name, old]) => !isEqual(old, drawn.value.get(name)));
  if (replaced.length === 0) return original;
  if (truth?.from !== 'reference-model') {
    const now = await again(lab, piece, { specimen: randomised }, truth);
    return now !== null && isSame(piece.failure, now.failure)
      ? { piece: now, weights: replaced.length === large.length ? 'random' : 'partly' }
      : original;
  }
  const edits = await shared(lab, piece, replaced, drawn.value);
  if (edits === null || edits.own.length === 0 || piece.reference === null) return original;
  const specimen = await lab.edit(piece.specimen, edits.own, 'random weights');
  const reference = await lab.edit(piece.reference.specimen, edits.reference, 'random weights');
  const now = await again(lab, piece, { specimen, reference }, truth);
  return now !== null && isSame(piece.failure, now.failure)
    ? { piece: now, weights: edits.own.length === large.length ? 'random' : 'partly' }
    : original;
}

const isFloating = ({ dtype }: Tensor): boolean => /^b?float/.test(dtype);

/** The same number for the same weight on both sides, under whatever name it stands there. */
async function shared(
  lab: Lab,
  { reference }: Piece,
  replaced: readonly (readonly [string, Tensor])[],
  drawn: NamedTensors,
): Promise<{ own: ModelEdit[]; reference: ModelEdit[] } | null> {
  const theirs = reference === null ? null : await lab.constants(reference.specimen);
  if (theirs?.ok !== true) return null;
  const edits: { own: ModelEdit[]; reference: ModelEdit[] } = { own: [], reference: [] };
  const done = new Set<string>();
  for (const [tensor, old] of replaced) {
    const value = drawn.get(tensor);
    const equal = [...theirs.value].filter(([name, other]) => !done.has(name) && isEqual(old, other));
    if (value === undefined || equal.length === 0) continue;
    edits.own.push({ edit: 'constant', tensor, value });
    for (const [name] of equal) {
      done.add(name);
      edits.reference.push({ edit: 'constant', tensor: name, value });
    }
  }
  return edits;
}

const isEqual = (a: Tensor, b: Tensor | undefined): boolean =>
  b !== undefined &&
  a.dtype === b.dtype &&
  a.shape.length === b.shape.length &&
  a.shape.every((size, i) => size === b.shape[i]) &&
  Buffer.compare(a.data, b.data) === 0;
