import { makeFinding, type RawFinding } from '../core/findings.ts';
import type { OutputComparison } from '../records/comparison.ts';
import { type Verdict, worstGrade, worstVerdict } from '../records/verdict.ts';
import { type Accounts, accountFor, countFindings, referenceNeverRan } from './accounting.ts';
import { type ContractComparison, compareContracts } from './contract/contract.ts';
import { contradictions } from './contract/contradicted.ts';
import { checkPairing } from './contract/permutation.ts';
import { failedSide } from './failed-side.ts';
import { judgeGates } from './gates/judge-gates.ts';
import { withGate } from './gates/with-gate.ts';
import type { CompareInput, ConversionComparison } from './input.ts';
import { compareOutputs, finder, type OutputResults, scoresFindings } from './outputs.ts';
import { unfitReference } from './reference.ts';
import { judgeSamples, pickWorst } from './samples.ts';
import { compileRules, type RuleFor, ruleFindings } from './tolerance/rules.ts';
import type { SampleResult } from './values/judge.ts';
import { observedDtype } from './values/observed-dtype.ts';
import { summarise } from './values/output.ts';
import { isStructural, verdictOf } from './verdict.ts';

export type { ComparedSide, CompareInput, ConversionComparison } from './input.ts';

/**
 * What one conversion is worth: contract first, then values, then the accounts (design 6).
 * Throws OnparError `bad-expression` for a tolerance that cannot be evaluated; everything else is a result.
 * Async because the expression engine is loaded only when a rule needs it.
 */
export async function compareConversion(input: CompareInput): Promise<ConversionComparison> {
  const ruleFor = await compileRules(input.rules);
  const unobserved = failedSide(input);
  if (unobserved !== null) return unobserved;

  const accounts = accountFor(input);
  const { contract, results, pairing } = compareTensors(input, accounts, ruleFor);
  const { outputs, findings: outputFindings } = judgeOutputs(input, contract, results, pairing, ruleFor, accounts);
  const unfit = input.fitness?.unfit ?? unfitReference(input.reference.observation);
  const samples = judgeSamples(input.samples, accounts, outputs, unfit !== null);
  const before = [
    ...contract.findings,
    ...contradictions('reference', input.reference.contract, input.reference.observation),
    ...contradictions('candidate', input.candidate.contract, input.candidate.observation),
    ...(input.inspected ?? []),
    ...scoresFindings(contract.outputs, input.rules.ties),
    ...ruleFindings(input.rules, contract.outputNames.reference),
  ];
  const fitness = input.fitness?.findings ?? [];
  const accounting = [...accounts.findings, ...countFindings(countCompared(accounts, outputs), input.samples.length)];
  const shared = {
    contract: contract.rows,
    samples,
    worstSample: pickWorst(samples, outputs),
    open: openOutputs(input, results, ruleFor),
  };
  if (unfit !== null) {
    // A reference that is no judge says nothing about values: the measures stay, without a verdict and without findings.
    const findings = [unfit, ...fitness, ...before, ...accounting];
    return { verdict: 'unverifiable', grade: null, findings, outputs: outputs.map(unjudged), ...shared, open: [] };
  }
  const findings = [...fitness, ...before, ...pairing, ...outputFindings, ...accounting];
  const grades = outputs.flatMap((o) => o.grade ?? []);
  const verdict: Verdict = worstVerdict([
    verdictOf(findings),
    ...(referenceNeverRan(accounts) ? (['error'] as const) : []),
  ]);
  return {
    verdict,
    grade: worstGrade(findings.some(isStructural) ? [...grades, 'broken'] : grades),
    findings,
    outputs,
    ...shared,
  };
}

/** Values under the first pairing and, where they contradict it, once more under the one that fits. */
function compareTensors(input: CompareInput, { run: samples }: Accounts, ruleFor: RuleFor) {
  const compare = ({ outputs, outputNames }: ContractComparison) =>
    compareOutputs({
      pairs: outputs,
      samples,
      ruleFor,
      ties: input.rules.ties,
      find: finder(outputNames),
      evidence: input.evidence ?? null,
      isSequence: input.rules.sequence !== undefined,
    });
  const contract = compareContracts(input);
  const results = compare(contract);
  const check = { pairs: contract.outputs, samples, results, ruleFor, find: finder(contract.outputNames) };
  const { byValue, findings: pairing } = checkPairing(check);
  if (Object.keys(byValue).length === 0) return { contract, results, pairing };
  const again = compareContracts(input, byValue);
  return { contract: again, results: compare(again), pairing };
}

/**
 * Which outputs the engine should measure more about, and in which samples: those of which nothing was measured though they
 * differ, and those that the floor alone does not settle. A rule of the user's own needs no instrument to be decided.
 */
function openOutputs(
  { evidence }: CompareInput,
  results: ReadonlyMap<string, OutputResults>,
  ruleFor: RuleFor,
): ConversionComparison['open'] {
  return [...results].flatMap(([output, { samples, decision }]) => {
    const differing = samples.filter((r) => r.status === 'compared' && r.grade !== 'identical');
    if (differing.length === 0) return [];
    const { rule, gate, judgedWith } = ruleFor(output);
    const isMeasured = gate === null && judgedWith === null && ['auto', 'preset'].includes(rule.kind);
    if (evidence !== undefined && (decision === null || !decision.open || !isMeasured)) return [];
    const ratio = ({ sample, moments }: SampleResult): number =>
      decision?.samples.get(sample)?.ratio ?? moments.maxAbs / moments.scale;
    return [{ output, samples: differing.sort((a, b) => ratio(b) - ratio(a)).map((r) => r.sample) }];
  });
}

function judgeOutputs(
  input: CompareInput,
  contract: ContractComparison,
  results: ReadonlyMap<string, OutputResults>,
  pairing: readonly RawFinding[],
  ruleFor: RuleFor,
  { run }: Accounts,
) {
  const findings: RawFinding[] = [];
  const find = finder(contract.outputNames);
  const gates = judgeGates({
    pairs: contract.outputs,
    samples: run,
    ruleFor,
    find,
    planned: input.samples,
    sampleDir: input.sampleDir ?? null,
  });
  const outputs = contract.outputs.flatMap((pair): OutputComparison[] => {
    if (pair.reference === null) return [];
    const { name } = pair.reference;
    const { samples: ofOutput, decision, steps } = results.get(name) ?? { samples: [], decision: null, steps: null };
    const known = [...contract.findings, ...pairing].filter((f) => concerns(f, name));
    const dtype = observedDtype(pair, ofOutput, known, input.declared);
    const rule = ruleFor(name);
    const gate = gates.get(rule.judgedWith ?? name);
    const gated = gate?.findings ?? [];
    const summary = summarise({
      name,
      candidateName: pair.candidate?.name ?? null,
      pairedBy: pair.pairedBy,
      rule,
      results: ofOutput,
      decision,
      findings: [...known, ...dtype, ...gated],
    });
    findings.push(...dtype, ...(rule.judgedWith === null ? gated : []), ...summary.findings);
    const { comparison } = summary;
    const judged = gate === undefined ? comparison : withGate(comparison, gate, ofOutput, rule.judgedWith);
    findings.push(...driftFindings(judged, steps));
    return [steps === null ? judged : { ...judged, steps: [...steps] }];
  });
  return { outputs, findings };
}

/** Where a failing output of a stateful model leaves its reference: the step says where to look. */
function driftFindings({ name, verdict }: OutputComparison, steps: OutputResults['steps']): RawFinding[] {
  const from = steps?.findIndex(({ state }) => state === 'outside') ?? -1;
  if (steps === null || verdict !== 'fail' || from < 0) return [];
  return [makeFinding('drifts-from-step', `output ${name}`, { step: from + 1, steps: steps.length })];
}

/** A finding about an output names it in `where`, one about several in `names`. */
const concerns = ({ where, args }: RawFinding, output: string): boolean =>
  where === `output ${output}` || (where === 'outputs' && Array.isArray(args.names) && args.names.includes(output));

/** Samples of which at least one output with elements was held against its counterpart. */
const countCompared = ({ run }: Accounts, outputs: readonly OutputComparison[]): number =>
  run.filter(({ id }) => outputs.some((o) => o.samples.some((s) => s.sample === id && s.grade !== null))).length;

const unjudged = (output: OutputComparison): OutputComparison => ({
  ...output,
  verdict: 'unverifiable',
  samples: output.samples.map((s) => ({ ...s, verdict: 'unverifiable' })),
});
