import type { Divergence, Investigation, TrackedNode } from '../../records/investigation.ts';
import type { Pairing } from '../align/align.ts';
import type { Lab } from '../lab.ts';
import type { Scene } from '../scene.ts';
import { coarseGrids } from './coarse-grids.ts';
import { culprits } from './culprits.ts';
import { spoiltByOptimiser } from './disturbed.ts';
import { divergenceOf } from './divergence.ts';
import { failingNode } from './failing-node.ts';
import { observedError } from './observed.ts';
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
  if (lab.facts.findings.some(({ code }) => code === 'candidate-not-deterministic'))
    note(
      'the candidate answers differently each time: what is named first is where its answers of one time part from the reference',
    );
  for (const [sample, precision] of await looks(lab, sceneOf, note)) {
    if (!found.samples.includes(sample)) tell({ samples: [...found.samples, sample] });
    const { scene, reasons, failure, disturbed } = await sceneOf(sample, precision);
    tell({ scene, alignment: isOpen(scene) ? summaryOf(scene) : { ...NOTHING, reason: reasons.join('; ') || null } });
    for (const reason of reasons) note(reason);
    if (!isOpen(scene)) {
      const failed = failure === null ? undefined : await failingNode(scene, failure);
      if (failed !== undefined) tell({ divergences: [failed] });
    } else if (disturbed === true) {
      const spoilt = await spoiltByOptimiser(scene);
      if (spoilt !== undefined) tell({ divergences: [spoilt] });
    } else {
      const grids = await coarseGrids(scene);
      if (grids.length > 0) tell({ divergences: grids });
      else
        for await (const culprit of culprits(scene))
          tell({ divergences: [...found.divergences, divergenceOf(culprit)] });
      if (found.divergences.length > 0) tell({ tracked: await trackedNodes(scene, found.divergences) });
    }
    if (found.divergences.length > 0) return found;
  }
  return found;
}

type SceneOf = (sample: string, precision: Scene['precision']) => Promise<SceneOrReason>;

const NOTHING = { referenceTensors: 0, candidateTensors: 0, matched: {} };

type Look = readonly [sample: string, precision: Scene['precision']];

/**
 * What to look at, likelier first. A sample on which the functions differ comes before one on which only rounding does, or
 * the candidate fails; looking at more of them in float64 costs less than chasing rounding.
 */
async function looks(lab: Lab, sceneOf: SceneOf, note: (text: string) => void): Promise<Look[]> {
  const { reference, candidate } = lab;
  const samples = samplesToTry(lab).slice(0, SAMPLES);
  const deployed = samples.map((sample): Look => [sample, 'deployed']);
  if (reference === null || candidate === null) return deployed;
  if (!lab.hasFloat64(reference) || !lab.hasFloat64(candidate)) {
    note('values are compared as deployed: not both sides can be evaluated in float64');
    return deployed;
  }
  const wide = samples.map((sample): Look => [sample, 'float64']);
  for (const [sample] of wide) {
    const { scene, failure } = await sceneOf(sample, 'float64');
    if (!isOpen(scene)) {
      if (failure !== null) return [[sample, 'float64'], ...deployed];
      continue;
    }
    const error = Math.max(...outputErrors(scene).map((output) => output.error));
    if (error > 0 && error >= FUNCTION_DIFFERS * Math.min(1, observedError(lab, sample) ?? 0))
      return [[sample, 'float64'], ...deployed, ...wide];
  }
  return [...deployed, ...wide];
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
