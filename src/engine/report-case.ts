import { OnparError, toFailure } from '../core/errors.ts';
import { makeFinding, type RawFinding, sentence } from '../core/findings.ts';
import { displayPath } from '../core/paths.ts';
import type { Conversion, ModelSource } from '../plan/conversion.ts';
import type { Finding } from '../records/finding.ts';
import type { Observation } from '../records/observation.ts';
import type { ReportCase, ReportSample, Side } from '../records/report.ts';
import type { Verdict } from '../records/verdict.ts';
import { chainFindings, chainRecord, type EarlierLinks } from './chain.ts';
import type { ConversionTrace } from './conversion/trace.ts';

/** Failures of the place rather than of the model: they end with exit code 3 when nothing else ran, and no `expect` excuses them. */
const ENVIRONMENT_CODES: ReadonlySet<string> = new Set([
  'python-missing',
  'uv-missing',
  'toolchain-install-failed',
  'disk-full',
  'package-missing',
  'versions-incompatible',
  'worker-start-failed',
  'runtime-unavailable',
  'served-unreachable',
]);

/** Whether an error is one of the place rather than of the model. */
export const isEnvironmentCode = (error: unknown): boolean =>
  error instanceof OnparError && ENVIRONMENT_CODES.has(error.code);

export const isEnvironmentFailure = (reportCase: ReportCase): boolean =>
  reportCase.findings.some((f) => f.severity === 'error' && ENVIRONMENT_CODES.has(f.code));

export interface CaseContext {
  readonly suiteRoot: string;
  readonly today: string;
  readonly rerun: readonly { readonly title: string; readonly command: string }[];
  /** Of a chain: what became of the links before this one. */
  readonly links?: EarlierLinks;
}

/** One line of the report from what a conversion left behind. */
export function reportCase(conversion: Conversion, trace: ConversionTrace, context: CaseContext): ReportCase {
  const findings = [...trace.findings, ...(trace.comparison?.findings ?? [])];
  const failure = trace.failure === null ? null : { side: trace.failure.side, ...toFailure(trace.failure.error) };
  if (failure !== null)
    findings.push({
      code: failure.code,
      severity: 'error',
      where: failure.side,
      args: { message: failure.message, fix: failure.fix ?? null },
    });
  const verdict = verdictOf(conversion, trace);
  const links = context.links ?? [];
  findings.push(...chainFindings(conversion, verdict, links));
  const expected = expectation(conversion, verdict, findings, context.today, failure?.code);
  const comparison = trace.comparison;
  return {
    id: conversion.id,
    case: conversion.case.id,
    tags: [...conversion.tags],
    optional: conversion.optional,
    reference: referenceSide(conversion, trace, context),
    candidate: candidateSide(conversion, trace, context),
    verdict,
    grade: comparison?.grade ?? null,
    ...chainRecord(conversion, { verdict, grade: comparison?.grade ?? null }, links),
    ...(expected === undefined ? {} : { expected }),
    findings: unique(findings).map(withSentence),
    contract: comparison?.contract ?? [],
    outputs: comparison?.outputs ?? [],
    samples: trace.samples.map((s): ReportSample => {
      const compared = comparison?.samples.find((c) => c.id === s.id);
      const refused = trace.refused.find((r) => r.sample === s.id);
      return {
        id: s.id,
        generator: s.generator,
        shape: s.inputs.map((i) => i.shape),
        inputs: s.inputs,
        digest: s.digest,
        seed: s.seed,
        ...(s.group === undefined ? {} : { group: s.group }),
        verdict: compared?.verdict ?? (verdict === 'skipped' || refused !== undefined ? 'skipped' : 'error'),
        ...(compared?.failure === undefined ? {} : { failure: compared.failure }),
      };
    }),
    ...(trace.coverage === null ? {} : { coverage: trace.coverage }),
    diagnoses: [...(trace.investigation?.diagnoses ?? [])],
    firstDivergence: trace.investigation?.firstDivergence ?? null,
    ...(trace.investigation === null ? {} : { investigation: trace.investigation.investigation }),
    artifact: artifactOf(trace),
    reproduce: [...context.rerun],
    tensors: null,
    steps: { ...trace.steps },
  };
}

function verdictOf(conversion: Conversion, { failure, comparison }: ConversionTrace): Verdict {
  if (comparison !== null) return comparison.verdict;
  // Only what is missing on this machine may be skipped; a model that fails to load is an error wherever it runs.
  const unavailable = isEnvironmentCode(failure?.error);
  return unavailable && conversion.optional ? 'skipped' : 'error';
}

function expectation(
  conversion: Conversion,
  verdict: Verdict,
  findings: RawFinding[],
  today: string,
  failureCode: string | undefined,
): ReportCase['expected'] {
  const { expect } = conversion.convert;
  if (expect === null) return undefined;
  // A failure expected of a chain is one of its end: a link that still holds keeps no promise from being kept.
  const isEnd = conversion.chain === undefined || conversion.chain.link === conversion.chain.labels.length;
  if (!isEnd && verdict === 'pass') return undefined;
  const expired = expect.until !== undefined && today > expect.until;
  const failed =
    verdict === 'fail' ||
    verdict === 'unverifiable' ||
    (verdict === 'error' && !ENVIRONMENT_CODES.has(failureCode ?? ''));
  if (verdict === 'pass') findings.push(makeFinding('expected-failure-passed', conversion.id, { reason: expect.fail }));
  if (failed && expired)
    findings.push(makeFinding('expected-failure-expired', conversion.id, { reason: expect.fail, until: expect.until }));
  return {
    reason: expect.fail,
    ...(expect.until === undefined ? {} : { until: expect.until }),
    met: failed && !expired,
  };
}

/** One fact is told once, however many steps noticed it. */
function unique(findings: readonly RawFinding[]): RawFinding[] {
  const seen = new Set<string>();
  return findings.filter((f) => {
    const key = JSON.stringify([f.code, f.where, f.args]);
    return !seen.has(key) && seen.add(key) !== undefined;
  });
}

const withSentence = (f: RawFinding): Finding => ({ ...f, args: { ...f.args }, message: sentence(f) });

function observed(
  observation: Observation | undefined,
): Pick<
  Side,
  'runtimeVersion' | 'packages' | 'facts' | 'openMilliseconds' | 'runMilliseconds' | 'peakMemoryBytes' | 'log'
> {
  return {
    runtimeVersion: observation?.version ?? null,
    packages: observation?.packages ?? {},
    facts: observation?.facts ?? {},
    openMilliseconds: observation?.openMilliseconds ?? null,
    runMilliseconds: observation === undefined ? null : observation.samples.reduce((sum, s) => sum + s.milliseconds, 0),
    peakMemoryBytes: observation?.peakMemoryBytes ?? null,
    log: observation?.log ?? '',
  };
}

function failureOn(side: 'reference' | 'candidate', { failure }: ConversionTrace): Pick<Side, 'failure'> {
  if (failure === null || failure.side !== side) return {};
  const { code, message, fix, detail } = toFailure(failure.error);
  return {
    failure: { code, message, ...(fix === undefined ? {} : { fix }), ...(detail === undefined ? {} : { detail }) },
  };
}

const shownPath = ({ format, path }: ModelSource, root: string): string =>
  format === 'served' ? path : displayPath(path, root);

function referenceSide(conversion: Conversion, trace: ConversionTrace, { suiteRoot }: CaseContext): Side {
  const { source, reference } = conversion;
  return {
    format: source.format,
    path: `${shownPath(source, suiteRoot)}${source.callable === undefined ? '' : `:${source.callable}`}`,
    digest: trace.digests.reference,
    exporter: null,
    exporterVersion: null,
    exporterOptions: {},
    runtime: reference.runtime.name,
    options: { ...reference.options },
    environment: trace.environments.reference ?? reference.runtime.toolchain,
    ...observed(trace.reference?.value),
    ...failureOn('reference', trace),
  };
}

function candidateSide(conversion: Conversion, trace: ConversionTrace, { suiteRoot }: CaseContext): Side {
  const { candidate, exporter, existing } = conversion;
  const artifact = trace.artifact?.value;
  const name = exporter === null ? null : 'command' in exporter ? (exporter.name ?? 'command') : exporter.name;
  return {
    format: candidate.format,
    path: existing !== null ? shownPath(existing, suiteRoot) : (artifact?.path ?? ''),
    digest: artifact?.digest ?? trace.digests.candidate,
    exporter: name,
    exporterVersion: artifact?.exporterVersion ?? null,
    exporterOptions: { ...conversion.convert.options },
    runtime: candidate.runtime.name,
    options: { ...candidate.options },
    environment: trace.environments.candidate ?? candidate.runtime.toolchain,
    ...observed(trace.candidate?.value),
    ...failureOn('candidate', trace),
  };
}

function artifactOf({ artifact }: ConversionTrace): ReportCase['artifact'] {
  if (artifact === null) return null;
  const { format, path, digest, bytes, facts, milliseconds, log, precision, declared } = artifact.value;
  return { format, path, digest, bytes, facts, milliseconds, log, precision, declared };
}
