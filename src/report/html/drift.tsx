import type { VNode } from 'preact';
import type { OutputComparison, StepDrift } from '../../records/comparison.ts';
import { fromNum, type Num } from '../../records/numbers.ts';
import { driftLine } from '../drift.ts';
import { Canvas, dots } from './charts.tsx';
import { logScale } from './scale.ts';
import { Prose } from './words.tsx';

const HEIGHT = 112;
/** Labels below the chart; more of them would touch on a telephone. */
const MOST_LABELS = 6;
/** Pixels from a label's own line to its middle (the style sheet moves all texts of charts down). */
const LABEL_SHIFT = 9;

/** The error of an output of a stateful model over its steps, against what is allowed at each. */
export function Drift({ o }: { o: OutputComparison }): VNode | null {
  const { steps } = o;
  const words = driftLine(o);
  if (words === null || steps === undefined || steps.length < 2) return null;
  const x = (step: number): number => Number((((step + 0.5) / steps.length) * 100).toFixed(2));
  const scale = logScale(
    steps.flatMap((s) => [s.maxAbs, s.floor, s.limit].flatMap((v) => (v === null ? [] : [fromNum(v)]))),
  );
  const y = (value: Num): number => Number((HEIGHT - (scale.x(fromNum(value)) / 100) * HEIGHT).toFixed(1));
  const ofState = (state: StepDrift['state']): string =>
    steps.map((s, i) => (s.state === state ? dots([x(i)], y(s.maxAbs)) : '')).join('');
  return (
    <figure class="drift">
      <figcaption>
        <Prose text={words} />
      </figcaption>
      <div class="drift-axis">
        <svg width="44" height={HEIGHT} aria-hidden="true">
          {scale.hasZero ? (
            <text x="40" y={y(0) - LABEL_SHIFT} class="last">
              0
            </text>
          ) : null}
          {scale.ticks.map((t) => (
            <text x="40" y={HEIGHT - (t.at / 100) * HEIGHT - LABEL_SHIFT} class="last">
              {t.label}
            </text>
          ))}
        </svg>
        <Canvas height={HEIGHT} label={words}>
          <path
            class="grid"
            d={scale.ticks.map((t) => `M0 ${(HEIGHT - (t.at / 100) * HEIGHT).toFixed(1)}H100`).join('')}
          />
          <path class="limit" d={levels(steps, (s) => s.limit, y)} />
          <path class="floor" d={levels(steps, (s) => s.floor, y)} />
          <path class="course" d={steps.map((s, i) => `${i === 0 ? 'M' : 'L'}${x(i)} ${y(s.maxAbs)}`).join('')} />
          <path class="dot faint" d={ofState('silent')} />
          <path class="dot small" d={ofState('within')} />
          <path class="dot small bad" d={ofState('outside')} />
        </Canvas>
        <svg class="drift-foot" width="100%" height="18" aria-hidden="true">
          {labels(steps.length).map((step) => (
            <text x={`${x(step)}%`}>{step + 1}</text>
          ))}
        </svg>
      </div>
      <p class="soft key">
        <i class="k-dot" /> largest |candidate − reference| at each step
        {steps.some((s) => s.state === 'outside') ? (
          <>
            {' '}
            <i class="k-bad" /> beyond what is allowed
          </>
        ) : null}
        {steps.some((s) => s.limit !== null) ? (
          <>
            {' '}
            <i class="k-limit" /> allowed
          </>
        ) : null}
        {steps.some((s) => s.floor !== null) ? (
          <>
            {' '}
            <i class="k-floor" /> noise floor
          </>
        ) : null}
        {steps.some((s) => s.state === 'silent') ? (
          <>
            {' '}
            <i class="k-faint" /> past the horizon
          </>
        ) : null}
      </p>
    </figure>
  );
}

/** A level for each step that has one: flat over the width of the step. */
function levels(steps: readonly StepDrift[], of: (s: StepDrift) => Num | null, y: (value: Num) => number): string {
  const width = 100 / steps.length;
  return steps
    .map((s, i) => {
      const level = of(s);
      return level === null ? '' : `M${(i * width).toFixed(2)} ${y(level)}H${((i + 1) * width).toFixed(2)}`;
    })
    .join('');
}

/** Every so many steps, from the first. */
function labels(count: number): number[] {
  const stride = Math.ceil(count / MOST_LABELS);
  return Array.from({ length: Math.ceil(count / stride) }, (_, i) => i * stride);
}
