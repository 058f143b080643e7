import type { ImageChoice } from '../records/images.ts';
import type { JudgementRule } from '../records/rules.ts';
import type { Case, SampleChoice, Suite } from './suite.ts';

/** What command-line options change in every case of a suite, ad hoc or from a file. */
export interface Overrides {
  readonly seed?: number | undefined;
  /** `--inputs`: the user's data; alone it replaces the portfolio. */
  readonly files: readonly string[];
  /** `--inputs` with pictures. */
  readonly images: readonly ImageChoice[];
  /** `--samples N` */
  readonly samples?: number | undefined;
  /** `--special` */
  readonly special?: boolean | undefined;
  readonly dims: Readonly<Record<string, readonly number[]>>;
  readonly ranges: Readonly<Record<string, readonly [number, number]>>;
  readonly tolerances: Readonly<Record<string, JudgementRule>>;
  readonly mapOutputs: Readonly<Record<string, string>>;
  /** `--deep`, `--no-deep` */
  readonly deep?: boolean | undefined;
  readonly referenceRuntime?: string | undefined;
  readonly runtimes: readonly string[];
  readonly python?: string | undefined;
  readonly trust?: boolean | undefined;
  readonly network?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
}

/** The suite as the command line wants it. */
export function applyOverrides(suite: Suite, overrides: Overrides): Suite {
  const given = Object.keys(overrides.tolerances).length > 0;
  return {
    ...suite,
    seed: overrides.seed ?? suite.seed,
    rulesFrom: given ? 'command line' : suite.rulesFrom,
    deep: overrides.deep ?? suite.deep,
    cases: suite.cases.map((c) => overrideCase(c, overrides, suite.cases.length > 1)),
  };
}

function overrideCase(c: Case, o: Overrides, isOneOfMany: boolean): Case {
  const inputs = { ...c.inputs };
  for (const [name, range] of Object.entries(o.ranges)) inputs[name] = { ...inputs[name], range: [range[0], range[1]] };
  const given = Object.keys(o.tolerances).length > 0;
  return {
    ...c,
    inputs,
    dims: { ...c.dims, ...o.dims },
    loose: isOneOfMany
      ? [...Object.keys(o.ranges), ...Object.keys(o.dims)].filter(
          (name) => c.inputs[name] === undefined && c.dims[name] === undefined,
        )
      : [],
    samples: chosen(c.samples, o),
    reference: { ...c.reference, runtime: o.referenceRuntime ?? c.reference.runtime },
    python: o.python ?? c.python,
    trust: o.trust ?? c.trust,
    network: o.network ?? c.network,
    timeoutMs: o.timeoutMs ?? c.timeoutMs,
    conversions: c.conversions.map((v) => ({
      ...v,
      tolerances: given ? o.tolerances : v.tolerances,
      mapOutputs: { ...v.mapOutputs, ...o.mapOutputs },
      runs: o.runtimes.length > 0 ? o.runtimes.map((runtime) => ({ runtime, options: {}, optional: false })) : v.runs,
      samples: v.samples === null ? null : chosen(v.samples, o),
    })),
  };
}

function chosen(own: SampleChoice, { files, images, samples, special = own.special }: Overrides): SampleChoice {
  if (files.length === 0 && images.length === 0) return { ...own, special, portfolio: samples ?? own.portfolio };
  return { files, images, special, portfolio: samples ?? 0 };
}
