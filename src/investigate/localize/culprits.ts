import type { ModelEdit } from '../../records/edit.ts';
import { type Frontier, frontierOf } from './frontier.ts';
import { feedable, localErrors } from './local-error.ts';
import { fixOf, patched } from './patch.ts';
import { type OpenScene, openScene, outputErrors } from './scene.ts';
import { type StatusOf, statuses } from './status.ts';
import { see } from './view.ts';

export interface Culprit extends Frontier {
  readonly scene: OpenScene;
  readonly statusOf: StatusOf;
  readonly local: number | null;
  readonly accumulated: number | null;
  readonly explained: number | null;
}

/** Independent culprits that are looked for. */
const MOST = 8;
/** Tensors that are tried at most: a candidate with noise in every layer has many that part a little. */
const TRIALS = 24;
/** Share of the outputs' error from which a tensor counts as a cause of it. */
const MATTERS = 0.1;
/** Share of the outputs' error that may be left when all is found. */
const LEFT = 0.02;

/**
 * Where the candidate goes wrong, first ones first. Each is put to the test: what it makes of the reference's own values
 * (`local`), and how much of the outputs' error goes when its result is replaced by the reference's (`explained`). Then it
 * stays replaced and what is left is looked for. A tensor that parts without mattering is passed over. Sides that cannot
 * be edited are judged by values alone, with both numbers null.
 */
export async function* culprits(scene: OpenScene): AsyncGenerator<Culprit> {
  const fixes: ModelEdit[] = [];
  const minor: Culprit[] = [];
  const passed = new Set<string>();
  let now = scene;
  let statusOf = statusesOf(now);
  let count = 0;
  for (let trial = 0; trial < TRIALS && count < MOST; trial++) {
    const outputs = wrongOutputs(now);
    const [next, ...others] = frontierOf(now.referenceSide, statusOf, outputs, passed);
    if (next === undefined) break;
    if (!scene.lab.canEdit(scene.candidate.specimen)) {
      for (const each of [next, ...others].slice(0, MOST))
        yield { ...each, ...facts(now, statusOf, each), explained: null };
      return;
    }
    const known = facts(now, statusOf, next);
    const local = await localOf(now, statusOf, next);
    const fix = fixOf(now, next);
    const before = worst(now);
    if (fix === undefined) {
      yield { ...next, ...known, local, explained: null };
      count++;
      passed.add(next.tensor);
      continue;
    }
    const alone = await patched(scene, [fix], `${next.tensor} as the reference has it`);
    const together =
      fixes.length === 0 ? alone : await patched(scene, [...fixes, fix], 'further tensors as the reference has them');
    const gained = together === null ? 0 : 1 - together.after / before;
    const found: Culprit = { ...next, ...known, local, explained: alone?.explained ?? null };
    const madeHere = local === null || local > now.toleranceOf(next.tensor);
    if (together !== null && (together.explained === 1 || gained >= MATTERS || !Number.isFinite(before)) && madeHere) {
      yield found;
      count++;
      fixes.push(fix);
      if (together.explained >= 1 - LEFT) return;
      const seen = await see(scene.lab, together.specimen, scene.how);
      if (!seen.ok) return;
      now = { ...openScene(scene, scene.reference, seen.value), toleranceOf: scene.toleranceOf };
      statusOf = statusesOf(now);
      passed.clear();
      for (const { tensor } of minor.filter((m) => !(m.local !== null && m.local > now.toleranceOf(m.tensor))))
        passed.add(tensor);
      continue;
    }
    if (madeHere) minor.push(found);
    passed.add(next.tensor);
  }
  if (count > 0) return;
  // Nothing mattered by itself: what was made wrong somewhere, first ones first, those that matter least left out.
  const most = Math.max(0, ...minor.map((m) => m.explained ?? 0));
  yield* minor.filter((m) => (m.explained ?? 0) >= most / 2).slice(0, MOST);
}

const statusesOf = (scene: OpenScene): StatusOf => statuses(scene);

const wrongOutputs = (scene: OpenScene): string[] =>
  outputErrors(scene)
    .filter(({ tensor, error }) => !(error <= scene.toleranceOf(tensor)))
    .map(({ tensor }) => tensor);

const worst = (scene: OpenScene): number => Math.max(...outputErrors(scene).map(({ error }) => error));

function facts(scene: OpenScene, statusOf: StatusOf, { tensor }: Frontier) {
  const status = statusOf(tensor);
  return { scene, statusOf, accumulated: status.kind === 'unknown' ? null : status.error, local: null };
}

/** Error that is made here out of the reference's own values. Null: it cannot be measured. */
async function localOf(scene: OpenScene, statusOf: StatusOf, { tensor }: Frontier): Promise<number | null> {
  const status = statusOf(tensor);
  if (status.kind === 'unknown') return null;
  const errors = await localErrors(scene, new Map([[tensor, status.candidate]]), feedable(scene, statusOf));
  return errors.get(tensor) ?? null;
}
