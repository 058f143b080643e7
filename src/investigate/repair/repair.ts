import type { Lab } from '../lab.ts';
import type { Notebook } from '../notebook.ts';

/**
 * Writes the mended candidate, where experiments proved causes whose mend is mechanical: all their edits together, then
 * fewer, judged by a whole comparison. Only a copy that passes is kept; the artifact itself is never touched.
 */
export async function repair(lab: Lab, notebook: Notebook): Promise<void> {
  const { candidate } = lab;
  const mends = notebook.mends.filter(({ mend, explained }) => mend !== undefined && explained >= PROVEN);
  if (candidate === null || mends.length === 0 || !lab.canEdit(candidate)) return;
  lab.say('mending a copy');
  const edits = mends.flatMap(({ mend }) => mend ?? []);
  const about = mends.map(({ code, where }) => `${where} (${code})`).join(', ');
  try {
    const mended = await lab.edit(candidate, edits, `mended: ${about}`);
    const { verdict, codes } = await lab.judge(mended);
    if (verdict === 'pass') lab.keep(mended, { kind: 'repair', about: `passes with ${about} mended` });
    else notebook.note(`a copy with ${about} mended does not pass yet: ${codes.join(', ') || verdict}`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'edit-impossible') throw error;
    notebook.note(`no copy could be mended: ${(error as Error).message}`);
  }
}

/** Less than this share of the error explained is no proof. */
const PROVEN = 0.9;
