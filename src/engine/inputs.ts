import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pairTensors } from '../compare/contract/pairing.ts';
import { OnparError } from '../core/errors.ts';
import { digestFile } from '../core/hash.ts';
import { allowedValues } from '../core/nearest.ts';
import { isInside } from '../core/paths.ts';
import { type Dim, type IoContract, isPart, type TensorSpec } from '../records/contract.ts';
import type { InputPlan } from '../records/rules.ts';
import type { TensorInfo } from '../records/sample.ts';
import { findAxes } from '../sample/axes.ts';
import type { Case } from '../suite/suite.ts';

/** What is known about a source's inputs before any sample is made. */
export interface KnownInputs {
  /** What the model declares; empty for code. */
  readonly contract: IoContract;
  /** `example_inputs()` of the same file, by header. */
  readonly examples: readonly TensorInfo[] | null;
  /** Parameter names of a `forward`, where code has one. */
  readonly parameters: readonly string[] | null;
  /** First tensors of the user's data: names, dtypes and shapes. */
  readonly data: readonly TensorInfo[] | null;
  /** What the candidate declares, asked for only when all else is silent. */
  readonly candidate: IoContract | null;
}

/**
 * The inputs that samples are made for. The suite's own words win, field by field; then what the model declares, then
 * `example_inputs()`, then the shape of the user's data, then the candidate. Throws `inputs-unknown` when nobody says.
 */
export function resolveInputs(c: Case, known: KnownInputs): InputPlan[] {
  const described = underOwnNames(c, known, describedInputs(c, known));
  const names =
    described.length > 0
      ? described.map((s) => s.name)
      : Object.keys(c.inputs).filter((name) => !c.loose.includes(name) || known.parameters?.includes(name));
  const allowed = described.length > 0 ? names : (known.parameters ?? names);
  const given = Object.keys(c.inputs).filter((name) => !c.loose.includes(name) || allowed.includes(name));
  // A forward() is called by position: a suite may name its arguments as it likes, but then all of them.
  const renamesAll =
    described.length === 0 && given.length <= allowed.length && !given.some((name) => allowed.includes(name));
  for (const name of renamesAll ? [] : given) {
    if (!allowed.includes(name)) {
      throw new OnparError({
        code: 'unknown-input',
        message: `case \`${c.id}\`: \`inputs\` names \`${name}\`, which ${c.source} does not take`,
        fix: allowedValues(name, allowed),
      });
    }
  }
  if (names.length === 0) {
    throw new OnparError({
      code: 'inputs-unknown',
      message: `case \`${c.id}\`: nothing tells which inputs ${c.source} takes`,
      fix: 'write `inputs: { image: { dtype: float32, shape: [batch, 3, 224, 224] } }` in the suite, give --input image=float32[batch,3,224,224], or add `def example_inputs()` beside the model',
    });
  }
  const inputs = names.map((name) =>
    merge(
      c,
      name,
      described.find((s) => s.name === name),
    ),
  );
  checkDims(c, inputs);
  return inputs;
}

/** Sizes for a dimension that no input has would never be tried, and nobody would know. */
function checkDims(c: Case, inputs: readonly InputPlan[]): void {
  const named = findAxes({ inputs: [...inputs], dims: {} }).all.map((axis) => axis.label);
  for (const name of Object.keys(c.dims)) {
    if (named.includes(name) || c.loose.includes(name)) continue;
    throw new OnparError({
      code: 'unknown-dim',
      message: `case \`${c.id}\`: sizes are set for the dimension \`${name}\`, which no input of ${c.source} has`,
      fix: named.length === 0 ? 'every dimension of the model is fixed; remove it' : allowedValues(name, named),
    });
  }
}

/** A model whose inputs have no names of their own (scikit-learn's one matrix) takes those that the suite gives, by position. */
function underOwnNames(c: Case, { contract }: KnownInputs, described: readonly TensorSpec[]): readonly TensorSpec[] {
  const given = Object.keys(c.inputs);
  if (
    contract.names === 'declared' ||
    given.length !== described.length ||
    described.every((s) => given.includes(s.name))
  )
    return described;
  return described.map((s, i) => ({ ...s, name: given[i] ?? s.name }));
}

function describedInputs(c: Case, known: KnownInputs): readonly TensorSpec[] {
  if (known.contract.inputs.length > 0)
    return known.contract.inputs.flatMap((spec) =>
      spec.container === undefined ? spec : partsOf(c, spec, known.data),
    );
  if (Object.keys(c.inputs).length > 0 && Object.values(c.inputs).every((i) => i.shape !== undefined)) return [];
  if (known.examples !== null) return known.examples.map((t) => ({ ...t, shape: withNamedAxes(t, c) }));
  if (known.candidate !== null && known.candidate.inputs.length > 0) return known.candidate.inputs;
  if (known.data !== null) return fromData(known.data, known.parameters);
  return [];
}

/** No one can draw a sequence without knowing how long it may be: the user's data say which tensors it is made of. */
function partsOf(c: Case, { name, container }: TensorSpec, data: KnownInputs['data']): readonly TensorSpec[] {
  if (data === null)
    throw new OnparError({
      code: 'inputs-unknown',
      message: `case \`${c.id}\`: input \`${name}\` is of the kind ${container}, which onpar does not draw by itself`,
      fix: `give samples of your own (safetensors or npz) that hold its tensors: ${name}[0], ${name}[1] … for a sequence, ${name} for an optional, ${name}.keys and ${name}.values for a map`,
    });
  return data.filter((t) => isPart(t.name, name) && ![`${name}.length`, `${name}.present`].includes(t.name));
}

/** `--dim batch=1,2` makes the first axis of example inputs dynamic; `--dim tokens:1=…` any axis of one input. */
function withNamedAxes(tensor: TensorInfo, c: Case): Dim[] {
  return tensor.shape.map((size, axis) => {
    const own = `${tensor.name}:${axis}`;
    if (c.dims[own] !== undefined) return own;
    return axis === 0 && c.dims.batch !== undefined ? 'batch' : size;
  });
}

/** Shapes of the user's data; a first axis that all inputs share is the batch, as data sets have it. */
function fromData(data: readonly TensorInfo[], parameters: readonly string[] | null): TensorSpec[] {
  const rows = data[0]?.shape[0];
  const batched = rows !== undefined && data.every((t) => t.shape.length > 1 && t.shape[0] === rows);
  const names =
    parameters !== null && parameters.length === data.length && !data.every((t) => parameters.includes(t.name))
      ? parameters
      : null;
  return data.map((t, i) => ({
    name: names?.[i] ?? t.name,
    dtype: t.dtype,
    shape: t.shape.map((size, axis) => (batched && axis === 0 ? 'batch' : size)),
  }));
}

function merge(c: Case, name: string, described: TensorSpec | undefined): InputPlan {
  const own = c.inputs[name] ?? {};
  const shape = own.shape ?? described?.shape;
  if (shape === null || shape === undefined) {
    throw new OnparError({
      code: 'inputs-unknown',
      message: `case \`${c.id}\`: the shape of input \`${name}\` is not declared by the model`,
      fix: `write \`inputs: { ${name}: { shape: [batch, …] } }\``,
    });
  }
  // A model without a dtype takes any number (scikit-learn); float32 is what its converted copies take.
  const dtype = own.dtype ?? (described?.quantization === undefined ? described?.dtype : 'float32') ?? 'float32';
  return {
    name,
    dtype,
    shape: [...shape],
    ...(own.range === undefined ? {} : { range: own.range }),
    ...(own.values === undefined ? {} : { values: own.values }),
    ...(own.distribution === undefined ? {} : { distribution: own.distribution }),
    ...(own.generator === undefined ? {} : { generator: ownGenerator(c, name, own.generator) }),
    ...(own.role === undefined ? {} : { role: own.role }),
  };
}

/** A file below the suite's folder, or the name of a module that is found from there. */
function ownGenerator(c: Case, input: string, named: string): NonNullable<InputPlan['generator']> {
  const path = resolve(c.root, named);
  if (isInside(c.root, path) && existsSync(path)) return { path, root: c.root, digest: digestFile(path) };
  if (/^[./]|\.[cm]?[jt]s$/.test(named)) {
    const message = `case \`${c.id}\`: generator ${named} of input \`${input}\` ${existsSync(path) ? 'lies outside the suite’s folder' : 'does not exist'}`;
    throw new OnparError({
      code: 'file-missing',
      message,
      fix: `looked for ${path}; name a file below ${c.root} or a module`,
    });
  }
  return { path: named, root: c.root, digest: '' };
}

/** Sample name → candidate name for inputs that are called differently, paired by the same rules as the contract is judged by. */
export function renamedInputs(
  reference: IoContract,
  candidate: IoContract,
  map: Readonly<Record<string, string>>,
  declared: Readonly<Record<string, string>>,
): Record<string, string> {
  const pairs = pairTensors({
    reference: { specs: reference.inputs, names: reference.names, derived: false, known: true },
    candidate: { specs: candidate.inputs, names: candidate.names, derived: false, known: true },
    map,
    declared,
  });
  return Object.fromEntries(
    pairs.flatMap(({ reference: from, candidate: to }) =>
      from === null || to === null || from.name === to.name ? [] : [[from.name, to.name]],
    ),
  );
}
