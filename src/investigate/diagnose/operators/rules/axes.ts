import type { Alternative, Rule } from '../alternative.ts';
import { attribute, integers, operand, parameter } from '../changes.ts';
import type { Site } from '../site.ts';

/** Operators with one axis as an attribute, with ONNX's default. */
const DEFAULTS: Readonly<Record<string, number>> = {
  Softmax: -1,
  LogSoftmax: -1,
  Hardmax: -1,
  ArgMax: 0,
  ArgMin: 0,
  Concat: 0,
  Split: 0,
  Gather: 0,
  LayerNormalization: -1,
  LpNormalization: -1,
  OneHot: -1,
  TopK: -1,
  GatherElements: 0,
};

/** Every other axis. */
export const oneAxis: Rule = {
  name: 'one-axis',
  codes: ['axis-differs'],
  ops: Object.keys(DEFAULTS),
  alternatives: function* (site) {
    const { node } = site;
    const rank = site.shape(node.inputs[0] ?? '')?.length;
    if (rank === undefined) return;
    const now = modulo(site.number('axis', DEFAULTS[node.op] ?? 0), rank);
    for (let axis = 0; axis < rank; axis++)
      if (axis !== now) yield along(site, [attribute(node, 'axis', axis)], axis, now);
    if (!node.op.endsWith('max') || node.op.startsWith('Arg')) return;
    // Before opset 13 everything behind the axis was flattened.
    for (let axis = 0; axis < rank - 1; axis++)
      yield {
        ...along(
          site,
          [
            { edit: 'insert-before', node: node.id, index: 0, op: 'Flatten', attributes: { axis } },
            attribute(node, 'axis', -1),
          ],
          `all axes from ${axis} on, flattened`,
          now,
        ),
        cost: 3,
        mends: false,
      };
  },
};

const REDUCTIONS = [
  'ReduceMean',
  'ReduceSum',
  'ReduceMax',
  'ReduceMin',
  'ReduceProd',
  'ReduceL1',
  'ReduceL2',
  'ReduceLogSumExp',
  'ReduceSumSquare',
  'ReduceLogSum',
];

/** Other axes for a reduction, and another reduction of the same axes. */
export const reduction: Rule = {
  name: 'reduction',
  codes: ['axis-differs', 'operator-differs'],
  ops: REDUCTIONS,
  alternatives: function* (site) {
    const { node } = site;
    for (const op of REDUCTIONS) if (op !== node.op) yield operator(site, op);
    const rank = site.shape(node.inputs[0] ?? '')?.length;
    if (rank === undefined) return;
    const now = (site.list('axes') ?? site.numbers(1) ?? range(rank)).map((a) => modulo(a, rank)).sort();
    for (const axes of subsets(rank, now.length))
      if (axes.join() !== now.join())
        yield along(site, [parameter(site, 'axes', 1, axes)], axes.join(', '), now.join(', '));
  },
};

export const argument: Rule = {
  name: 'argument',
  codes: ['operator-differs', 'index-differs', 'ties'],
  ops: ['ArgMax', 'ArgMin', 'TopK'],
  alternatives: function* (site) {
    const { node } = site;
    if (node.op === 'TopK') {
      const largest = site.number('largest', 1);
      yield {
        code: 'index-differs',
        node,
        edits: [attribute(node, 'largest', 1 - largest)],
        args: {
          from: largest === 1 ? 'the smallest' : 'the largest',
          to: largest === 1 ? 'the largest' : 'the smallest',
        },
        experiment: largest === 1 ? 'with the smallest' : 'with the largest',
        cost: 1,
      };
      return;
    }
    yield operator(site, node.op === 'ArgMax' ? 'ArgMin' : 'ArgMax');
    const last = site.number('select_last_index', 0);
    yield {
      code: 'ties',
      node,
      edits: [attribute(node, 'select_last_index', 1 - last)],
      args: { from: last === 1 ? 'first' : 'last', to: last === 1 ? 'last' : 'first' },
      experiment: `with the ${last === 1 ? 'first' : 'last'} of equal ones`,
      cost: 1,
    };
  },
};

/** Running sums: axis, direction, with or without the element itself. */
export const runningSum: Rule = {
  name: 'running-sum',
  codes: ['axis-differs', 'attribute-differs'],
  ops: ['CumSum'],
  alternatives: function* (site) {
    const { node } = site;
    const rank = site.shape(node.inputs[0] ?? '')?.length ?? 0;
    const axisNow = site.numbers(1)?.[0];
    if (axisNow !== undefined)
      for (let axis = 0; axis < rank; axis++)
        if (axis !== modulo(axisNow, rank))
          yield along(
            site,
            [operand(node, 1, { ...integers([axis]), shape: site.constant(1)?.shape ?? [] })],
            axis,
            axisNow,
          );
    for (const name of ['exclusive', 'reverse']) {
      const now = site.number(name, 0);
      yield {
        code: 'attribute-differs',
        node,
        edits: [attribute(node, name, 1 - now)],
        args: { attribute: name, from: 1 - now, to: now },
        experiment: `with ${name} ${1 - now}`,
        cost: 1,
      };
    }
  },
};

/** Norms and local responses: their other parameters. */
export const normParameters: Rule = {
  name: 'norm-parameters',
  codes: ['attribute-differs', 'normalisation-differs'],
  ops: ['LpNormalization', 'LpPool', 'GlobalLpPool', 'LRN', 'GroupNormalization'],
  alternatives: function* (site) {
    const { node } = site;
    const give = (
      code: 'attribute-differs' | 'normalisation-differs',
      name: string,
      value: number,
      now: number,
    ): Alternative => ({
      code,
      node,
      edits: [attribute(node, name, value)],
      args: { attribute: name, from: value, to: now },
      experiment: `with ${name} ${value}`,
      cost: 1,
    });
    if (node.op.includes('Lp')) {
      const now = site.number('p', 2);
      const code = node.op === 'LpNormalization' ? 'normalisation-differs' : 'attribute-differs';
      for (const p of [1, 2]) if (p !== now) yield give(code, 'p', p, now);
    } else if (node.op === 'LRN') {
      const size = site.number('size', 1);
      const alpha = site.number('alpha', 0.0001);
      for (const by of [-2, 2, size - 1, size + 1])
        if (size + by > 0) yield give('normalisation-differs', 'size', size + by, size);
      // Some frameworks divide alpha by the size of the window, some do not.
      for (const value of [alpha * size, alpha / size]) yield give('normalisation-differs', 'alpha', value, alpha);
    } else {
      const groups = site.number('num_groups', 1);
      const channels = site.shape(node.inputs[0] ?? '')?.[1];
      for (let n = 1; channels !== undefined && n <= channels; n++)
        if (n !== groups && channels % n === 0) yield give('normalisation-differs', 'num_groups', n, groups);
    }
  },
};

const operator = (site: Site, op: string): Alternative => ({
  code: 'operator-differs',
  node: site.node,
  edits: [{ edit: 'operator', node: site.node.id, op }],
  args: { from: op, to: site.node.op },
  experiment: `as ${op}`,
  cost: 2,
});

function along(site: Site, edits: Alternative['edits'], from: number | string, to: number | string): Alternative {
  const told = site.told('axis').map((v) => (Array.isArray(v) ? v.join(', ') : v));
  return {
    code: 'axis-differs',
    node: site.node,
    edits,
    args: { from, to },
    experiment: `along axis ${from}`,
    cost: 1,
    ...(told.includes(from) ? { told: true } : {}),
  };
}

const modulo = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Sets of axes of the same number first (the result has the same rank without keepdims), then the others. */
function subsets(rank: number, size: number): number[][] {
  const all = Array.from({ length: 2 ** rank - 1 }, (_, bits) => range(rank).filter((a) => ((bits + 1) >> a) & 1));
  return all.sort((a, b) => Math.abs(a.length - size) - Math.abs(b.length - size));
}
