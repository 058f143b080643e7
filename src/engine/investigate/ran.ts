import { join } from 'node:path';
import type { Ran } from '../../investigate/lab.ts';
import type { Observation } from '../../records/observation.ts';
import { LazyTensors } from '../../tensor/lazy.ts';
import type { StepResult } from '../step.ts';

/** A model that did not run. */
export type Failed = Extract<Ran, { ok: false }>;

/** A run whose intermediate values can be joined with those of another. */
export type Answered = Extract<Ran, { ok: true }> & { readonly taps: LazyTensors; readonly outputs: LazyTensors };

/** The answer of one sample's observation; `inFile` are tensors that a copy of the model gave out as further outputs. */
export function ranOf({ dir, value }: StepResult<Observation>, inFile: readonly string[]): Answered | Failed {
  const [run] = value.samples;
  if (run?.file === undefined) {
    const { code, message } = run?.failure ?? { code: 'run-failed', message: 'it did not run' };
    return { ok: false, code, message };
  }
  const answered = LazyTensors.in(join(dir, run.file));
  const { tapped } = run;
  const names = new Set(inFile);
  return {
    ok: true,
    outputs: answered.filter((name) => !names.has(name)),
    taps: tapped === undefined ? answered.filter((name) => names.has(name)) : LazyTensors.in(join(dir, tapped.file)),
    untapped: tapped?.missing ?? [],
    apart: tapped?.apart ?? [],
    milliseconds: run.milliseconds,
  };
}

/** Tensors of a group that failed. */
export const unread = (group: readonly string[], reason: string) => group.map((name) => ({ name, reason }));

/** One answer out of those to two groups of tensors. */
export const joined = (a: Answered, b: Answered): Answered => ({
  ok: true,
  outputs: a.outputs,
  taps: a.taps.with(b.taps),
  untapped: [...a.untapped, ...b.untapped],
  apart: [...a.apart, ...b.apart],
  milliseconds: a.milliseconds + b.milliseconds,
});
