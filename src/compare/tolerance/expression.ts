import type { MathNode } from 'mathjs';
import { OnparError } from '../../core/errors.ts';
import { allowedValues } from '../../core/nearest.ts';
import type { Metrics } from '../../records/comparison.ts';
import { fromNum } from '../../records/numbers.ts';
import { METRIC_NAMES } from '../metrics/registry.ts';

export interface CompiledExpression {
  readonly text: string;
  /** The measures that it looks at, in order of appearance. */
  readonly measures: readonly (keyof Metrics)[];
  readonly holds: (metrics: Metrics) => boolean;
}

const FUNCTIONS = ['abs', 'min', 'max', 'sqrt', 'log10'];
const OPERATORS = ['<', '<=', '>', '>=', '==', '!=', 'and', 'or', 'not', '+', '-', '*', '/', '^', '%'];

const bad = (text: string, why: string, fix: string): OnparError =>
  new OnparError({ code: 'bad-expression', message: `tolerance \`${text}\`: ${why}`, fix });

const EXAMPLE = 'write comparisons of measures, such as `cosine > 0.9999 and maxAbs < 1e-3`';

/**
 * Parses once and refuses everything that is not arithmetic and comparison of measures. Two locks: the engine is built
 * from these few functions alone (no import, createUnit, evaluate, parse, simplify, derivative or resolve is in it),
 * and the parsed tree may hold nothing else (no property access, assignment, array, string or function definition).
 */
export async function compileExpression(text: string): Promise<CompiledExpression> {
  const { parse } = await engine();
  const tree = attempt(() => parse(text), text);
  const measures = new Set<keyof Metrics>();
  tree.traverse((node, path, parent) => {
    // A function's name is a symbol below it; `checkNode` has seen it with its function.
    if (path === 'fn' && parent?.type === 'FunctionNode') return;
    const measure = checkNode(node, text);
    if (measure !== undefined) measures.add(measure);
  });
  if (measures.size === 0)
    throw bad(text, 'names no measure, so it says nothing about the outputs', `measures: ${METRIC_NAMES.join(', ')}`);
  const code = tree.compile();
  const holds = (metrics: Metrics): boolean => {
    const scope = Object.fromEntries([...measures].map((name) => [name, fromNum(metrics[name] ?? Number.NaN)]));
    const result: unknown = code.evaluate(scope);
    if (typeof result !== 'boolean') throw bad(text, `gives ${String(result)}, not true or false`, EXAMPLE);
    return result;
  };
  // Evaluated once now, so that an expression that gives a number is refused before anything runs.
  attempt(() => holds(Object.fromEntries(METRIC_NAMES.map((name) => [name, 1])) as unknown as Metrics), text);
  return { text, measures: [...measures], holds };
}

/** The measure that a node names, if any. Throws for a node that has no place in a tolerance. */
function checkNode(node: MathNode, text: string): keyof Metrics | undefined {
  const { type } = node;
  if (is(node, 'SymbolNode')) {
    if (METRIC_NAMES.includes(node.name)) return node.name as keyof Metrics;
    throw bad(
      text,
      `unknown measure \`${node.name}\` at character ${positionOf(text, node.name)}`,
      allowedValues(node.name, METRIC_NAMES),
    );
  }
  if (is(node, 'FunctionNode')) {
    // The type says SymbolNode; `a.b(…)` makes it an AccessorNode.
    const name = node.fn.type === 'SymbolNode' ? node.fn.name : undefined;
    if (name !== undefined && FUNCTIONS.includes(name)) return undefined;
    const shown = name ?? node.fn.toString();
    throw bad(
      text,
      `unknown function \`${shown}\` at character ${positionOf(text, name ?? '.')}`,
      allowedValues(shown, FUNCTIONS),
    );
  }
  if (is(node, 'OperatorNode')) {
    if (OPERATORS.includes(node.op)) return undefined;
    throw bad(text, `operator \`${node.op}\` is not allowed`, allowedValues(node.op, OPERATORS));
  }
  if (is(node, 'ConstantNode') && (typeof node.value === 'number' || typeof node.value === 'boolean')) return undefined;
  if (type === 'ParenthesisNode' || type === 'RelationalNode') return undefined;
  throw bad(text, `\`${node.toString()}\` has no place in a tolerance`, EXAMPLE);
}

interface NodeShapes {
  SymbolNode: { readonly name: string };
  FunctionNode: { readonly fn: MathNode & { readonly name?: string } };
  OperatorNode: { readonly op: string };
  ConstantNode: { readonly value: unknown };
}

const is = <T extends keyof NodeShapes>(node: MathNode, type: T): node is MathNode & NodeShapes[T] =>
  node.type === type;

/** mathjs keeps no positions; the first whole-word occurrence is where the reader should look. Counted from 1. */
function positionOf(text: string, name: string): number {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const match = new RegExp(`(?<![\\w$])${escaped}(?![\\w$])`).exec(text);
  return (match?.index ?? text.indexOf(name)) + 1;
}

function attempt<T>(work: () => T, text: string): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof OnparError) throw error;
    // mathjs names the character itself: `Unexpected end of expression (char 9)`.
    throw bad(text, error instanceof Error ? error.message : String(error), EXAMPLE);
  }
}

let loaded: Promise<{ parse: (text: string) => MathNode }> | undefined;

/** Loaded only when an expression is used: mathjs takes a third of a second to import. */
function engine(): Promise<{ parse: (text: string) => MathNode }> {
  loaded ??= import('./mathjs.ts').then(({ createEngine }) => createEngine());
  return loaded;
}
