import type { Divergence } from '../records/investigation.ts';
import { bisect } from './bisect/bisect.ts';
import { diagnose } from './diagnose/diagnose.ts';
import type { Lab } from './lab.ts';
import { localise } from './localize/localise.ts';
import type { Notebook } from './notebook.ts';
import { reduce } from './reduce/reduce.ts';
import { mend } from './repair/repair.ts';
import type { Evidence, Question, Scene } from './scene.ts';
import { NO_WISHES, type Wishes } from './wishes.ts';

/** Rounds of mending one culprit and looking for the next: what one hides on this sample shows on another. */
const ROUNDS = 6;

/**
 * Looks for the cause of a failure: first where it goes wrong, then why, culprit by culprit. A copy with what was proven
 * mended is judged on all samples; where it still fails, what is left is looked into likewise. Everything found is in the
 * notebook at once, so that a budget that ends loses nothing.
 */
export async function investigate(lab: Lab, notebook: Notebook, wishes: Wishes = NO_WISHES): Promise<void> {
  if (lab.candidate === null && lab.facts.failure !== null) {
    notebook.status = 'none';
    notebook.reason = 'there is no candidate to look into; its failure says why';
    return;
  }
  let about: Lab | null = lab;
  let first: Question | null = null;
  for (let round = 0; round < ROUNDS && about !== null; round++) {
    const { question, causes } = await explain(about, notebook);
    first ??= question;
    const mended = await mend(about, causes);
    if (mended === null) break;
    const all = notebook.causes.map(({ code, where }) => `${where} (${code})`).join(', ');
    if (mended.passes) await about.keep(mended.specimen, { kind: 'repair', about: `passes with ${all} mended` });
    else if (mended.rest === null) notebook.note(`a copy with ${all} mended fails: ${mended.codes.join(', ')}`);
    about = mended.rest;
  }
  if (wishes.reduce && first !== null) await reduce(lab, first.scene, first.divergence, notebook);
  await bisect(lab, notebook, wishes);
}

/** What a look found: the causes, and what the first culprit was seen in (null: there is no sample to look at). */
interface Explained {
  readonly question: Question | null;
  readonly causes: readonly Evidence[];
}

/** Place and cause of what a lab is about. */
async function explain(lab: Lab, notebook: Notebook): Promise<Explained> {
  lab.say('looking for the first place that differs');
  const record = notebook.places();
  const { scene, divergences } = await localise(lab, record);
  lab.say('looking for the cause');
  const asked = scene ?? withoutLook(lab);
  let tried = 0;
  const causes: Evidence[] = [];
  for (const divergence of divergences.length === 0 ? [null] : divergences) {
    if (asked === null) break;
    const { evidence, certain, tried: runs, partial } = await diagnose({ scene: asked, divergence });
    tried += runs;
    const [best] = evidence;
    if (best !== undefined) {
      notebook.diagnose(certain ? best : { ...best, args: { ...best.args, partly: true } });
      causes.push(best);
    }
    if (partial) {
      notebook.status = 'partial';
      notebook.reason = 'the time for the investigation is spent';
      break;
    }
  }
  notebook.unknown(whereWords(divergences[0]), tried);
  return { question: asked === null ? null : { scene: asked, divergence: divergences[0] ?? null }, causes };
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
