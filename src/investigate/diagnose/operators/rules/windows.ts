import type { Rule } from '../alternative.ts';
import { attribute, choices, integers, scalar, settings } from '../changes.ts';

/** count_include_pad and ceil_mode: only the border of a pooling shows them. */
export const poolBorder: Rule = {
  name: 'pool-border',
  codes: ['pool-border'],
  ops: ['AveragePool', 'MaxPool', 'LpPool'],
  alternatives: function* (site) {
    const { node, number } = site;
    const now: Record<string, number> = {
      ceil_mode: number('ceil_mode', 0),
      ...(node.op === 'AveragePool' ? { count_include_pad: number('count_include_pad', 0) } : {}),
    };
    const both = node.op === 'AveragePool' ? { count_include_pad: [0, 1] } : {};
    for (const then of choices({ ceil_mode: [0, 1], ...both })) {
      const { edits, from, to, changed } = settings(node, now, then as Record<string, number>);
      if (edits.length === 0) continue;
      const told = site.told('countIncludePad')[0];
      const asTold = told !== undefined && changed.join() === 'count_include_pad';
      yield {
        code: 'pool-border',
        node,
        edits,
        args: { from, to },
        experiment: `with ${from}`,
        cost: changed.length,
        ...(asTold && Number(told) === (then as Record<string, number>).count_include_pad ? { told: true } : {}),
      };
    }
    const pads = site.list('pads');
    if (node.op !== 'MaxPool' || pads === undefined || pads.every((n) => n === 0)) return;
    const rank = pads.length / 2;
    yield {
      code: 'pool-border',
      node,
      edits: [
        attribute(
          node,
          'pads',
          pads.map(() => 0),
        ),
        {
          edit: 'insert-before',
          node: node.id,
          index: 0,
          op: 'Pad',
          operands: [
            integers([0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)]),
            scalar(site, node.inputs[0] ?? '', 0),
          ],
        },
      ],
      args: { from: 'padding of zeros', to: 'padding left out of the maximum' },
      experiment: 'with zeros as padding',
      cost: 4,
    };
  },
};

/** Dilation and stride of a window, with the padding that keeps the size of what comes out. */
export const windowSteps: Rule = {
  name: 'window-steps',
  codes: ['window-differs', 'operator-differs'],
  ops: ['Conv', 'AveragePool', 'MaxPool', 'LpPool', 'GlobalAveragePool', 'GlobalMaxPool', 'FusedConv'],
  alternatives: function* (site) {
    const { node } = site;
    const shape = site.shape(node.inputs[0] ?? '');
    const other = OTHERS[node.op];
    if (other !== undefined)
      yield {
        code: 'operator-differs',
        node,
        edits: [{ edit: 'operator', node: node.id, op: other }],
        args: { from: other, to: node.op },
        experiment: `as ${other}`,
        cost: 2,
      };
    if (shape === undefined || node.op.startsWith('Global')) return;
    const rank = shape.length - 2;
    const ones = new Array<number>(rank).fill(1);
    const kernel = site.list('kernel_shape') ?? site.shape(node.inputs[1] ?? '')?.slice(2) ?? ones;
    const strides = site.list('strides') ?? ones;
    const dilations = site.list('dilations') ?? ones;
    const pads = site.list('pads') ?? new Array<number>(2 * rank).fill(0);
    const give = (name: string, value: readonly number[], to: readonly number[], more: readonly number[]) => ({
      code: 'window-differs' as const,
      node,
      edits: [
        attribute(node, name, [...value]),
        ...(more.join() === pads.join() ? [] : [attribute(node, 'auto_pad', null), attribute(node, 'pads', [...more])]),
      ],
      args: { from: `${name} ${value.join(', ')}`, to: `${name} ${to.join(', ')}` },
      experiment: `with ${name} ${value.join(', ')}`,
      cost: more.join() === pads.join() ? 2 : 3,
    });
    for (const by of [1, 2, 3, 4]) {
      if (dilations.every((d) => d === by) || kernel.every((k) => k === 1)) continue;
      const then = dilations.map(() => by);
      yield give('dilations', then, dilations, pads);
      const wider = kernel.map((k, i) => (k - 1) * (by - (dilations[i] as number)));
      const both = [
        ...wider.map((w, i) => (pads[i] as number) + Math.floor(w / 2)),
        ...wider.map((w, i) => (pads[i + rank] as number) + Math.ceil(w / 2)),
      ];
      const before = [...wider.map((w, i) => (pads[i] as number) + w), ...pads.slice(rank)];
      for (const more of [both, before]) if (more.every((n) => n >= 0)) yield give('dilations', then, dilations, more);
    }
    for (const by of [1, 2, 3])
      if (!strides.every((s) => s === by))
        yield give(
          'strides',
          strides.map(() => by),
          strides,
          pads,
        );
    if (node.op.endsWith('Pool'))
      for (const by of [-1, 1]) {
        const then = kernel.map((k) => k + by);
        if (then.every((k) => k > 0)) yield give('kernel_shape', then, kernel, pads);
      }
  },
};

const OTHERS: Readonly<Record<string, string>> = {
  AveragePool: 'MaxPool',
  MaxPool: 'AveragePool',
  GlobalAveragePool: 'GlobalMaxPool',
  GlobalMaxPool: 'GlobalAveragePool',
};
