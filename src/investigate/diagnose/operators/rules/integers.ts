import type { Alternative, Rule } from '../alternative.ts';
import { attribute } from '../changes.ts';
import type { Site } from '../site.ts';

/** The sign of a remainder. */
export const modulo: Rule = {
  name: 'modulo',
  codes: ['integer-arithmetic'],
  ops: ['Mod'],
  alternatives: function* ({ node, number }) {
    const now = number('fmod', 0);
    yield {
      code: 'integer-arithmetic',
      node,
      edits: [attribute(node, 'fmod', 1 - now)],
      args: { from: `fmod ${1 - now}`, to: `fmod ${now}` },
      experiment: now === 1 ? 'with the sign of the divisor' : 'with the sign of the dividend',
      cost: 1,
    };
  },
};

const ROUNDINGS = ['Floor', 'Ceil', 'Round'];

/** Another rounding to whole numbers. */
export const rounding: Rule = {
  name: 'rounding',
  codes: ['operator-differs', 'operator-added'],
  ops: ROUNDINGS,
  alternatives: function* (site) {
    const { node } = site;
    for (const op of ROUNDINGS)
      if (op !== node.op)
        yield {
          code: 'operator-differs',
          node,
          edits: [{ edit: 'operator', node: node.id, op }],
          args: { from: op, to: node.op },
          experiment: `as ${op}`,
          cost: 1,
        };
    yield added(site);
  },
};

/** Operators of one operand that can simply be too many. */
export const unary: Rule = {
  name: 'unary',
  codes: ['operator-added', 'operator-differs'],
  ops: ['Abs', 'Neg', 'Exp', 'Log', 'Sqrt', 'Reciprocal', 'Sin', 'Cos', 'Not', 'Sign'],
  alternatives: function* (site) {
    yield added(site);
    const pair = { Sin: 'Cos', Cos: 'Sin' }[site.node.op];
    if (pair !== undefined)
      yield {
        code: 'operator-differs',
        node: site.node,
        edits: [{ edit: 'operator', node: site.node.id, op: pair }],
        args: { from: pair, to: site.node.op },
        experiment: `as ${pair}`,
        cost: 1,
      };
  },
};

const added = (site: Site): Alternative => ({
  code: 'operator-added',
  node: site.node,
  edits: [{ edit: 'bypass', node: site.node.id, index: 0 }],
  args: { operator: site.node.op },
  experiment: `without ${site.node.op}`,
  cost: 2,
});
