import type { ModelEdit } from '../../../records/edit.ts';
import type { NamedTensors, Tensor } from '../../../tensor/tensor.ts';
import { type Bench, counterpart, errorOf, type Outcome } from '../../experiment.ts';
import { explainedShare } from '../../measure.ts';
import type { Question } from '../../scene.ts';
import type { Sides } from './revert.ts';

/**
 * Edits the whole candidate, cuts the piece of `bench` out of what became of it, and feeds it with the reference's values,
 * those of tensors that only the edits read included. Null: it cannot be done.
 */
export async function inPlace(
  question: Question,
  bench: Bench,
  sides: Sides,
  edits: readonly ModelEdit[],
): Promise<Outcome | null> {
  const { lab, candidate, tolerance } = question.scene;
  if (candidate === null || typeof bench.how.sample === 'string') return null;
  const outputs = [...bench.expected.keys()];
  const feeds = new Map<string, Tensor>(bench.how.sample as NamedTensors);
  for (const tensor of edits.flatMap((edit) => read(edit, sides))) {
    if (feeds.has(tensor) || outputs.includes(tensor) || sides.candidate.isConstant(tensor)) continue;
    const value = counterpart(question, tensor);
    if (value === undefined) return null;
    feeds.set(tensor, value);
  }
  const label = 'as in the reference';
  try {
    const edited = await lab.edit(candidate.specimen, edits, label);
    const piece = await lab.cut(edited, { inputs: [...feeds.keys()], outputs });
    const after = errorOf(await lab.run(piece, { ...bench.how, sample: feeds, label }), bench.expected);
    return { before: bench.before, after, explained: explainedShare(bench.before, after, tolerance) };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'edit-impossible') return null;
    throw error;
  }
}

/** Tensors of the candidate that an edit makes something read. */
function read(edit: ModelEdit, { candidate }: Sides): string[] {
  switch (edit.edit) {
    case 'operand':
      return typeof edit.value === 'string' ? [edit.value] : [];
    case 'insert':
    case 'insert-before':
      return (edit.operands ?? []).filter((operand) => typeof operand === 'string');
    case 'transplant':
      return Object.values(edit.inputs);
    case 'bypass': {
      const tensor = candidate.node(edit.node)?.inputs[edit.index];
      return tensor === undefined || tensor === '' ? [] : [tensor];
    }
    default:
      return [];
  }
}
