import type { DiagnosisCode } from '../../../../core/diagnosis-catalogue.ts';
import type { Alternative, Fit, Rule } from '../alternative.ts';
import { operand, scalar } from '../changes.ts';
import { isMaskValue } from '../mask.ts';
import type { Site } from '../site.ts';
import { writtenEpsilon } from '../written-epsilon.ts';

/** A number by which values are multiplied, divided or raised: other values of it. */
export const scale: Rule = {
  name: 'scale',
  codes: ['scaling-differs', 'constant-differs', 'mask-differs'],
  ops: ['Mul', 'Div', 'Pow', 'Add', 'Sub', 'Where'],
  alternatives: function* (site) {
    const place = scalarOf(site);
    if (place === undefined) return;
    for (const then of usual(site, place.value)) yield changed(site, place, then);
  },
  fits: function* (site) {
    const place = scalarOf(site);
    if (place === undefined || isMaskValue(place.value) || place.value === 0) return;
    const size = Math.abs(place.value);
    yield {
      low: size / 1000,
      high: size * 1000,
      logarithmic: true,
      at: (value: number) => changed(site, place, Math.sign(place.value) * value),
    } satisfies Fit;
  },
};

interface Place {
  readonly index: number;
  readonly value: number;
}

/** The one operand that is a single number; not a small one that keeps from dividing by zero. */
function scalarOf(site: Site): Place | undefined {
  if (writtenEpsilon(site) !== undefined) return undefined;
  const places = [1, 2, 0].flatMap((index): Place[] => {
    const numbers = site.numbers(index);
    const [value] = numbers ?? [];
    return numbers?.length === 1 && value !== undefined ? [{ index, value }] : [];
  });
  const [place] = places;
  return places.length === 1 && place !== undefined ? place : undefined;
}

const MASKS = [Number.NEGATIVE_INFINITY, -3.4028234663852886e38, -1e9, -1e4, -65504];

function usual(site: Site, now: number): number[] {
  if (isMaskValue(now)) return MASKS.filter((v) => v !== now);
  const width = site.shape(site.node.inputs[0] ?? '')?.at(-1);
  const around = [1, 2, 1 / 2, 255, 1 / 255, 127.5, 1 / 127.5, -1].map((f) => f * now);
  const told = site.told('scale').filter((v): v is number => typeof v === 'number');
  const roots = width === undefined ? [] : [Math.sqrt(width), 1 / Math.sqrt(width), width, 1 / width];
  return [
    ...new Set([...told, 1, ...around, ...roots, now * now, Math.sqrt(Math.abs(now)), ...MASKS.slice(0, 3)]),
  ].filter((v) => v !== now && Number.isFinite(v) && !isMaskValue(v));
}

function changed(site: Site, { index, value: now }: Place, then: number): Alternative {
  const { node } = site;
  const code: DiagnosisCode = isMaskValue(now)
    ? 'mask-differs'
    : node.op === 'Pow' || node.op === 'Where'
      ? 'constant-differs'
      : 'scaling-differs';
  const shown = Number(then.toPrecision(6));
  return {
    code,
    node,
    edits: [operand(node, index, scalar(site, node.inputs[index] ?? '', then, site.constant(index)?.shape))],
    args: {
      from: shown,
      to: Number(now.toPrecision(6)),
      ...(code === 'scaling-differs' && node.op !== 'Add' && node.op !== 'Sub'
        ? { factor: Number((node.op === 'Mul' ? now / then : then / now).toPrecision(4)) }
        : {}),
    },
    experiment: `with ${shown} for ${Number(now.toPrecision(6))}`,
    cost: then === 1 ? 2 : 3,
  };
}
