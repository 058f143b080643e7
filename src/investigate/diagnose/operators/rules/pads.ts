import type { Alternative, Rule } from '../alternative.ts';
import { attribute, choices, integers, operand, scalar, settings } from '../changes.ts';
import type { Site } from '../site.ts';

/** Amounts of padding for convolutions and poolings: all begins, then all ends, as ONNX lists them. */
type Pads = readonly number[];

/** Convolutions and poolings: at the other side, shifted by one, another amount of the same output size, or another mode. */
export const windowPads: Rule = {
  name: 'window-pads',
  codes: ['padding-differs'],
  ops: ['Conv', 'ConvTranspose', 'AveragePool', 'MaxPool', 'LpPool', 'ConvInteger', 'FusedConv'],
  alternatives: function* (site) {
    const { node } = site;
    const pads = padsOf(site);
    if (pads === undefined) return;
    for (const other of otherPads(pads))
      yield padded(site, other, [attribute(node, 'auto_pad', null), attribute(node, 'pads', [...other])], pads);
    for (const mode of ['SAME_UPPER', 'SAME_LOWER', 'VALID']) {
      if (site.text('auto_pad', 'NOTSET') === mode) continue;
      const edits = [attribute(node, 'pads', null), attribute(node, 'auto_pad', mode)];
      yield { ...padded(site, mode, edits, pads), cost: 4 };
    }
    if (node.op !== 'Conv' || pads.every((n) => n === 0)) return;
    const rank = pads.length / 2;
    const whole = [0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)];
    for (const mode of ['reflect', 'edge', 'wrap'])
      yield {
        ...padded(
          site,
          mode,
          [
            attribute(node, 'auto_pad', null),
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
              operands: [integers(whole)],
              attributes: { mode },
            },
          ],
          pads,
        ),
        cost: 5,
      };
  },
};

function padded(site: Site, from: Pads | string, edits: Alternative['edits'], to: Pads): Alternative {
  const words = typeof from === 'string' ? from : `pads ${from.join(', ')}`;
  return {
    code: 'padding-differs',
    node: site.node,
    edits,
    args: { from: words, to: `pads ${to.join(', ')}` },
    experiment: `with ${words}`,
    cost: 3,
  };
}

/** The pads of a node; none set counts as zeros. Undefined where its rank is not known. */
function padsOf(site: Site): Pads | undefined {
  const given = site.list('pads');
  if (given !== undefined) return given;
  const shape = site.shape(site.node.inputs[0] ?? '');
  return shape === undefined ? undefined : new Array<number>(2 * Math.max(0, shape.length - 2)).fill(0);
}

/** Other amounts, likeliest first: sides exchanged, one more before and one less behind, all at one side, none, axes exchanged. */
export function otherPads(pads: Pads): Pads[] {
  const rank = pads.length / 2;
  const begin = pads.slice(0, rank);
  const end = pads.slice(rank);
  const total = begin.map((n, i) => n + (end[i] as number));
  const zeros = begin.map(() => 0);
  const all: Pads[] = [
    [...end, ...begin],
    [...begin.map((n) => n + 1), ...end.map((n) => n - 1)],
    [...begin.map((n) => n - 1), ...end.map((n) => n + 1)],
    [...total, ...zeros],
    [...zeros, ...total],
    total.flatMap((n) => [Math.floor(n / 2)]).concat(total.map((n) => Math.ceil(n / 2))),
    total.map((n) => Math.ceil(n / 2)).concat(total.map((n) => Math.floor(n / 2))),
    // Under a stride the size can be the same with another total.
    [...begin, ...end.map((n) => n + 1)],
    [...begin.map((n) => n + 1), ...end],
    [...begin, ...end.map((n) => n - 1)],
    [...begin.map((n) => n - 1), ...end],
    pads.map((n) => n + 1),
    pads.map((n) => n - 1),
    ...(rank === 2 ? [[...begin].reverse().concat([...end].reverse())] : []),
    // One axis alone.
    ...begin.flatMap((_, axis) => {
      const shifted = (by: number) => pads.map((n, i) => (i === axis ? n + by : i === axis + rank ? n - by : n));
      return rank > 1 ? [shifted(1), shifted(-1)] : [];
    }),
  ];
  const seen = new Set([pads.join()]);
  return all.filter((p) => {
    if (p.some((n) => n < 0) || seen.has(p.join())) return false;
    seen.add(p.join());
    return true;
  });
}

/** The Pad operator itself: its mode, its value, its sides. */
export const pad: Rule = {
  name: 'pad',
  codes: ['padding-differs'],
  ops: ['Pad'],
  alternatives: function* (site) {
    const { node } = site;
    const now = { mode: site.text('mode', 'constant') };
    for (const then of choices({ mode: ['constant', 'reflect', 'edge', 'wrap'] })) {
      const { edits, from, to } = settings(node, now, then);
      if (edits.length > 0)
        yield { code: 'padding-differs', node, edits, args: { from, to }, experiment: `with ${from}`, cost: 2 };
    }
    if (now.mode === 'constant') {
      const value = site.numbers(2)?.[0] ?? 0;
      for (const other of [0, 1, -1, Number.NEGATIVE_INFINITY, -3.4028234663852886e38])
        if (other !== value)
          yield {
            code: 'padding-differs',
            node,
            edits: [operand(node, 2, scalar(site, node.inputs[0] ?? '', other))],
            args: { from: `value ${other}`, to: `value ${value}` },
            experiment: `with the value ${other}`,
            cost: 2,
          };
    }
    const pads = site.numbers(1) ?? site.list('pads');
    if (pads === undefined) return;
    for (const other of otherPads(pads)) {
      const edit = site.has('pads') ? attribute(node, 'pads', [...other]) : operand(node, 1, integers(other));
      yield { ...padded(site, other, [edit], pads), cost: 3 };
    }
  },
};
