import { takeRows } from '../../../../tensor/rows.ts';
import type { Tensor } from '../../../../tensor/tensor.ts';
import type { Alternative, Rule } from '../alternative.ts';
import { attribute, integers, operand } from '../changes.ts';
import { isAdditiveMask, leadsToMask } from '../mask.ts';
import type { Site } from '../site.ts';

/** The diagonal from which a triangle is kept, and which one. */
export const triangle: Rule = {
  name: 'triangle',
  codes: ['mask-differs', 'attribute-differs'],
  ops: ['Trilu'],
  alternatives: function* (site) {
    const { node } = site;
    const code = leadsToMask(site, node.outputs[0] ?? '') ? 'mask-differs' : 'attribute-differs';
    const now = site.numbers(1)?.[0] ?? 0;
    for (const by of [1, -1])
      yield {
        code,
        node,
        edits: [operand(node, 1, { ...integers([now + by]), shape: [] })],
        args: { attribute: 'k', from: now + by, to: now },
        experiment: `with the diagonal ${now + by}`,
        cost: 1,
      };
    const upper = site.number('upper', 1);
    yield {
      code,
      node,
      edits: [attribute(node, 'upper', 1 - upper)],
      args: { attribute: 'upper', from: 1 - upper, to: upper },
      experiment: 'with the other triangle',
      cost: 2,
    };
  },
};

/** A mask that the model holds: shifted by one along either axis, or the other way round. */
export const maskTable: Rule = {
  name: 'mask-table',
  codes: ['mask-differs'],
  ops: ['Where', 'Add', 'And'],
  alternatives: function* (site) {
    const { node } = site;
    for (const index of node.op === 'Where' ? [0] : [0, 1]) {
      const table = site.constant(index);
      if (table === undefined || table.shape.length < 1) continue;
      if (node.op === 'Add' ? !isAdditiveMask(table) : table.dtype !== 'bool') continue;
      for (const axis of [table.shape.length - 1, table.shape.length - 2])
        for (const by of [1, -1])
          if ((table.shape[axis] ?? 0) > 2) yield masked(site, index, shifted(table, axis, by), `shifted by ${by}`, 1);
    }
    if (node.op === 'Where' && leadsToMask(site, node.outputs[0] ?? ''))
      yield masked(site, 0, undefined, 'the other way round', 2);
  },
};

/** A mask that is computed, the other way round. */
function masked(site: Site, index: number, table: Tensor | undefined, words: string, cost: number): Alternative {
  const { node } = site;
  return {
    code: 'mask-differs',
    node,
    edits: [
      table === undefined ? { edit: 'insert-before', node: node.id, index, op: 'Not' } : operand(node, index, table),
    ],
    args: { from: words },
    experiment: `with the mask ${words}`,
    cost,
  };
}

/** Slices moved along an axis; the one at the border stands twice. */
function shifted(table: Tensor, axis: number, by: number): Tensor {
  const count = table.shape[axis] as number;
  const rows = Array.from({ length: count }, (_, i) => Math.min(count - 1, Math.max(0, i + by)));
  return takeRows(table, axis, rows);
}
