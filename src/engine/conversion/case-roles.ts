import { digestJson } from '../../core/hash.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { ExporterInfo } from '../../records/catalogue.ts';
import type { InputPlan } from '../../records/rules.ts';
import { catalogue } from '../catalogue.ts';
import type { RunContext } from '../context.ts';
import { wantsRoles, withReadRoles } from '../input-roles.ts';
import { existingCandidate, type KeyedModel, keyedArtifact } from '../model-key.ts';
import { exportModel } from '../steps/export.ts';
import { makeSamples } from '../steps/sample.ts';
import { type Example, oneStep, samplePlan, tracingExample } from './sample-plan.ts';
import type { Trace } from './trace.ts';

export interface CaseInputs {
  readonly inputs: InputPlan[];
  /** What this conversion's own export was traced with already, so that the same step serves it; null: not exported yet. */
  readonly example: Example | null;
}

/**
 * What inputs mean belongs to the case, not to one of its targets: all of them are fed the same samples, and the reference
 * runs once. So the graphs of all conversions of the case are asked in the same order, whichever conversion is run: the
 * source, the existing candidates, and, where integers are still open, the ONNX exports. Code says nothing about which
 * integers are legal, the graph that is made of it does; so such an export comes first, traced with one sample of assumed
 * values. One that fails tells nothing, and fails again, by the same step, where its failure is recorded.
 */
export async function caseInputs(
  ctx: RunContext,
  conversion: Conversion,
  { source, inputs, seed }: { readonly source: KeyedModel; readonly inputs: InputPlan[]; readonly seed: number },
  trace: Trace,
): Promise<CaseInputs> {
  const family = ctx.siblingsOf(conversion);
  // Only those are digested that have a graph to read.
  const existing = family.flatMap((each) =>
    each.existing?.format === 'onnx' ? [existingCandidate(each, each.existing)] : [],
  );
  let known = await withReadRoles(ctx, conversion, inputs, [source, ...existing]);
  if (conversion.samples.portfolio === 0 || !wantsRoles(known)) return { inputs: known, example: null };
  const first = trace.count(
    await makeSamples(ctx, conversion.id, {
      ...oneStep(samplePlan(conversion, known, seed)),
      portfolio: 1,
      special: false,
      files: [],
    }),
  );
  const example = tracingExample(conversion, first);
  const traced = known;
  let isOwn = false;
  for (const exporting of onnxExports(conversion, family)) {
    if (!wantsRoles(known)) break;
    isOwn ||= exportKey(exporting) === exportKey(conversion.chain?.earlier[0] ?? conversion);
    try {
      const artifact = await exportModel(ctx, exporting, { model: source, inputs: traced, example });
      known = await withReadRoles(ctx, conversion, known, [keyedArtifact(exporting, artifact.value, artifact.dir)]);
    } catch {
      // The next one may tell.
    }
  }
  return { inputs: known, example: isOwn ? example : null };
}

/** Two conversions with the same one share their artifact. */
const exportKey = ({ exporter, convert }: Conversion): string => digestJson([exporter, convert.to, convert.options]);

/** Every distinct ONNX export of the case; where it has none, one that is made only to be read. */
function onnxExports(conversion: Conversion, family: readonly Conversion[]): Conversion[] {
  // Of a chain only the first link is exported from the source.
  const exports = family.filter(
    ({ exporter, candidate, chain }) => exporter !== null && candidate.format === 'onnx' && !chain?.earlier.length,
  );
  const distinct = exports.filter((each, i) => exports.findIndex((e) => exportKey(e) === exportKey(each)) === i);
  if (distinct.length > 0 || family.some(({ existing }) => existing?.format === 'onnx')) return distinct;
  const reader = readingExporter(conversion);
  return reader === null
    ? []
    : [{ ...unchained(conversion), exporter: reader, convert: { ...conversion.convert, to: 'onnx', options: {} } }];
}

const unchained = ({ chain: _, ...alone }: Conversion): Conversion => alone;

/** The default way to ONNX in the toolchain that opens the source anyway: nothing is installed only for reading. */
function readingExporter({ source, reference }: Conversion): ExporterInfo | null {
  const ways = catalogue().exporters.filter(
    ({ from, to, toolchain }) =>
      from.includes(source.format) && to === 'onnx' && toolchain === reference.runtime.toolchain,
  );
  return ways.find(({ isDefault }) => isDefault) ?? ways[0] ?? null;
}
