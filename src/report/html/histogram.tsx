import type { VNode } from 'preact';
import type { OutputComparison } from '../../records/comparison.ts';
import { formatCount } from '../numbers.ts';
import { Canvas, Foot, uprights } from './charts.tsx';
import { allowedAtScale } from './error-axis.tsx';
import { logScale } from './scale.ts';

const HEIGHT = 72;

/** How the errors of one output are spread: bins of equal width in log10, exact agreement and NaN in slots of their own. */
export function HistogramChart({ o }: { o: OutputComparison }): VNode | null {
  const h = o.histogram;
  if (h === null) return null;
  const bins = h.counts
    .map((n, i) => ({ n, from: 10 ** (h.from + i * h.step), to: 10 ** (h.from + (i + 1) * h.step) }))
    .filter((b) => b.n > 0);
  if (bins.length === 0) return null;
  const allowed = allowedAtScale(o);
  const edges = bins.flatMap((b) => [b.from, b.to]);
  const scale = logScale([
    ...edges,
    ...(h.zeros > 0 ? [0] : []),
    ...(h.nonFinite > 0 ? [Number.NaN] : []),
    ...(allowed !== null && allowed > 0 ? [allowed] : []),
  ]);
  const most = Math.max(...bins.map((b) => b.n), h.zeros, h.nonFinite);
  // A bin of one element must still be seen beside one of millions.
  const top = (n: number): number => Number((HEIGHT - Math.max(1.5, (n / most) * (HEIGHT - 12))).toFixed(1));
  const bar = (from: number, to: number, n: number): string =>
    `M${from.toFixed(1)} ${HEIGHT}V${top(n)}H${(to - 0.2).toFixed(1)}V${HEIGHT}`;
  const path = (some: typeof bins): string => some.map((b) => bar(scale.x(b.from), scale.x(b.to), b.n)).join('');
  const over =
    path(bins.filter((b) => allowed !== null && b.from >= allowed)) +
    (h.nonFinite > 0 ? bar(96.5, 99.7, h.nonFinite) : '');
  return (
    <figure>
      <figcaption>
        |error| of {formatCount(o.metrics.elements)} elements
        {h.zeros > 0 ? `, ${formatCount(h.zeros)} agree exactly` : ''}
        {h.nonFinite > 0 ? `, ${formatCount(h.nonFinite)} not finite` : ''}
      </figcaption>
      <Canvas height={HEIGHT} label={`Histogram of errors, largest bin ${most} elements`}>
        {h.zeros > 0 ? <path class="bar zero" d={bar(0.5, 3.7, h.zeros)} /> : null}
        <path class="bar" d={path(bins.filter((b) => allowed === null || b.from < allowed))} />
        {over === '' ? null : <path class="bar over" d={over} />}
        {allowed === null ? null : <path class="limit" d={uprights([scale.x(allowed)], 0, HEIGHT)} />}
        <path class="grid" d={`M0 ${HEIGHT}H100`} />
      </Canvas>
      <Foot scale={scale} />
    </figure>
  );
}
