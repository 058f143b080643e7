import type { OpNode } from '../../../../records/graph.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import type { Side } from '../side.ts';

/** A node of a kind that a tensor is made by, within some steps back. */
export function madeBy(
  side: Side,
  tensor: string,
  is: (node: OpNode) => boolean,
  steps: number = 6,
): OpNode | undefined {
  let open = [tensor];
  for (let step = 0; step < steps; step++) {
    const makers = open.flatMap((t) => side.producer(t)?.node ?? []);
    const found = makers.find(is);
    if (found !== undefined) return found;
    open = [...new Set(makers.flatMap((node) => node.inputs))];
  }
  return undefined;
}

/** Whether what a node makes comes to a node of a kind within some steps. */
export function leadsTo(side: Side, node: OpNode, is: (node: OpNode) => boolean, steps: number = 3): boolean {
  let open = [node];
  for (let step = 0; step < steps; step++) {
    open = [...new Set(open.flatMap((n) => n.outputs.flatMap((t) => side.readers(t))))];
    if (open.some(is)) return true;
  }
  return false;
}

/** Numbers from here on down stand for "never" in a mask: half-precision masks begin at −1e4, some at −1000. */
const NEVER = -1e3;

/** It holds what scores are replaced by, or lowered by, where something is masked out. */
export function isMaskValue(tensor: Tensor): boolean {
  if (!tensor.dtype.startsWith('float') && tensor.dtype !== 'bfloat16') return false;
  const values = toFloat64(tensor);
  return values.some((v) => v <= NEVER) && values.every((v) => v <= 0 && (v === 0 || v <= NEVER || values.length > 1));
}

/** The largest that epsilons are; larger summands under a root or logarithm mean something (log1p). */
const MOST_EPSILON = 0.02;

/** A small positive summand in front of a root, a logarithm or a denominator. */
export function isEpsilon(side: Side, node: OpNode, from: number, to: number): boolean {
  if (node.op !== 'Add' || from < 0 || to < 0 || Math.max(from, to) > MOST_EPSILON) return false;
  const made = node.outputs[0] as string;
  return side
    .readers(made)
    .some((n) => /^(Sqrt|Rsqrt|Log|Reciprocal|Pow)$/.test(n.op) || (n.op === 'Div' && n.inputs[1] === made));
}
