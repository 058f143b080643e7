import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Fitness, judgeFitness } from '../../compare/fitness/fitness.ts';
import type { Repeat } from '../../compare/fitness/repeats.ts';
import type { FitnessSide } from '../../compare/fitness/side.ts';
import { toFailure } from '../../core/errors.ts';
import { makeFinding, type RawFinding } from '../../core/findings.ts';
import { randomOperators } from '../../formats/onnx/random-operators.ts';
import type { Artifact } from '../../records/artifact.ts';
import type { Observation, SampleRun } from '../../records/observation.ts';
import type { Sample } from '../../records/sample.ts';
import type { StepResult } from '../step.ts';
import { againId, type Probing, rowId } from './probing.ts';
import type { Watched } from './watched.ts';

/** Whether both sides are fit, from what was observed of them. Starts nothing. */
export function fitnessOf(
  reference: Watched,
  candidate: Watched,
  probing: Probing,
  artifact: Artifact | undefined,
  isSequence: boolean,
): Fitness {
  const { findings, ...fitness } = judgeFitness({
    reference: sideOf(reference, probing),
    candidate: sideOf(candidate, probing),
    batchRanges: artifact?.precision === 'dynamic-range',
    isSequence,
  });
  return { ...fitness, findings: [...findings, ...unchecked(reference), ...unchecked(candidate)] };
}

function sideOf({ observation, fresh, request }: Watched, probing: Probing): FitnessSide {
  const repeats = probing.repeated.flatMap((sample) => [
    ...repeat(sample, observation, 'run', observation, probeOf(observation.value, againId(sample))),
    ...(fresh === null || 'error' in fresh
      ? []
      : repeat(sample, observation, 'process', fresh.result, runOf(fresh.result.value, sample.id))),
  ]);
  return {
    facts: observation.value.facts,
    contract: observation.value.contract,
    repeats,
    rows: rowsOf(observation, probing),
    random: randomOf(request.model),
  };
}

function repeat(
  sample: Sample,
  first: StepResult<Observation>,
  differs: Repeat['differs'],
  second: StepResult<Observation>,
  run: SampleRun | undefined,
): Repeat[] {
  const file = runOf(first.value, sample.id)?.file;
  if (file === undefined || run === undefined) return [];
  if (run.file === undefined && run.failure === undefined) return [];
  const other = run.file === undefined ? run.failure : resolve(second.dir, run.file);
  return other === undefined ? [] : [{ sample: sample.id, differs, first: resolve(first.dir, file), second: other }];
}

function rowsOf({ value, dir }: StepResult<Observation>, { rows, probes }: Probing): FitnessSide['rows'] {
  const file = rows === null ? undefined : runOf(value, rows.id)?.file;
  if (rows === null || file === undefined) return null;
  const count = probes.filter(({ row }) => row !== null).length;
  const alone = Array.from({ length: count }, (_, row) => {
    const own = probeOf(value, rowId(rows, row))?.file;
    return own === undefined ? null : join(dir, own);
  });
  return { sample: rows.id, whole: resolve(dir, file), alone };
}

const runOf = ({ samples }: Observation, id: string): SampleRun | undefined => samples.find((r) => r.sample === id);
const probeOf = ({ probes = [] }: Observation, id: string): SampleRun | undefined =>
  probes.find((r) => r.sample === id);

/** A graph with its weights inside is read whole: beyond this it costs more than it tells. */
const MAX_BYTES = 1024 ** 3;

/** Random operators of an ONNX graph; of other formats the runs must tell. A file that cannot be read has failed elsewhere. */
function randomOf({ ref }: Watched['request']['model']): FitnessSide['random'] {
  if (ref.format !== 'onnx' || statSync(ref.path).size > MAX_BYTES) return [];
  // What may or may not train while it runs is for the runs to show.
  return randomOperators(ref.path)
    .filter(({ certain }) => certain === 'always')
    .map(({ node, operator, seeded }) => ({ node, opType: operator, seeded }));
}

/** A check that could not be made is told: its silence would say that all is well. */
function unchecked({ fresh, request }: Watched): RawFinding[] {
  if (fresh === null || !('error' in fresh)) return [];
  return [makeFinding('fitness-unchecked', request.role, { message: toFailure(fresh.error).message })];
}
