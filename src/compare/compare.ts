import type { RawFinding } from '../core/findings.ts';
import type { OutputComparison } from '../records/comparison.ts';
import { type Verdict, worstGrade, worstVerdict } from '../records/verdict.ts';
import { type Accounts, accountFor, countFindings, referenceNeverRan } from './accounting.ts';
import { type ContractComparison, compareContracts } from './contract/contract.ts';
import { checkPairing } from './contract/permutation.ts';
import { failedSide } from './failed-side.ts';
import { judgeGates } from './gates/judge-gates.ts';
import { withGate } from './gates/with-gate.ts';
import type { CompareInput, ConversionComparison } from './input.ts';
import { compareOutputs, finder, scoresFindings } from './outputs.ts';
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
  const unfit = unfitReference(input.reference.observation);
  const samples = judgeSamples(input.samples, accounts, outputs, unfit !== null);
  const before = [
    ...contract.findings,
    ...scoresFindings(contract.outputs, input.rules.ties),
    ...ruleFindings(input.rules, contract.outputNames.reference),
  ];
  const accounting = [...accounts.findings, ...countFindings(countCompared(accounts, outputs), input.samples.length)];
  const shared = { contract: contract.rows, samples, worstSample: pickWorst(samples, outputs) };
  if (unfit !== null) {
    // A reference that is no judge says nothing about values: the measures stay, without a verdict and without findings.
    const findings = [unfit, ...before, ...accounting];
    return { verdict: 'unverifiable', grade: null, findings, outputs: outputs.map(unjudged), ...shared };
  }
  const findings = [...before, ...pairing, ...outputFindings, ...accounting];
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
    compareOutputs({ pairs: outputs, samples, ruleFor, ties: input.rules.ties, find: finder(outputNames) });
  const contract = compareContracts(input);
  const results = compare(contract);
  const check = { pairs: contract.outputs, samples, results, ruleFor, find: finder(contract.outputNames) };
  const { byValue, findings: pairing } = checkPairing(check);
  if (Object.keys(byValue).length === 0) return { contract, results, pairing };
  const again = compareContracts(input, byValue);
  return { contract: again, results: compare(again), pairing };
}

function judgeOutputs(
  input: CompareInput,
  contract: ContractComparison,
  results: ReadonlyMap<string, SampleResult[]>,
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
    const ofOutput = results.get(name) ?? [];
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
      findings: [...known, ...dtype, ...gated],
    });
    findings.push(...dtype, ...(rule.judgedWith === null ? gated : []), ...summary.findings);
    return [gate === undefined ? summary.comparison : withGate(summary.comparison, gate, ofOutput, rule.judgedWith)];
  });
  return { outputs, findings };
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
