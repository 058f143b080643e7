import type { VNode } from 'preact';
import type { OutputComparison, SampleComparison } from '../../records/comparison.ts';
import { fromNum, type Num } from '../../records/numbers.ts';
import { gateWords, type Question, questionsOf, remarksOf, ruleWords, times } from '../judged.ts';
import { formatNumber, formatPercent } from '../numbers.ts';
import { symbol } from '../words.ts';
import { Canvas, dots, Foot, uprights } from './charts.tsx';
import { type LogScale, logScale } from './scale.ts';
import { Name, Prose, tone } from './words.tsx';

const HEIGHT = 20;
/** The samples with the largest ratios; the others are in report.json. */
const MOST_SAMPLES = 12;

/** How one output was judged: the rule, the questions on one log axis of ratios, and error, floor, ratio of each sample. */
export function HowJudged({ o }: { o: OutputComparison }): VNode | null {
  const r = o.rounding ?? null;
  const questions = r === null ? [] : questionsOf(r);
  const measured = o.samples.filter((s) => s.floor !== null || s.ratio !== null);
  const remarks = r === null ? [] : remarksOf(r);
  return (
    <div class="judged">
      <p>
        <b>Judged by</b> <Prose text={ruleWords(o)} />
      </p>
      {o.gate === undefined ? null : <GateFacts gate={o.gate} />}
      {questions.length === 0 ? null : <Questions of={questions} />}
      {remarks.map((text) => (
        <p class="soft remark">
          <Prose text={text} />
        </p>
      ))}
      {measured.length === 0 ? null : <Floors of={measured} folded={o.verdict === 'pass'} />}
    </div>
  );
}

function GateFacts({ gate }: { gate: NonNullable<OutputComparison['gate']> }): VNode {
  const { worst } = gate;
  return (
    <p class={gate.holds ? 'soft' : 'bad'}>
      {gate.holds ? '✓' : '✗'} {gateWords(gate)}
      {worst === null ? null : (
        <span class="soft">
          {'. '}
          Worst in sample <Name text={worst.sample} longest={60} /> ({formatPercent(worst.value)})
          {worst.row.length === 0 ? '' : `, row [${worst.row.join(', ')}]`}: <Prose text={worst.what} />
        </span>
      )}
    </p>
  );
}

/** Ratios of different questions share an axis: what lies left of its own limit holds. */
function Questions({ of }: { of: readonly Question[] }): VNode {
  const scale = logScale(of.flatMap((q) => [fromNum(q.ratio), fromNum(q.limit)]));
  return (
    <div class="questions">
      {of.map((q) => (
        <QuestionLine q={q} scale={scale} />
      ))}
      <div class="question foot">
        <span class="soft">as a multiple of rounding</span>
        <Foot scale={scale} />
      </div>
    </div>
  );
}

function QuestionLine({ q, scale }: { q: Question; scale: LogScale }): VNode {
  const limit = scale.x(fromNum(q.limit));
  const colour = !q.decides ? 'v-skipped' : q.holds ? 'g-equivalent' : 'bad';
  return (
    <div class={`question${q.decides ? '' : ' aside'}`}>
      <div class="asked">
        {q.title}{' '}
        <b class={q.decides && !q.holds ? 'bad' : undefined}>{q.decides ? (q.holds ? 'yes' : 'no') : 'not decisive'}</b>
      </div>
      <Canvas height={HEIGHT} label={`${q.title} ${times(q.ratio)}, limit ${times(q.limit)}`}>
        <path
          class="grid"
          d={uprights(
            scale.ticks.map((t) => t.at),
            0,
            HEIGHT,
          )}
        />
        <rect class="allowed" y="4" width={limit} height={HEIGHT - 8} />
        <path class="limit" d={uprights([limit], 2, HEIGHT - 2)} />
        <path class={`dot ${colour}`} d={dots([scale.x(fromNum(q.ratio))], HEIGHT / 2)} />
      </Canvas>
      <div class="axis-value">
        <b>{times(q.ratio)}</b> <span class="soft">limit {times(q.limit)}</span>
      </div>
      <p class="soft numbers">{q.numbers}</p>
    </div>
  );
}

/** Error, floor and ratio of the samples, the largest ratio first. */
function Floors({ of, folded }: { of: readonly SampleComparison[]; folded: boolean }): VNode {
  const size = (value: Num | null): number => {
    const n = value === null ? -1 : fromNum(value);
    return Number.isNaN(n) ? Number.POSITIVE_INFINITY : n;
  };
  const sorted = [...of].sort((a, b) => size(b.ratio) - size(a.ratio));
  const shown = sorted.slice(0, MOST_SAMPLES);
  return (
    <details open={!folded}>
      <summary>
        {shown.length < of.length ? `The ${shown.length} largest of ${of.length} samples` : 'Each sample'}
      </summary>
      <div class="scroll">
        <table class="floors">
          <thead>
            <tr>
              <th>sample</th>
              <th>error</th>
              <th>floor</th>
              <th>ratio</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {shown.map((s) => (
              <tr>
                <th>
                  <Name text={s.sample} longest={44} />
                </th>
                <td>{formatNumber(s.maxAbs)}</td>
                <td>{formatNumber(s.floor)}</td>
                <td>{s.ratio === null ? 'n/a' : times(s.ratio)}</td>
                <td class={tone(s.verdict, s.grade)}>{symbol(s.verdict, s.grade)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
