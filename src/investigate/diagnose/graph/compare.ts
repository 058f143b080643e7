import type { OpNode } from '../../../records/graph.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { Alignment } from '../../scene.ts';
import { sameAttribute } from './attributes.ts';
import type { Difference, Slot } from './difference.ts';
import { isCommutative, isControl } from './operators.ts';
import { sameValue } from './same-value.ts';
import type { Side } from './side.ts';
import { between } from './subtree.ts';

interface Found {
  readonly cost: number;
  readonly differences: readonly Difference[];
}

/** What was gone through on the way: nodes are left out or added, not both at one place (that is a replacement). */
type After = 'node' | 'added' | 'missing';

const NOTHING: Found = { cost: 0, differences: [] };
const NEVER: Found = { cost: Number.POSITIVE_INFINITY, differences: [] };

/**
 * What each kind of difference costs, in nodes that somebody would have to touch. A converter's mistake is one small change
 * much oftener than several: the cheapest explanation is tried first, and only an experiment makes it true.
 */
const COST = {
  attribute: 1,
  constant: 1,
  operand: 1,
  operator: 1.5,
  node: 1,
  moving: 0.5,
  order: 1,
  wiring: 2.5,
  output: 1.2,
};
/** A whole piece for another; the same operator in other surroundings is told attribute by attribute instead. */
const REPLACED = { first: 2, sameOperator: 6, node: 0.2 };
/** Pairs of tensors that are looked at: regions are small, but a graph without any agreement is not. */
const MOST_PAIRS = 4000;

/**
 * The cheapest set of differences between what makes two tensors, from them back to where both sides agree: an edit
 * distance of the two graphs whose leaves are tensors with the same values.
 */
export function compareGraphs(
  target: { readonly reference: string; readonly candidate: string },
  reference: Side,
  candidate: Side,
  alignment: Alignment,
  tolerance: number,
): readonly Difference[] {
  const known = new Map<string, Found>();
  const agreed = new Map<string, boolean>();
  let pairs = 0;

  const same = (r: string, c: string): boolean => {
    if (r === '' || c === '') return r === c;
    if (r === target.reference && c === target.candidate) return false;
    const key = `${r}\n${c}`;
    const before = agreed.get(key);
    if (before !== undefined) return before;
    const answer = decide(r, c);
    agreed.set(key, answer);
    return answer;
  };
  const decide = (r: string, c: string): boolean => {
    const [a, b] = [reference.value(r), candidate.value(c)];
    const held = reference.isConstant(r) && candidate.isConstant(c);
    if (a !== undefined && b !== undefined && sameValue(a, b, held ? 0 : tolerance)) return true;
    if (held) return a === undefined && b === undefined && r === c;
    const makers = [reference.producer(r)?.node, candidate.producer(c)?.node] as const;
    // Inside the region a common name means nothing: it is the very place where the values part.
    if (makers[0] !== undefined && reference.inRegion(makers[0])) return false;
    if (makers[1] !== undefined && candidate.inRegion(makers[1])) return false;
    return alignment.ofReference(r).some((m) => m.candidate === c && m.permutation === undefined);
  };
  /** The candidate's tensor that is this one of the reference. */
  const counterpart = (r: string): string | undefined =>
    alignment.ofReference(r).find((m) => m.permutation === undefined && same(r, m.candidate))?.candidate;

  const match = (r: string, c: string, slots: { r: Slot; c: Slot } | null, after: After): Found => {
    if (same(r, c)) return NOTHING;
    const key = `${r}\n${c}\n${after}\n${slots?.c.node.id ?? ''}\n${slots?.c.index ?? ''}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    pairs += 1;
    if (pairs > MOST_PAIRS) return NEVER;
    known.set(key, NEVER);
    let best = NEVER;
    for (const option of options(r, c, slots, after)) {
      const found = option();
      if (found.cost < best.cost) best = found;
    }
    known.set(key, best);
    return best;
  };

  function* options(r: string, c: string, slots: { r: Slot; c: Slot } | null, after: After): Generator<() => Found> {
    const [made, makes] = [reference.producer(r), candidate.producer(c)];
    const held = fixedValue(reference, r);
    const values = [held, held === undefined ? undefined : candidate.value(c)] as const;
    if (slots !== null && values[0] !== undefined && values[1] !== undefined && after === 'node') {
      const [from, to] = values as readonly [Tensor, Tensor];
      // Two computed constants are looked into first: what differs is how they are computed.
      const cost = makes === undefined || made === undefined ? COST.constant : COST.constant + 0.7;
      yield () => ({
        cost,
        differences: [{ kind: 'constant', reference: slots.r, candidate: slots.c, from, to }],
      });
    }
    if (made !== undefined && makes !== undefined) {
      if (made.node.op === makes.node.op) {
        yield () => add(sameOperator(made.node, makes.node), otherOutput(made, makes, slots));
      } else if (made.output === makes.output && after === 'node')
        yield () => otherOperator(made.node, makes.node, made.output);
    }
    if (makes !== undefined && after !== 'missing' && makes.output === 0) {
      const { node, output } = makes;
      for (const [index, tensor] of node.inputs.entries()) {
        if (tensor === '' || isControl(node.op, index) || (candidate.isFixed(tensor) && !candidate.isFixed(c)))
          continue;
        const dynamic = node.inputs.filter((t, i) => i !== index && !candidate.isFixed(t)).length;
        yield () =>
          add(match(r, tensor, slots, 'added'), {
            cost: COST.node + dynamic * COST.moving,
            differences: [{ kind: 'added', candidate: node, through: index, output }],
          });
      }
    }
    if (made !== undefined && after !== 'added' && made.output === 0) {
      const { node } = made;
      for (const [index, tensor] of node.inputs.entries()) {
        if (tensor === '' || isControl(node.op, index) || (reference.isFixed(tensor) && !reference.isFixed(r)))
          continue;
        yield () =>
          add(match(tensor, c, slots, 'missing'), {
            cost: COST.node,
            differences: [{ kind: 'missing', reference: node, through: index, tensor: c, at: slots?.c ?? null }],
          });
      }
    }
    if (slots !== null && after === 'node') {
      const other = counterpart(r);
      if (other !== undefined && other !== c) {
        yield () => ({ cost: COST.wiring, differences: [wiring(slots, other, c)] });
      }
    }
    if (after === 'node') yield () => replaced(r, c);
  }

  const otherOutput = (
    made: { output: number },
    makes: { node: OpNode; output: number },
    slots: { r: Slot; c: Slot } | null,
  ): Found => {
    if (made.output === makes.output) return NOTHING;
    const from = makes.node.outputs[made.output];
    if (slots === null || from === undefined || from === '') return NEVER;
    return {
      cost: COST.output,
      differences: [wiring(slots, from, makes.node.outputs[makes.output] as string)],
    };
  };

  const sameOperator = (r: OpNode, c: OpNode): Found => {
    const names = [...new Set([...Object.keys(r.attributes), ...Object.keys(c.attributes)])];
    const attributes = names
      .filter((name) => !sameAttribute(r.op, name, r.attributes[name], c.attributes[name]))
      .map((name): Difference => {
        const [from, to] = [r.attributes[name], c.attributes[name]];
        return { kind: 'attribute', reference: r, candidate: c, name, from, to };
      });
    return add(
      { cost: attributes.length * COST.attribute, differences: attributes },
      cheapest([() => straight(r, c), ...exchanges(r, c)]),
    );
  };

  const straight = (r: OpNode, c: OpNode, order?: readonly number[]): Found => {
    const count = Math.max(r.inputs.length, c.inputs.length);
    let sum = NOTHING;
    for (let i = 0; i < count && sum.cost < Number.POSITIVE_INFINITY; i++) {
      const at = order?.[i] ?? i;
      const [a, b] = [r.inputs[at] ?? '', c.inputs[i] ?? ''];
      if (a === '' && b === '') continue;
      if (a === '' || b === '') {
        sum = add(sum, {
          cost: COST.operand,
          differences: [
            {
              kind: b === '' ? 'operand-lost' : 'operand-added',
              reference: r,
              candidate: c,
              index: i,
              tensor: b === '' ? a : b,
              value: b === '' ? fixedValue(reference, a) : fixedValue(candidate, b),
            },
          ],
        });
      } else sum = add(sum, match(a, b, { r: { node: r, index: at }, c: { node: c, index: i } }, 'node'));
    }
    return sum;
  };

  /** Other orders of the operands: free where the operator does not mind, a difference of its own elsewhere. */
  function exchanges(r: OpNode, c: OpNode): (() => Found)[] {
    const count = r.inputs.length;
    if (count !== c.inputs.length || count < 2) return [];
    if (isCommutative(r.op) && count === 2) return [() => straight(r, c, [1, 0])];
    const order = c.inputs.map((tensor) => r.inputs.findIndex((other) => other !== '' && same(other, tensor)));
    const isOrder = new Set(order).size === count && !order.includes(-1);
    const tried = [
      ...(isOrder ? [order] : []),
      ...(count === 2 ? [[1, 0]] : []),
      ...(r.op === 'Where' ? [[0, 2, 1]] : []),
    ].filter((o) => o.some((at, i) => at !== i));
    return tried.map((o) => () => {
      if (isCommutative(r.op)) return straight(r, c, o);
      return add(straight(r, c, o), {
        cost: COST.order,
        differences: [{ kind: 'order', reference: r, candidate: c, order: o }],
      });
    });
  }

  /** Another operator of the very same operands; parameters, which mean something else there, may be others. */
  const otherOperator = (r: OpNode, c: OpNode, output: number): Found => {
    const count = Math.max(r.inputs.length, c.inputs.length);
    for (let i = 0; i < count; i++) {
      const [a, b] = [r.inputs[i] ?? '', c.inputs[i] ?? ''];
      if (i > 0 && reference.isFixed(a) && candidate.isFixed(b)) continue;
      if (!same(a, b)) return NEVER;
    }
    return { cost: COST.operator, differences: [{ kind: 'operator', reference: r, candidate: c, output }] };
  };

  const replaced = (r: string, c: string): Found => {
    const [mine, theirs] = [
      between(reference, r, (t) => counterpart(t) !== undefined),
      between(candidate, c, (t) => alignment.ofCandidate(t).some((m) => same(m.reference, t))),
    ];
    if (mine === null || theirs === null || mine.nodes.length === 0) return NEVER;
    const leaves = mine.leaves.flatMap((t): [string, string][] => {
      const other = counterpart(t);
      return other === undefined ? [] : [[t, other]];
    });
    const sameEnd = reference.producer(r)?.node.op === candidate.producer(c)?.node.op;
    return {
      cost:
        (sameEnd ? REPLACED.sameOperator : REPLACED.first) + REPLACED.node * (mine.nodes.length + theirs.nodes.length),
      differences: [
        {
          kind: 'replaced',
          tensors: { reference: r, candidate: c },
          reference: mine.nodes,
          candidate: theirs.nodes,
          leaves: Object.fromEntries(leaves),
        },
      ],
    };
  };

  return match(target.reference, target.candidate, null, 'node').differences;
}

const fixedValue = (side: Side, tensor: string): Tensor | undefined =>
  side.isFixed(tensor) ? side.value(tensor) : undefined;

const wiring = (slots: { r: Slot; c: Slot }, from: string, to: string): Difference => ({
  kind: 'wiring',
  reference: slots.r.node,
  candidate: slots.c.node,
  index: slots.c.index,
  from,
  to,
});

const add = (a: Found, b: Found): Found => ({
  cost: a.cost + b.cost,
  differences: [...a.differences, ...b.differences],
});

function cheapest(options: readonly (() => Found)[]): Found {
  let best = NEVER;
  for (const option of options) {
    const found = option();
    if (found.cost < best.cost) best = found;
    if (best.cost === 0) break;
  }
  return best;
}
