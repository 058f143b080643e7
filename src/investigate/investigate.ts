import type { Divergence } from '../records/investigation.ts';
import { diagnose } from './diagnose/diagnose.ts';
import type { Lab } from './lab.ts';
import { type Localised, localise } from './localize/localise.ts';
import type { Notebook } from './notebook.ts';
import { repair } from './repair/repair.ts';
import type { Scene } from './scene.ts';

/**
 * Looks for the cause of a failure: first where it goes wrong, then why, culprit by culprit. Everything found is in the
 * notebook at once, so that a budget that ends loses nothing.
 */
export async function investigate(lab: Lab, notebook: Notebook): Promise<void> {
  lab.say('looking for the first place that differs');
  const { scene, divergences } = await localise(lab, (found) => write(notebook, found));
  lab.say('looking for the cause');
  const asked = scene ?? withoutLook(lab);
  if (asked === null) return notebook.unknown('the model', 0);
  let tried = 0;
  for (const divergence of divergences.length === 0 ? [null] : divergences) {
    const { evidence, certain, tried: runs, partial } = await diagnose({ scene: asked, divergence });
    tried += runs;
    const [best] = evidence;
    if (best !== undefined && certain) notebook.diagnose(best);
    else if (best !== undefined) notebook.diagnose({ ...best, args: { ...best.args, partly: true } });
    if (partial) {
      notebook.status = 'partial';
      notebook.reason = 'the time for the investigation is spent';
      break;
    }
  }
  notebook.unknown(whereWords(divergences[0]), tried);
  await repair(lab, notebook);
}

/** A scene of which nothing but inputs and answers is known. */
function withoutLook(lab: Lab): Scene | null {
  const [sample] = lab.facts.samples;
  if (sample === undefined) return null;
  return {
    lab,
    sample: sample.id,
    precision: 'deployed',
    how: { sample: sample.id },
    reference: null,
    candidate: null,
    alignment: null,
    tolerance: TOLERANCE,
  };
}

/** As deployed, relative to scale: what float32 rounding leaves of agreement behind a network (facts: healthy pairs reach 1e-4). */
const TOLERANCE = 1e-4;

const whereWords = (divergence: Divergence | undefined): string =>
  divergence === undefined ? 'the model' : `${divergence.reference.opType} ${divergence.reference.node}`;

function write(notebook: Notebook, found: Localised): void {
  notebook.alignment = found.alignment;
  notebook.divergences = [...found.divergences];
  notebook.nodes = [...found.tracked];
  notebook.samples = [...found.samples];
  for (const text of found.notes) notebook.note(text);
}
