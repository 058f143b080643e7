import type { Lab, Specimen } from '../lab.ts';
import type { Evidence } from '../scene.ts';

/** What came of mending: a copy that passes, or a lab about what is left. */
export interface Mended {
  readonly passes: boolean;
  readonly specimen: Specimen;
  readonly rest: Lab | null;
  /** Codes that still fail it. */
  readonly codes: readonly string[];
}

/**
 * A copy of the candidate with the mends of causes that experiments proved, judged by a whole comparison; the candidate
 * itself is never touched. Null: nothing mechanical was proven, or the edits do not apply together.
 */
export async function mend(lab: Lab, causes: readonly Evidence[]): Promise<Mended | null> {
  const { candidate } = lab;
  const proven = causes.filter(({ mend: edits, explained }) => edits !== undefined && explained >= PROVEN);
  if (candidate === null || proven.length === 0 || !lab.canEdit(candidate)) return null;
  lab.say('mending a copy');
  try {
    const edits = proven.flatMap((cause) => cause.mend ?? []);
    const specimen = await lab.edit(candidate, edits, `mended: ${proven.map(({ where }) => where).join(', ')}`);
    const { verdict, codes, rest } = await lab.judge(specimen);
    return { passes: verdict === 'pass', specimen, rest, codes };
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'edit-impossible') throw error;
    return null;
  }
}

/** Less than this share of the error explained is no proof. */
const PROVEN = 0.9;
