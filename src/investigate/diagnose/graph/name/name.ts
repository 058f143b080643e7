import type { DiagnosisCode } from '../../../../core/diagnosis-catalogue.ts';
import type { OpNode } from '../../../../records/graph.ts';
import type { Evidence } from '../../../scene.ts';
import { type Difference, nodeOf } from '../difference.ts';
import { between } from '../subtree.ts';
import { inWords } from '../where.ts';
import { nameAttribute } from './attribute.ts';
import { narrowed } from './casts.ts';
import type { Named, Proven } from './cause.ts';
import { nameConstant } from './constant.ts';
import { nameAdded, nameMissing, nameOperator } from './node.ts';
import { nameOperand, nameOrder, nameWiring } from './operands.ts';
import { nameReplaced } from './replaced.ts';

/**
 * Where several changes are needed together, the one that stands first here is the cause and the others go with it: a
 * dilation is lost and the padding made to fit, not the other way round.
 */
const LEADING: readonly DiagnosisCode[] = [
  'randomness',
  'float16-range',
  'dtype-narrowed',
  'batchnorm-training',
  'integer-arithmetic',
  'gate-order',
  'window-differs',
  'pool-border',
  'padding-differs',
  'resize-mode',
  'normalisation-differs',
  'axis-differs',
  'activation-variant',
  'saturation',
  'quantisation-coarse',
  'quantisation-parameters',
  'mask-differs',
  'position-offset',
  'index-differs',
  'channel-order',
  'layout-permuted',
  'frozen-dimension',
];

/** Code, place and numbers of a cause that was proven; undefined: the experiment says where, and nothing says why. */
export function nameCause(proven: Proven): Pick<Evidence, 'code' | 'where' | 'args' | 'experiment'> | undefined {
  const { differences, question } = proven;
  const named: NamedOf | undefined = unstable(proven) ?? together(proven);
  const [first] = differences;
  if (named === undefined || first === undefined) return undefined;
  const node = named.of ?? first;
  return { code: named.code, where: placeOf(node, question), args: named.args ?? {}, experiment: told(differences) };
}

type NamedOf = Named & { readonly of?: Difference };

function together(proven: Proven): NamedOf | undefined {
  const each = proven.differences.map((difference): NamedOf | undefined => {
    const named = nameOne(difference, proven);
    return named === undefined ? undefined : { ...named, of: difference };
  });
  const all = each.filter((named) => named !== undefined);
  const [first] = all;
  if (first === undefined || all.length === 0) return undefined;
  if (all.length === each.length && all.every((named) => named.code === first.code)) return first;
  const { candidate, alignment } = proven.sides;
  const known = (tensor: string): boolean => alignment.ofCandidate(tensor).length > 0;
  const casts = proven.differences.flatMap((d): readonly OpNode[] =>
    d.kind === 'added' ? (between(candidate, d.candidate.outputs[0] as string, known)?.nodes ?? [d.candidate]) : [],
  );
  const narrow = narrowed(proven.sides.candidate, casts);
  if (narrow !== undefined) return narrow;
  const leading = LEADING.find((code) => all.some((named) => named.code === code));
  return all.find((named) => named.code === leading);
}

function nameOne(difference: Difference, proven: Proven): Named | undefined {
  switch (difference.kind) {
    case 'attribute':
      return nameAttribute(difference);
    case 'constant':
      return nameConstant(difference, proven);
    case 'operand-lost':
    case 'operand-added':
      return nameOperand(difference, proven);
    case 'operator':
      return nameOperator(difference.reference, difference.candidate);
    case 'added':
      return nameAdded(difference, proven);
    case 'missing':
      return nameMissing(difference, proven);
    case 'order':
      return nameOrder(difference);
    case 'wiring':
      return nameWiring(difference, proven);
    case 'replaced':
      return nameReplaced(difference, proven);
  }
}

/**
 * In float64 both sides agree, as deployed they do not: it is the same function, and what differs is how it is computed.
 * A narrower type on the way has its own name.
 */
function unstable({ question: { scene }, differences, sides }: Proven): Named | undefined {
  const { lab, precision, reference, candidate } = scene;
  if (precision !== 'deployed' || reference === null || candidate === null) return undefined;
  if (!lab.hasFloat64(reference.specimen) || !lab.hasFloat64(candidate.specimen)) return undefined;
  const nodes = differences.flatMap((d): readonly OpNode[] => {
    if (d.kind === 'replaced') return d.candidate;
    return d.kind === 'added' || d.kind === 'operator' ? [d.candidate] : [];
  });
  return narrowed(sides.candidate, nodes) ?? { code: 'unstable-computation', args: {} };
}

function placeOf(difference: Difference, { divergence }: Proven['question']): string {
  const node = nodeOf(difference);
  if (node === undefined) return divergence?.reference.node ?? '';
  return inWords(node);
}

/** What was done, in words. */
function told(differences: readonly Difference[]): string {
  return differences.map(one).join(', ');
}

function one(difference: Difference): string {
  switch (difference.kind) {
    case 'attribute':
      return `with the reference's ${difference.name}`;
    case 'constant':
      return `with the reference's value for operand ${difference.candidate.index}`;
    case 'operand-lost':
      return `with the reference's operand ${difference.index}`;
    case 'operand-added':
      return `without operand ${difference.index}`;
    case 'operator':
      return `with ${difference.reference.op} for ${difference.candidate.op}`;
    case 'added':
      return `without ${difference.candidate.op} ${difference.candidate.id}`;
    case 'missing':
      return `with ${difference.reference.op} added`;
    case 'order':
      return 'with the operands in the reference’s order';
    case 'wiring':
      return `reading ${difference.from} instead of ${difference.to}`;
    case 'replaced':
      return `with the reference's nodes instead of ${difference.candidate.length}`;
  }
}
