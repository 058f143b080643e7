import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { CompareRules, ToleranceRule } from '../../records/rules.ts';
import { type CompiledExpression, compileExpression } from './expression.ts';

/** The rule that holds for one output. */
export interface OutputRule {
  readonly rule: ToleranceRule;
  /** Whether the user named this output: only then may an integer output be anything but exact. */
  readonly named: boolean;
  readonly expression: CompiledExpression | null;
  /** As the report shows it. */
  readonly source: string;
}

export type RuleFor = (output: string) => OutputRule;

const AUTO: ToleranceRule = { kind: 'auto' };

function sourceOf(rule: ToleranceRule, from: CompareRules['source']): string {
  if (rule.kind === 'auto') return 'dtype-table';
  if (rule.kind === 'preset') return `preset ${rule.preset}`;
  if (rule.kind === 'expression') return 'expression';
  return from;
}

/** Compiles the rules once; the expression engine is loaded only when one of them is an expression. */
export async function compileRules({
  tolerances,
  source,
}: Pick<CompareRules, 'tolerances' | 'source'>): Promise<RuleFor> {
  const compiled = new Map<string, CompiledExpression>();
  for (const rule of Object.values(tolerances)) {
    if (rule.kind === 'expression') compiled.set(rule.expression, await compileExpression(rule.expression));
  }
  return (output) => {
    const named = Object.hasOwn(tolerances, output);
    const rule = (named ? tolerances[output] : tolerances['*']) ?? AUTO;
    const expression = rule.kind === 'expression' ? (compiled.get(rule.expression) ?? null) : null;
    return { rule, named: named && output !== '*', expression, source: sourceOf(rule, source) };
  };
}

/** A rule for an output that does not exist holds nowhere: most likely a typing mistake. */
export function ruleFindings(
  { tolerances }: Pick<CompareRules, 'tolerances'>,
  outputs: readonly string[],
): RawFinding[] {
  const unknown = Object.keys(tolerances).filter((name) => name !== '*' && !outputs.includes(name));
  return unknown.map((name) => makeFinding('tolerance-unknown', `output ${name}`, { known: outputs }));
}
