import type { VNode } from 'preact';
import type { OutputComparison } from '../../records/comparison.ts';
import { fromNum } from '../../records/numbers.ts';
import type { ReportCase } from '../../records/report.ts';
import { toleranceWords } from '../explain.ts';
import { byRounding, floorOf } from '../judged.ts';
import { formatNumber } from '../numbers.ts';
import { Canvas, dots, Foot, uprights } from './charts.tsx';
import { type LogScale, logScale } from './scale.ts';
import { Mark, Name, Part, tone } from './words.tsx';

const HEIGHT = 28;
const MIDDLE = HEIGHT / 2;

/** Error against what is allowed: one line an output, all on one log axis, so that the eye sees the distance to the limit. */
export function ErrorAxis({ c }: { c: ReportCase }): VNode | null {
  const outputs = c.outputs.filter((o) => o.metrics.elements > 0 && o.metrics.maxAbs !== null);
  if (outputs.length === 0) return null;
  const scale = logScale(outputs.flatMap(valuesOf));
  return (
    <Part label="Error">
      <div class="axis">
        {outputs.map((o) => (
          <Line o={o} scale={scale} />
        ))}
        <div class="axis-foot">
          <Foot scale={scale} />
        </div>
      </div>
      <p class="soft key">
        <i class="k-dot" /> largest |candidate − reference| <i class="k-faint" /> one sample
        {outputs.some((o) => allowedAtScale(o) !== null) ? (
          <>
            {' '}
            <i class="k-allowed" /> allowed
            {outputs.every((o) => byRounding(o)) ? '' : ', for a value as large as the output’s rms'}
          </>
        ) : null}
        {outputs.some((o) => floorOf(o) !== null) ? (
          <>
            {' '}
            <i class="k-floor" /> noise floor
          </>
        ) : null}
      </p>
    </Part>
  );
}

/**
 * What is allowed for a value of the output's own size: so many noise floors where these decide, else what the tolerance
 * says. Null where an expression, a task gate or float64 decides.
 */
export function allowedAtScale(o: OutputComparison): number | null {
  const { tolerance, metrics, rounding } = o;
  if (tolerance.expression !== undefined) return null;
  if (byRounding(o) && rounding != null && rounding.instrument !== 'dtype-table') {
    const floor = floorOf(o);
    const counts = rounding.instrument === 'noise-floor' && floor !== null && rounding.limit !== null;
    return counts ? floor * fromNum(rounding.limit ?? Number.NaN) : null;
  }
  const allowed =
    fromNum(tolerance.atol) + fromNum(tolerance.rtol) * (metrics.scale === null ? 0 : fromNum(metrics.scale));
  return Number.isNaN(allowed) ? null : allowed;
}

/** What decides where no bound can be drawn. */
const decidedBy = (o: OutputComparison): string =>
  o.gate !== undefined ? 'by its task' : byRounding(o) ? 'by float64' : 'by expression';

function valuesOf(o: OutputComparison): number[] {
  const given = [o.metrics.maxAbs, floorOf(o), allowedAtScale(o), ...o.samples.map((s) => s.maxAbs)];
  return given.filter((v) => v !== null).map(fromNum);
}

function Line({ o, scale }: { o: OutputComparison; scale: LogScale }): VNode {
  const allowed = allowedAtScale(o);
  const floor = floorOf(o);
  const error = o.metrics.maxAbs === null ? null : fromNum(o.metrics.maxAbs);
  const label = `${formatNumber(o.metrics.maxAbs)}${allowed === null ? '' : ` of ${formatNumber(allowed)} allowed`}`;
  return (
    <div class="axis-line">
      <div class="axis-name">
        <Mark shown={o.verdict} grade={o.grade} alone /> <Name text={o.name} longest={44} />
      </div>
      <Canvas height={HEIGHT} label={label}>
        <path
          class="grid"
          d={uprights(
            scale.ticks.map((t) => t.at),
            0,
            HEIGHT,
          )}
        />
        {allowed === null ? null : (
          <>
            <rect class="allowed" y="6" width={scale.x(allowed)} height={HEIGHT - 12} />
            <path class="limit" d={uprights([scale.x(allowed)], 4, HEIGHT - 4)} />
          </>
        )}
        {floor === null ? null : <path class="floor" d={uprights([scale.x(floor)], 4, HEIGHT - 4)} />}
        <path class="faint" d={dots(sampleDots(o, scale), MIDDLE)} />
        {error === null ? null : <path class={`dot ${tone(o.verdict, o.grade)}`} d={dots([scale.x(error)], MIDDLE)} />}
      </Canvas>
      <div class="axis-value">
        <b>{formatNumber(o.metrics.maxAbs)}</b>{' '}
        <span class="soft" title={toleranceWords(o)}>
          {allowed === null ? decidedBy(o) : `of ${formatNumber(allowed)}`}
        </span>
      </div>
    </div>
  );
}

/** Samples that fall on the same place are one dot: a thousand samples stay as light as ten. */
const sampleDots = (o: OutputComparison, scale: LogScale): number[] => [
  ...new Set(
    o.samples.filter((s) => s.maxAbs !== null).map((s) => Math.round(scale.x(fromNum(s.maxAbs ?? 0)) * 2) / 2),
  ),
];
