import type { Divergence, Investigation, TrackedNode } from '../../records/investigation.ts';
import type { Pairing } from '../align/align.ts';
import type { Lab } from '../lab.ts';
import { distance, wrongness } from '../measure.ts';
import type { Scene } from '../scene.ts';
import { culprits } from './culprits.ts';
import { divergenceOf } from './divergence.ts';
import { failingNode } from './failing-node.ts';
import { samplesToTry } from './samples.ts';
import { buildScene, isOpen, type OpenScene, outputErrors, type SceneOrReason } from './scene.ts';
import { trackedNodes } from './tracked.ts';

/** What localisation found so far. */
export interface Localised {
  /** What the divergences were seen in; null: neither side could be looked into. */
  readonly scene: Scene | null;
  readonly divergences: readonly Divergence[];
  readonly tracked: readonly TrackedNode[];
  readonly alignment: Investigation['alignment'];
  readonly samples: readonly string[];
  readonly notes: readonly string[];
}

/** Samples that are tried until something is found. */
const SAMPLES = 3;
/**
 * Share of the error as deployed that float64 must show to be where it comes from. Below it the candidate computes the same
 * function, badly.
 */
const FUNCTION_DIFFERS = 0.1;

/**
 * Finds where the candidate first goes wrong. `onFound` gets what is known each time something is: what was told stays true
 * when the budget is spent (`BudgetSpent` passes through).
 */
export async function localise(lab: Lab, onFound: (found: Localised) => void = () => {}): Promise<Localised> {
  let found: Localised = { scene: null, divergences: [], tracked: [], alignment: null, samples: [], notes: [] };
  const tell = (more: Partial<Localised>) => {
    found = { ...found, ...more };
    onFound(found);
  };
  const note = (text: string) => {
    if (!found.notes.includes(text)) tell({ notes: [...found.notes, text] });
  };
  // Sample and precision → the scene: the choice of a precision has looked at one already.
  const scenes = new Map<string, Promise<SceneOrReason>>();
  const sceneOf: SceneOf = (sample, precision) => {
    const key = `${precision} ${sample}`;
    const made = scenes.get(key) ?? buildScene(lab, sample, precision);
    scenes.set(key, made);
    return made;
  };
  for (const sample of samplesToTry(lab).slice(0, SAMPLES)) {
    tell({ samples: [...found.samples, sample] });
    for (const precision of await precisions(lab, sample, sceneOf, note)) {
      const { scene, reasons, failure } = await sceneOf(sample, precision);
      tell({ scene, alignment: isOpen(scene) ? summaryOf(scene) : { ...NOTHING, reason: reasons.join('; ') || null } });
      for (const reason of reasons) note(reason);
      if (!isOpen(scene)) {
        const failed = failure === null ? undefined : await failingNode(scene, failure);
        if (failed !== undefined) tell({ divergences: [failed] });
      } else {
        for await (const culprit of culprits(scene))
          tell({ divergences: [...found.divergences, divergenceOf(culprit)] });
        if (found.divergences.length > 0) tell({ tracked: await trackedNodes(scene, found.divergences) });
      }
      if (found.divergences.length > 0) return found;
    }
  }
  return found;
}

type SceneOf = (sample: string, precision: Scene['precision']) => Promise<SceneOrReason>;

const NOTHING = { referenceTensors: 0, candidateTensors: 0, matched: {} };

/** In which precision the difference is to be looked for, likelier first. */
async function precisions(
  lab: Lab,
  sample: string,
  sceneOf: SceneOf,
  note: (text: string) => void,
): Promise<Scene['precision'][]> {
  const { reference, candidate } = lab;
  if (reference === null || candidate === null) return ['deployed'];
  if (!lab.hasFloat64(reference) || !lab.hasFloat64(candidate)) {
    note('values are compared as deployed: not both sides can be evaluated in float64');
    return ['deployed'];
  }
  const { scene, failure } = await sceneOf(sample, 'float64');
  if (!isOpen(scene)) return failure === null ? ['deployed'] : ['float64', 'deployed'];
  const error = Math.max(...outputErrors(scene).map((output) => output.error));
  const deployed = observedError(lab, sample);
  if (deployed !== null && error < FUNCTION_DIFFERS * Math.min(1, deployed)) return ['deployed', 'float64'];
  return ['float64', 'deployed'];
}

/** Largest error of the failing outputs as they were judged. Null: they were not. */
function observedError(lab: Lab, sample: string): number | null {
  const { reference, candidate } = lab.observed(sample);
  const { outputs } = lab.facts;
  const asked = outputs.some((o) => o.failed) ? outputs.filter((o) => o.failed) : outputs;
  const errors = asked.flatMap((output) => {
    const [a, b] = [reference?.get(output.reference), candidate?.get(output.candidate)];
    return a === undefined || b === undefined ? [] : [wrongness(distance(a, b))];
  });
  return errors.length === 0 ? null : Math.max(...errors);
}

function summaryOf({ referenceSide, candidateSide, alignment }: OpenScene): Investigation['alignment'] {
  const matched: Record<string, number> = {};
  for (const tensor of referenceSide.flowing) {
    const kind = kindOf(alignment, tensor);
    if (kind !== undefined) matched[kind] = (matched[kind] ?? 0) + 1;
  }
  return {
    referenceTensors: referenceSide.flowing.length,
    candidateTensors: candidateSide.flowing.length,
    matched,
    reason: null,
  };
}

/** How a tensor was paired: by value where values confirm it beyond its place. */
const kindOf = (alignment: Pairing, tensor: string) => alignment.ofReference(tensor)[0]?.by;
