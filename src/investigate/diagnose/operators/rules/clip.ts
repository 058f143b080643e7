import { toFloat64 } from '../../../../tensor/values.ts';
import type { Alternative, Rule } from '../alternative.ts';
import { attribute, operand, scalar } from '../changes.ts';
import type { Site } from '../site.ts';

/** Bounds that have a name (ReLU, ReLU6, ReLU1) and those that the reference's value itself shows. */
export const clip: Rule = {
  name: 'clip',
  codes: ['clipping-differs', 'activation-variant', 'activation-added'],
  ops: ['Clip', 'Relu'],
  alternatives: function* (site) {
    const { node } = site;
    const out = node.outputs[0] ?? '';
    const now: Bounds = node.op === 'Relu' ? [0, Number.POSITIVE_INFINITY] : boundsOf(site);
    const { divergence, scene } = site.question;
    const shown =
      divergence?.candidate?.tensor === out
        ? rangeOf(scene.reference?.values.get(divergence.reference.tensor))
        : undefined;
    const told = [...site.told('low'), ...site.told('high')].filter((v): v is number => typeof v === 'number');
    const bounds: Bounds[] = [
      [0, 6],
      [0, 1],
      [-1, 1],
      [Number.NEGATIVE_INFINITY, now[1]],
      [now[0], Number.POSITIVE_INFINITY],
      [0, now[1]],
      [now[0], 6],
      ...told.flatMap((t): Bounds[] => [
        [t, now[1]],
        [now[0], t],
      ]),
      ...(shown === undefined ? [] : ([[now[0], shown[1]], [shown[0], now[1]], shown] satisfies Bounds[])),
    ];
    const seen = new Set([now.join()]);
    for (const then of bounds) {
      if (seen.has(then.join()) || !(then[0] < then[1])) continue;
      seen.add(then.join());
      if (then[0] === Number.NEGATIVE_INFINITY && then[1] === Number.POSITIVE_INFINITY) continue;
      yield bounded(site, then, now, told.includes(then[0]) || told.includes(then[1]));
    }
    if (node.op === 'Clip')
      yield {
        code: 'clipping-differs',
        node,
        edits: [{ edit: 'bypass', node: node.id, index: 0 }],
        args: { from: 'no bounds', to: words(now) },
        experiment: 'without bounds',
        cost: 2,
      };
  },
};

type Bounds = readonly [number, number];

function boundsOf(site: Site): Bounds {
  const low = site.numbers(1)?.[0] ?? site.number('min', Number.NEGATIVE_INFINITY);
  const high = site.numbers(2)?.[0] ?? site.number('max', Number.POSITIVE_INFINITY);
  return [low, high];
}

function rangeOf(value: Parameters<typeof toFloat64>[0] | undefined): Bounds | undefined {
  if (value === undefined || value.dtype === 'string') return undefined;
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of toFloat64(value)) {
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return low < high ? [low, high] : undefined;
}

function bounded(site: Site, then: Bounds, now: Bounds, told: boolean): Alternative {
  const { node } = site;
  const input = node.inputs[0] ?? '';
  const at = (value: number) => (Number.isFinite(value) ? scalar(site, input, value) : null);
  const old = site.has('min') || site.has('max');
  const edits = old
    ? [
        attribute(node, 'min', Number.isFinite(then[0]) ? then[0] : null),
        attribute(node, 'max', Number.isFinite(then[1]) ? then[1] : null),
      ]
    : [
        ...(node.op === 'Clip' ? [] : [{ edit: 'operator', node: node.id, op: 'Clip' } as const]),
        operand(node, 1, at(then[0])),
        operand(node, 2, at(then[1])),
      ];
  return {
    code: 'clipping-differs',
    node,
    edits,
    args: { from: words(then), to: words(now) },
    experiment: `with bounds ${words(then)}`,
    cost: then[0] === now[0] || then[1] === now[1] ? 1 : 2,
    ...(told ? { told } : {}),
  };
}

const words = ([low, high]: Bounds): string => `${low} … ${high}`;
