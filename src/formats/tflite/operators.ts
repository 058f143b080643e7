import { OnparError } from '../../core/errors.ts';
import type { TfliteModel, TfliteOperator } from './types.ts';

/** What TFLite's runtimes say of an operator that they have no kernel for: tflite/core/subgraph.cc and interpreter_builder.cc. */
const UNRESOLVED =
  /unresolved custom op: ([\w/:-]+(?:\.\w+)*)|Select TensorFlow op|opcode '([A-Z0-9_]+)' version '(\d+)'/;
const FLEX = 'Flex';

/**
 * Whether what a runtime said about a model means that it lacks an operator: then an OnparError `operator-missing` that names
 * operator and version, and what would support it. `runtime` as messages call it, `shown` the file.
 */
export function operatorMissing(
  said: string,
  model: TfliteModel,
  shown: string,
  runtime: string,
): OnparError | undefined {
  const match = UNRESOLVED.exec(said);
  if (match === null) return undefined;
  const [, custom, builtin, version] = match;
  const flex = model.operators.filter(({ name, isCustom }) => isCustom && name.startsWith(FLEX));
  const missing: readonly Pick<TfliteOperator, 'name' | 'version' | 'isCustom'>[] =
    builtin !== undefined
      ? [{ name: builtin, version: Number(version), isCustom: false }]
      : custom !== undefined && !custom.startsWith(FLEX)
        ? [model.operators.find(({ name }) => name === custom) ?? { name: custom, version: 1, isCustom: true }]
        : flex;
  const names = missing.map(({ name, version: v, isCustom }) =>
    isCustom ? `the custom operator ${name} (version ${v})` : `${name} version ${v}`,
  );
  return new OnparError({
    code: 'operator-missing',
    message: `${shown}: ${runtime} has no kernel for ${names.join(', ') || 'one of its operators'}`,
    fix: supportedBy(missing),
    exitCode: 1,
  });
}

function supportedBy(missing: readonly Pick<TfliteOperator, 'name' | 'isCustom'>[]): string {
  if (missing.some(({ name }) => name.startsWith(FLEX))) {
    return 'Flex operators are TensorFlow’s own: only a program that links the Flex delegate (tensorflow-lite-select-tf-ops) runs them, which no Python package does; convert without SELECT_TF_OPS to see what TFLite cannot express';
  }
  return missing.some(({ isCustom }) => isCustom)
    ? 'only a program that registers this kernel itself runs it; convert without allow_custom_ops, or write the operator in terms of built-in ones'
    : 'a newer LiteRT may have it (`python:` of your own with a newer ai-edge-litert); or convert with an older converter';
}

/** Operators that keep something from one run to the next, outside of variable tensors: resources of TensorFlow's. */
const RESOURCES = new Set(['VAR_HANDLE', 'ASSIGN_VARIABLE', 'HASHTABLE_IMPORT']);

/** Whether a second run may start where the first ended. */
export const isStateful = ({ operators, graphs }: TfliteModel): boolean =>
  operators.some(({ name }) => RESOURCES.has(name)) ||
  graphs.some(({ tensors }) => tensors.some(({ isVariable }) => isVariable));
