import type { Alternative, Rule } from '../alternative.ts';
import { operand } from '../changes.ts';
import { isAdditiveMask, leadsToMask } from '../mask.ts';
import type { Site } from '../site.ts';

const COMPARISONS = ['Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Equal'];

export const comparison: Rule = {
  name: 'comparison',
  codes: ['comparison-differs', 'mask-differs'],
  ops: COMPARISONS,
  alternatives: function* (site) {
    const code = leadsToMask(site, site.node.outputs[0] ?? '') ? 'mask-differs' : 'comparison-differs';
    for (const op of COMPARISONS)
      if (op !== site.node.op)
        yield {
          code,
          node: site.node,
          edits: [{ edit: 'operator', node: site.node.id, op }],
          args: { from: op, to: site.node.op },
          experiment: `as ${op}`,
          // Inclusive for exclusive is likelier than the other way round.
          cost: op.slice(0, 4) === site.node.op.slice(0, 4) ? 1 : 2,
        };
  },
};

const PARTNERS: Readonly<Record<string, readonly string[]>> = {
  Add: ['Sub', 'Mul', 'Max'],
  Sub: ['Add'],
  Mul: ['Div', 'Add'],
  Div: ['Mul'],
  Max: ['Min', 'Add'],
  Min: ['Max'],
  And: ['Or', 'Xor'],
  Or: ['And', 'Xor'],
  Sum: ['Mean', 'Max', 'Min'],
  Mean: ['Sum', 'Max', 'Min'],
};

/** Operators of two operands: exchanged, another of their kind, or left out for one of the operands. */
export const binary: Rule = {
  name: 'binary',
  codes: ['operands-swapped', 'operator-differs', 'operator-added', 'mask-differs'],
  ops: [
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Pow',
    'Max',
    'Min',
    'Mod',
    'And',
    'Or',
    'Sum',
    'Mean',
    'BitShift',
    'MatMul',
    'PRelu',
  ],
  alternatives: function* (site) {
    const { node } = site;
    if (['Sub', 'Div', 'Pow', 'Mod', 'MatMul', 'BitShift'].includes(node.op)) yield swapped(site, 0, 1);
    for (const op of PARTNERS[node.op] ?? [])
      yield {
        code: 'operator-differs',
        node,
        edits: [{ edit: 'operator', node: node.id, op }],
        args: { from: op, to: node.op },
        experiment: `as ${op}`,
        cost: 2,
      };
    if (!['Add', 'Sub', 'Mul', 'Div'].includes(node.op)) return;
    // Constants are biases and scales: what they are is told by comparing them.
    for (const index of [0, 1])
      if (site.constant(1 - index) === undefined)
        yield {
          code: isAdditiveMask(site.input(1 - index)) ? 'mask-differs' : 'operator-added',
          node,
          edits: [{ edit: 'bypass', node: node.id, index }],
          args: { operator: node.op },
          experiment: `without ${node.op}`,
          cost: 3,
        };
  },
};

/** A choice between two values, the other way round. */
export const choice: Rule = {
  name: 'choice',
  codes: ['operands-swapped', 'mask-differs'],
  ops: ['Where'],
  alternatives: function* (site) {
    const filler = [1, 2].some((i) => (site.numbers(i)?.length ?? 0) === 1);
    // A constant on one side is what masked places get.
    yield { ...swapped(site, 1, 2), code: filler ? 'mask-differs' : 'operands-swapped' };
    yield* bypassed(site, filler);
  },
};

function* bypassed(site: Site, filler: boolean): Generator<Alternative> {
  if (!filler) return;
  for (const index of [1, 2])
    if (site.numbers(index) === undefined)
      yield {
        code: 'mask-differs',
        node: site.node,
        edits: [{ edit: 'bypass', node: site.node.id, index }],
        args: { from: 'no mask', to: 'a mask' },
        experiment: 'without the mask',
        cost: 2,
      };
}

function swapped(site: Site, a: number, b: number): Alternative {
  const { node } = site;
  const put = (to: number, from: number) => operand(node, to, site.constant(from) ?? node.inputs[from] ?? null);
  return {
    code: 'operands-swapped',
    node,
    edits: [put(a, b), put(b, a)],
    args: {},
    experiment: 'with its operands exchanged',
    cost: 1,
  };
}
