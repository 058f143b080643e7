import type { OpNode } from '../../records/graph.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { transpose } from '../../tensor/transpose.ts';
import { toFloat64 } from '../../tensor/values.ts';
import { distanceOf, explainedShare, wrongness } from '../measure.ts';
import type { Evidence, Hypothesis, Question } from '../scene.ts';
import { BINARY, type Binary } from './functions/binary.ts';
import { broadcastTo } from './functions/broadcast.ts';
import { type Cause, causeOf } from './functions/classify.ts';
import { fittedTo } from './functions/fitted.ts';
import { UNARY, type Unary } from './functions/unary.ts';
import { placeOf } from './operators/where.ts';

/** Fewer values than this agree with anything. */
const ENOUGH = 8;
/** Larger tensors are looked at in part. */
const MOST = 2 ** 18;

/**
 * Which function of its inputs each side computes, element by element: looked up among those that frameworks have, from the
 * values alone. So it works for every format, and where one side spells a function out in a dozen nodes.
 */
export const localFunction: Hypothesis = {
  name: 'local-function',
  codes: [
    'activation-missing',
    'activation-added',
    'activation-variant',
    'clipping-differs',
    'integer-arithmetic',
    'comparison-differs',
    'operands-swapped',
    'operator-missing',
    'operator-added',
    'operator-differs',
  ],
  applies: ({ scene, divergence }) =>
    divergence?.candidate != null && scene.reference !== null && scene.candidate !== null,
  test: async (question) => {
    const values = valuesAt(question);
    if (values === undefined) return undefined;
    const found =
      values.inputs.length === 1 ? unaryCause(values) : values.inputs.length === 2 ? binaryCause(values) : undefined;
    return found === undefined ? undefined : evidenceOf(question, values, found);
  },
};

interface Values {
  /** Of the reference, stretched to the output's shape. */
  readonly inputs: readonly Float64Array[];
  readonly reference: Float64Array;
  readonly candidate: Float64Array;
  readonly tolerance: number;
  /** Names of operators on each side, in lower case. */
  readonly words: { readonly reference: string; readonly candidate: string };
}

interface Found extends Cause {
  readonly reference: (...inputs: number[]) => number;
  readonly experiment: string;
}

/** The values around the divergence, in the reference's layout; undefined where it is no function of one or two inputs. */
function valuesAt({ scene, divergence }: Question): Values | undefined {
  const { reference, candidate, alignment, tolerance } = scene;
  if (reference === null || candidate === null || divergence?.candidate == null) return undefined;
  const out = reference.values.get(divergence.reference.tensor);
  const got = candidate.values.get(divergence.candidate.tensor);
  if (out === undefined || got === undefined || out.dtype === 'string' || got.dtype === 'string') return undefined;
  const count = elementCount(out.shape);
  if (count < ENOUGH || count > MOST || elementCount(got.shape) !== count) return undefined;
  const region = new Set([divergence.reference.node, ...divergence.region.reference]);
  const nodes = reference.graph.nodes.filter((n) => region.has(n.id));
  const names = outer(nodes).filter((name) => {
    const value = reference.values.get(name);
    return value !== undefined && !(reference.graph.tensors[name]?.constant === true && nodes.length > 1);
  });
  const inputs = names.map((name) => {
    const value = reference.values.get(name);
    return value === undefined || value.dtype === 'string' ? null : broadcastTo(value, out.shape);
  });
  if (inputs.some((v) => v === null) || inputs.length === 0) return undefined;
  const permutation = names.map((name) => alignment?.ofReference(name)[0]?.permutation).find((p) => p !== undefined);
  const parts = new Set([divergence.candidate.node, ...divergence.region.candidate]);
  return {
    inputs: inputs as Float64Array[],
    reference: toFloat64(out),
    candidate: toFloat64(inLayoutOf(got, permutation, out)),
    tolerance,
    words: { reference: wordsOf(nodes), candidate: wordsOf(candidate.graph.nodes.filter((n) => parts.has(n.id))) },
  };
}

/** What nodes read that none of them makes. */
function outer(nodes: readonly OpNode[]): string[] {
  const made = new Set(nodes.flatMap((n) => n.outputs));
  return [...new Set(nodes.flatMap((n) => n.inputs))].filter((name) => name !== '' && !made.has(name));
}

const wordsOf = (nodes: readonly OpNode[]): string =>
  nodes
    .map((n) => [n.op, n.attributes.activation, n.attributes.fused_activation_function].join(' '))
    .join(' ')
    .toLowerCase()
    .replace(/[^a-z0-9 ]/g, '');

/** Axis i of the candidate's is axis `permutation[i]` of the reference's: undone. */
function inLayoutOf(got: Tensor, permutation: readonly number[] | undefined, out: Tensor): Tensor {
  if (permutation === undefined || permutation.length !== got.shape.length || got.shape.join() === out.shape.join())
    return got;
  const back = permutation.map((_, axis) => permutation.indexOf(axis));
  return transpose(got, back);
}

function unaryCause({ inputs: [x], reference, candidate, tolerance, words }: Values): Found | undefined {
  if (x === undefined) return undefined;
  const fits = (f: Unary, y: Float64Array) => agrees(x.map(f.at), y, tolerance);
  // A slope of −1 is an absolute value: what has no free number is the simpler explanation.
  const of = (y: Float64Array) => {
    const known = UNARY.filter((f) => fits(f, y));
    return known.length > 0 ? known : fittedTo(x, y).filter((f) => fits(f, y));
  };
  const left = named(of(reference), words.reference);
  const right = named(of(candidate), words.candidate);
  const pairs = left.flatMap((f) => right.map((g) => ({ f, g, cause: causeOf(f, g) })));
  const [first] = pairs;
  if (first === undefined || pairs.some(({ cause }) => cause.code !== first.cause.code)) return undefined;
  return {
    ...first.cause,
    reference: first.f.at,
    experiment: `${first.f.name} of what it is given, where the candidate computes ${first.g.name}`,
  };
}

/** Of functions that agree with the values, those that the operators' own names say; all of them where none is named. */
function named(found: readonly Unary[], words: string): readonly Unary[] {
  const said = found.filter((f) => f.words.some((word) => words.includes(word)));
  return said.length > 0 ? said : found;
}

function binaryCause({ inputs: [a, b], reference, candidate, tolerance }: Values): Found | undefined {
  if (a === undefined || b === undefined) return undefined;
  const of = (y: Float64Array) =>
    BINARY.filter((f) =>
      agrees(
        a.map((v, i) => f.at(v, b[i] as number)),
        y,
        tolerance,
      ),
    );
  const pairs = of(reference).flatMap((f) => [
    ...of(candidate).map((g) => ({ f, g: g.name, cause: binaryCode(f, g) })),
    ...[a, b].flatMap((v) =>
      agrees(v, candidate, tolerance)
        ? [{ f, g: 'one of them alone', cause: { code: 'operator-missing', args: { operator: f.name } } as Cause }]
        : [],
    ),
  ]);
  const [first] = pairs;
  if (first === undefined || pairs.some(({ cause }) => cause.code !== first.cause.code)) return undefined;
  return {
    ...first.cause,
    reference: first.f.at,
    experiment: `${first.f.name} of what it is given, where the candidate computes ${first.g}`,
  };
}

function binaryCode(f: Binary, g: Binary): Cause {
  const args = { from: f.name, to: g.name };
  if (f.mirror === g.name) return { code: 'operands-swapped', args };
  if (f.group === g.group) return { code: f.group === 'arithmetic' ? 'operator-differs' : f.group, args };
  const both = [f, g].map(({ name }) => name);
  // A quotient that is not rounded where it should be, or the reverse.
  return { code: both.every((name) => name.startsWith('quotient')) ? 'integer-arithmetic' : 'operator-differs', args };
}

const agrees = (y: Float64Array, expected: Float64Array, tolerance: number): boolean =>
  wrongness(distanceOf(expected, y)) <= tolerance;

function evidenceOf(question: Question, values: Values, { code, args, reference, experiment }: Found): Evidence {
  const [first, ...rest] = values.inputs;
  const repaired = (first as Float64Array).map((x, i) => reference(x, ...rest.map((v) => v[i] as number)));
  const before = wrongness(distanceOf(values.reference, values.candidate));
  const after = wrongness(distanceOf(values.reference, repaired));
  const node = question.scene.candidate?.graph.nodes.find((n) => n.id === question.divergence?.candidate?.node);
  return {
    code,
    where: node === undefined ? (question.divergence?.reference.opType ?? '') : placeOf(question, node),
    args,
    experiment,
    before,
    after,
    explained: explainedShare(before, after, values.tolerance),
  };
}
