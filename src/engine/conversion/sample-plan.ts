import { digestFile } from '../../core/hash.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { ImageSet } from '../../records/images.ts';
import type { InputPlan, JudgementRule, SamplePlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import type { StepResult } from '../step.ts';

/** What the sample stage is asked for. */
export function samplePlan(
  conversion: Conversion,
  inputs: readonly InputPlan[],
  seed: number,
  images: readonly ImageSet[] = [],
): SamplePlan {
  const { samples, case: c } = conversion;
  return {
    inputs: [...inputs],
    portfolio: samples.portfolio,
    files: samples.files.map((path) => ({ path, digest: digestFile(path) })),
    images: [...images],
    special: samples.special,
    labels: [...new Set([...c.labels, ...c.conversions.flatMap((v) => gateLabels(v.tolerances))])],
    dims: Object.fromEntries(Object.entries(c.dims).map(([name, sizes]) => [name, [...sizes]])),
    seed,
    ...(c.state === null ? {} : { sequence: c.state }),
  };
}

/** A step in the middle of a sequence: small, and past the sizes 0 and 1 that exporters take for constants. */
const MIDDLE = 3;

/** One run of the model by itself: what an exporter traces with where a sample is a sequence of steps. */
export function oneStep({ sequence, ...plan }: SamplePlan): SamplePlan {
  if (sequence === undefined) return plan;
  const sizes = Object.entries(sequence.grow).map(
    ([dim, { from, by }]) => [dim, [from + by * MIDDLE]] as [string, number[]],
  );
  return { ...plan, files: [], images: [], special: false, dims: { ...plan.dims, ...Object.fromEntries(sizes) } };
}

/** Labels that a gate of accuracy asks for. Those of all conversions of a case, so that they share its samples. */
const gateLabels = (rules: Readonly<Record<string, JudgementRule>>): string[] =>
  Object.values(rules).flatMap((rule) =>
    rule.kind === 'gate' && rule.gate.name === 'accuracy' ? [rule.gate.labels] : [],
  );

/** The sample that an exporter traces with. */
export interface Example {
  readonly sample: Sample;
  readonly dir: string;
}

/** Formats that exporters run once to see what they do; code is traced too. */
const TRACED: readonly string[] = ['torchscript', 'huggingface'];

/** Null where the exporter needs none. */
export function tracingExample(
  { source }: Conversion,
  set: StepResult<{ readonly samples: readonly Sample[] }>,
): Example | null {
  const sample =
    source.callable !== undefined || TRACED.includes(source.format) ? exampleSample(set.value.samples) : undefined;
  return sample === undefined ? null : { sample, dir: set.dir };
}

/** Generators whose values look like data, at base sizes (no `[batch=1]`): what tracing should see. */
const exampleSample = (samples: readonly Sample[]): Sample | undefined =>
  samples.find((s) => ['normal', 'uniform'].includes(s.generator) && !s.id.includes('[')) ??
  samples.find((s) => !s.id.includes('[')) ??
  samples[0];
