import type { DiagnosisCode } from '../../../../core/diagnosis-catalogue.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import type { Difference } from '../difference.ts';
import type { Side } from '../side.ts';
import type { Named, Proven } from './cause.ts';
import { chainOf, nameChain } from './chain.ts';
import { briefly } from './constant.ts';
import { isMaskValue } from './context.ts';
import { type Role, roleOf } from './role.ts';

type Operand = Extract<Difference, { kind: 'operand-lost' | 'operand-added' }>;

const BY_ROLE: Readonly<Partial<Record<Role, DiagnosisCode>>> = {
  bound: 'clipping-differs',
  'initial-state': 'initial-state',
  lengths: 'recurrence-differs',
  index: 'index-differs',
  axes: 'axis-differs',
  pads: 'padding-differs',
  resize: 'resize-mode',
  diagonal: 'mask-differs',
  'zero point': 'quantisation-parameters',
};

/** An optional operand that only one side has. */
export function nameOperand({ kind, reference, candidate, index, value }: Operand, { sides }: Proven): Named {
  const lost = kind === 'operand-lost';
  const node = lost ? reference : candidate;
  const role = roleOf(lost ? sides.reference : sides.candidate, node, index);
  const values =
    value === undefined ? {} : lost ? { from: briefly(value), to: 'none' } : { from: 'none', to: briefly(value) };
  if (value !== undefined && isMaskValue(value)) return { code: 'mask-differs', args: values };
  if (role === 'bias' || (role === 'gates' && index === 3)) {
    return lost ? { code: 'bias-dropped' } : { code: 'operator-added', args: { operator: 'a bias' } };
  }
  if (node.op === 'Resize' && index === 3 && !lost) {
    return { code: 'frozen-dimension', args: value === undefined ? {} : { size: [...toFloat64(value)].join(' × ') } };
  }
  const code = BY_ROLE[role];
  if (code !== undefined) return { code, args: values };
  return lost
    ? { code: 'operator-missing', args: { operator: `operand ${index} of ${node.op}` } }
    : { code: 'operator-added', args: { operator: `operand ${index} of ${node.op}` } };
}

/** Operands in another order: parts of a concatenation are slices, others are not. */
export const nameOrder = ({ reference, order }: Extract<Difference, { kind: 'order' }>): Named =>
  reference.op === 'Concat'
    ? { code: 'channel-order', args: { axis: reference.attributes.axis ?? 0, order: order.join(', ') } }
    : { code: 'operands-swapped' };

/** Another tensor is read: one further on, one further back, or one elsewhere. */
export function nameWiring(
  { from, to, reference, index }: Extract<Difference, { kind: 'wiring' }>,
  proven: Proven,
): Named {
  const { candidate } = proven.sides;
  const { alignment } = proven.sides;
  if (isBaked(candidate, to) && candidate.view.graph.inputs.includes(from))
    return { code: 'input-ignored', args: { input: from } };
  const chain = chainOf(candidate, from, to, 'added', alignment) ?? chainOf(candidate, to, from, 'missing', alignment);
  if (chain !== undefined) return nameChain(chain, proven);
  const [a, b] = [candidate.producer(from)?.node, candidate.producer(to)?.node];
  if (a !== undefined && a === b && a.op === 'Split')
    return { code: 'channel-order', args: { axis: a.attributes.axis ?? 0, order: 'parts exchanged' } };
  if (reference.op === 'Where' && index === 0) return { code: 'mask-differs', args: { from, to } };
  if (reference.op === 'Clip' && index > 0) return { code: 'clipping-differs', args: { from, to } };
  return { code: 'wiring-differs', args: { from, to } };
}

/** It hangs on nothing but what the model holds, and on sizes of its inputs. */
function isBaked(side: Side, tensor: string, depth: number = 8): boolean {
  if (side.isFixed(tensor)) return true;
  const node = side.producer(tensor)?.node;
  if (node === undefined || depth === 0) return false;
  return node.op === 'Shape' || node.op === 'Size' || node.inputs.every((t) => isBaked(side, t, depth - 1));
}
