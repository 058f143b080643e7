import type { VNode } from 'preact';
import type { Metrics, OutputComparison } from '../../records/comparison.ts';
import { fromNum, type Num } from '../../records/numbers.ts';
import type { ReportCase } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { mismatchWords, toleranceWords } from '../explain.ts';
import { byRounding } from '../judged.ts';
import { difference, formatCount, formatNumber, formatPair, formatPercent } from '../numbers.ts';
import { outcomeWord } from '../words.ts';
import { Drift } from './drift.tsx';
import { HistogramChart } from './histogram.tsx';
import { HowJudged } from './judged.tsx';
import { Mark, Name, Part, Prose } from './words.tsx';

/** Each output with its measures, the shape of its error and its worst places; healthy ones are folded to a line. */
export function Outputs({ c }: { c: ReportCase }): VNode | null {
  if (c.outputs.length === 0) return null;
  return (
    <Part label={c.outputs.length === 1 ? 'Output' : 'Outputs'}>
      {c.outputs.map((o) => (
        <details class="output" open={o.verdict !== 'pass'}>
          <summary>
            <Mark shown={o.verdict} grade={o.grade} /> <Name text={o.name} />
            {o.candidateName === null || o.candidateName === o.name ? null : (
              <span class="soft">
                {' '}
                (<Name text={o.candidateName} longest={80} /> in the candidate)
              </span>
            )}{' '}
            <span class={o.verdict === 'fail' ? 'verdict-word bad' : 'soft'}>{outcomeWord(o.verdict, o.grade)}</span>
          </summary>
          {isBounded(o) ? (
            <p class="soft">
              Allowed: <Prose text={toleranceWords(o)} />. {mismatch(o)}
            </p>
          ) : null}
          <HowJudged o={o} />
          <Drift o={o} />
          <div class="measures">
            <MetricsTable m={o.metrics} />
            <div>
              <HistogramChart o={o} />
              <WorstPlaces o={o} />
            </div>
          </div>
        </details>
      ))}
    </Part>
  );
}

/** Whether bounds on elements decide: only then it means something how many lie outside. */
const isBounded = (o: OutputComparison): boolean => o.gate === undefined && !byRounding(o);

const mismatch = (o: OutputComparison): string => {
  const words = mismatchWords(o);
  return words === null ? '' : o.metrics.mismatchFraction === 0 ? 'No element lies outside.' : `${words} lie outside.`;
};

function MetricsTable({ m }: { m: Metrics }): VNode {
  const rows: [string, string][] = [
    ['max abs', formatNumber(m.maxAbs)],
    ['max rel', formatNumber(m.maxRel)],
    ['mean abs', formatNumber(m.meanAbs)],
    ['rmse', formatNumber(m.rmse)],
    ['rms of reference', formatNumber(m.scale)],
    ['max abs / rms', formatNumber(m.scaled)],
    ['cosine', cosineWords(m.cosine)],
    ['SQNR', m.sqnrDb === null ? 'n/a' : `${formatNumber(m.sqnrDb)} dB`],
    ['argmax agrees', formatPercent(m.argmaxAgreement)],
    ['elements', formatCount(m.elements)],
    ...(m.nanMismatches > 0 ? [['NaN differs', formatCount(m.nanMismatches)] as [string, string]] : []),
    ...(m.infMismatches > 0 ? [['infinity differs', formatCount(m.infMismatches)] as [string, string]] : []),
    ...(m.ties > 0 ? [['excused as ties', formatCount(m.ties)] as [string, string]] : []),
  ];
  return (
    <table class="metrics">
      <tbody>
        {rows
          .filter(([, value]) => value !== 'n/a')
          .map(([label, value]) => (
            <tr>
              <th>{label}</th>
              <td>{value}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

/** Three digits of 0.9999993 would read as 1: near one, the distance to it is what counts. */
function cosineWords(cosine: Num | null): string {
  const value = cosine === null ? Number.NaN : fromNum(cosine);
  return value > 0.999 && value < 1 ? `1 − ${formatNumber(1 - value)}` : formatNumber(cosine);
}

/** Only an element of a string tensor can hold text that runs the other way. */
const element = (text: string): VNode | string => (text.startsWith('"') ? <bdi>{visible(text)}</bdi> : visible(text));

/** The worst sample's five worst elements, reference first. */
function WorstPlaces({ o }: { o: OutputComparison }): VNode | null {
  const elements = o.worstElements.length > 0 ? o.worstElements : o.worst === null ? [] : [o.worst];
  const first = elements[0];
  if (first === undefined) return null;
  return (
    <div class="scroll">
      <table class="worst">
        <caption>
          Worst places, in sample <Name text={first.sample} longest={60} />
        </caption>
        <thead>
          <tr>
            <th>index</th>
            <th>reference</th>
            <th>candidate</th>
            <th>|difference|</th>
          </tr>
        </thead>
        <tbody>
          {elements.map((e) => {
            const [reference, candidate] = formatPair(e.reference, e.candidate);
            const d = difference(e.reference, e.candidate);
            return (
              <tr>
                <td>[{e.index.join(', ')}]</td>
                <td>{element(reference)}</td>
                <td>{element(candidate)}</td>
                <td>{d === null ? '' : formatNumber(d)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
