import type { ComponentChildren, VNode } from 'preact';
import type { LogScale } from './scale.ts';

/**
 * A drawing surface 100 units wide that stretches with the page. Dots and lines are strokes that do not stretch with it
 * (`vector-effect` in the style sheet), so that a chart is a handful of short paths.
 */
export function Canvas({
  height,
  label,
  children,
}: {
  height: number;
  label: string;
  children: ComponentChildren;
}): VNode {
  return (
    <svg
      viewBox={`0 0 100 ${height}`}
      preserveAspectRatio="none"
      width="100%"
      height={height}
      role="img"
      aria-label={label}
    >
      {children}
    </svg>
  );
}

/** Path of upright lines from `top` to `bottom`. */
export const uprights = (xs: readonly number[], top: number, bottom: number): string =>
  xs.map((x) => `M${x} ${top}V${bottom}`).join('');

/** Path of dots: strokes without length, drawn by their round ends. */
export const dots = (xs: readonly number[], y: number): string => xs.map((x) => `M${x} ${y}h0`).join('');

/** The labels below a chart, in real pixels; those at an end are aligned with it. */
export function Foot({ scale }: { scale: LogScale }): VNode {
  return (
    <svg width="100%" height="18" aria-hidden="true">
      {scale.hasZero ? <text x="2%">0</text> : null}
      {scale.ticks.map((t) => (
        <text x={`${t.at}%`} class={t.at < 5 ? 'first' : t.at > 95 ? 'last' : undefined}>
          {t.label}
        </text>
      ))}
      {scale.hasNonFinite ? (
        <text x="100%" class="last">
          NaN ∞
        </text>
      ) : null}
    </svg>
  );
}
