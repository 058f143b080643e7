import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { CompareRules, JudgementRule, TaskGate, ToleranceRule } from '../../records/rules.ts';
import { type CompiledExpression, compileExpression } from './expression.ts';

/** The rule that holds for one output. */
export interface OutputRule {
  readonly rule: ToleranceRule;
  /** Whether the user named this output: only then may an integer output be anything but exact. */
  readonly named: boolean;
  readonly expression: CompiledExpression | null;
  /** Judged by its task: then `rule` is `auto`, which still grades. */
  readonly gate: TaskGate | null;
  /** The output of boxes whose gate judges this one with it, as their scores or classes. */
  readonly judgedWith: string | null;
  /** As the report shows it. */
  readonly source: string;
}

export type RuleFor = (output: string) => OutputRule;

const AUTO: ToleranceRule = { kind: 'auto' };

function sourceOf(rule: JudgementRule, from: CompareRules['source']): string {
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
  const partners = besideBoxes(tolerances);
  return (output) => {
    const named = Object.hasOwn(tolerances, output);
    const judgedWith = named ? null : (partners.get(output) ?? null);
    const given = (named ? tolerances[output] : judgedWith === null ? tolerances['*'] : undefined) ?? AUTO;
    const gate = given.kind === 'gate' ? given.gate : null;
    const expression = given.kind === 'expression' ? (compiled.get(given.expression) ?? null) : null;
    return {
      rule: given.kind === 'gate' ? AUTO : given,
      named: named && output !== '*',
      expression,
      gate,
      judgedWith,
      source: judgedWith === null ? sourceOf(given, source) : source,
    };
  };
}

/** Scores and classes that a gate of boxes names are judged with them, unless they have a rule of their own. */
function besideBoxes(tolerances: CompareRules['tolerances']): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(tolerances).flatMap(([boxes, rule]) =>
      rule.kind === 'gate' && rule.gate.name === 'iou'
        ? [rule.gate.scores, rule.gate.classes].flatMap((name) => (name === null ? [] : [[name, boxes] as const]))
        : [],
    ),
  );
}

/** A rule for an output that does not exist holds nowhere: most likely a typing mistake. */
export function ruleFindings(
  { tolerances }: Pick<CompareRules, 'tolerances'>,
  outputs: readonly string[],
): RawFinding[] {
  const unknown = Object.keys(tolerances).filter((name) => name !== '*' && !outputs.includes(name));
  return unknown.map((name) => makeFinding('tolerance-unknown', `output ${name}`, { known: outputs }));
}
