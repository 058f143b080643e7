import { resolve } from 'node:path';
import { makeFinding, type RawFinding } from '../core/findings.ts';
import type { FailureRecord } from '../records/finding.ts';
import type { SampleRun } from '../records/observation.ts';
import { openTensorFile } from '../tensor/stored.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import type { ComparedSide, CompareInput } from './input.ts';

/** A sample that both sides ran. Tensors are read when they are needed, one sample at a time. */
export interface RunSample {
  readonly id: string;
  readonly load: () => { readonly reference: NamedTensors; readonly candidate: NamedTensors };
}

export interface Accounts {
  readonly run: readonly RunSample[];
  /** Why the other samples were not compared, by id. */
  readonly failures: ReadonlyMap<string, { readonly by: 'reference' | 'candidate'; readonly failure: FailureRecord }>;
  readonly findings: readonly RawFinding[];
}

/**
 * Which planned samples can be compared. A sample that the reference cannot run judges nobody; one that only the
 * candidate cannot run is a fault of the candidate.
 */
export function accountFor({ reference, candidate, samples }: CompareInput): Accounts {
  const run: RunSample[] = [];
  const failures = new Map<string, { by: 'reference' | 'candidate'; failure: FailureRecord }>();
  const referenceRuns = runsOf(reference);
  const candidateRuns = runsOf(candidate);
  for (const { id } of samples) {
    const r = resultOf(id, referenceRuns, reference);
    const c = resultOf(id, candidateRuns, candidate);
    if (typeof r !== 'string') failures.set(id, { by: 'reference', failure: r });
    else if (typeof c !== 'string') failures.set(id, { by: 'candidate', failure: c });
    else run.push({ id, load: () => ({ reference: open(r), candidate: open(c) }) });
  }
  return { run, failures, findings: failureFindings(failures) };
}

/** Large tensors stay in the file; whoever recorded them has seen their checksums. */
const open = (path: string): NamedTensors => openTensorFile(path, { verify: false });

const runsOf = ({ observation }: ComparedSide): ReadonlyMap<string, SampleRun> =>
  new Map(observation.samples.map((run) => [run.sample, run]));

/** The file with the outputs, or why there is none. */
function resultOf(
  id: string,
  runs: ReadonlyMap<string, SampleRun>,
  { dir, observation }: ComparedSide,
): string | FailureRecord {
  const run = runs.get(id);
  if (run?.failure !== undefined) return run.failure;
  // Recorded tensors that are large stay where the user has them: an absolute path.
  if (run?.file !== undefined) return resolve(dir, run.file);
  return { code: 'sample-not-run', message: `${observation.runtime} left no outputs for it` };
}

/** One finding a side and message: thirty samples that fail alike are one fact. */
function failureFindings(failures: Accounts['failures']): RawFinding[] {
  const groups = new Map<string, { by: 'reference' | 'candidate'; failure: FailureRecord; samples: string[] }>();
  for (const [id, { by, failure }] of failures) {
    const key = JSON.stringify([by, failure.code, failure.message]);
    const group = groups.get(key) ?? { by, failure, samples: [] };
    group.samples.push(id);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ by, failure, samples }) => {
    const args = { sample: samples[0], count: samples.length, samples, ...failure };
    // Not run is not the same as failed: it proves nothing against the candidate.
    return makeFinding(failure.code === 'sample-not-run' ? 'sample-not-run' : `${by}-failed`, by, args);
  });
}

/** `compared` counts samples of which at least one output with elements was compared. */
export function countFindings(compared: number, planned: number): RawFinding[] {
  if (compared === 0) return [makeFinding('no-sample-compared', 'samples', { planned })];
  return compared < planned ? [makeFinding('fewer-samples', 'samples', { compared, planned })] : [];
}

/** A reference that fails every planned sample could not be observed at all: that is an error, not a doubt. */
export const referenceNeverRan = ({ run, failures }: Accounts): boolean =>
  run.length === 0 &&
  failures.size > 0 &&
  [...failures.values()].every((f) => f.by === 'reference' && f.failure.code !== 'sample-not-run');
