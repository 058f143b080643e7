import type { VNode } from 'preact';
import type { SampleComparison } from '../../records/comparison.ts';
import type { ReportCase, ReportSample } from '../../records/report.ts';
import { formatNumber } from '../numbers.ts';
import { symbol } from '../words.ts';
import { fileHref, Name, Part, shortDigest, tone } from './words.tsx';

/** Longer tables are read in report.json; failing samples come first then. What passes needs fewer to be believed. */
const MOST_SAMPLES = 60;
const MOST_PASSING_SAMPLES = 24;

/** Samples × outputs: which input shows it. */
export function Samples({ c }: { c: ReportCase }): VNode | null {
  if (c.samples.length === 0) return null;
  const failing = c.samples.filter((s) => s.verdict !== 'pass');
  const most = c.verdict === 'pass' ? MOST_PASSING_SAMPLES : MOST_SAMPLES;
  const passing = c.samples.filter((s) => s.verdict === 'pass');
  const ordered = c.samples.length > most ? [...failing, ...passing].slice(0, most) : c.samples;
  const byOutput = c.outputs.map((o) => new Map(o.samples.map((s) => [s.sample, s])));
  return (
    <Part label="Samples">
      <details open={c.verdict === 'fail' && c.samples.length <= 20}>
        <summary>{samplesWords(c.samples.length, failing.length)}</summary>
        <div class="scroll">
          <table class="samples">
            <thead>
              <tr>
                <th>sample</th>
                <th>shapes</th>
                {c.outputs.length === 0 ? <th>verdict</th> : null}
                {c.outputs.map((o) => (
                  <th>
                    <Name text={o.name} longest={32} />
                  </th>
                ))}
                <th>seed · digest</th>
              </tr>
            </thead>
            <tbody>{ordered.map((s) => row(s, byOutput))}</tbody>
          </table>
        </div>
        {ordered.length < c.samples.length ? (
          <p class="soft">The other {c.samples.length - ordered.length} are in report.json.</p>
        ) : null}
        {c.tensors === null ? null : (
          <p class="soft">
            Tensors of the worst sample, <Name text={c.tensors.sample} longest={60} />:{' '}
            {(
              [
                ['inputs', c.tensors.inputs],
                ['reference', c.tensors.reference],
                ['candidate', c.tensors.candidate],
              ] as const
            ).map(([label, path]) =>
              path === null ? null : (
                <>
                  <a href={fileHref(path)}>{label}</a>{' '}
                </>
              ),
            )}
          </p>
        )}
      </details>
    </Part>
  );
}

function samplesWords(all: number, failing: number): string {
  const samples = `${all} sample${all === 1 ? '' : 's'}`;
  return failing === 0 ? `${samples}, all within what is allowed` : `${failing} of ${samples} did not pass`;
}

function row(s: ReportSample, byOutput: readonly Map<string, SampleComparison>[]): VNode {
  return (
    <tr>
      <th>
        <Name text={s.id} longest={60} />
      </th>
      <td>{s.shape.map((shape) => shape.join('×') || 'scalar').join(', ')}</td>
      {byOutput.length === 0 ? (
        <td class={tone(s.verdict, null)}>
          {symbol(s.verdict, null)} {s.verdict}
        </td>
      ) : null}
      {byOutput.map((samples) => cell(samples.get(s.id)))}
      <td>
        {s.seed} · {shortDigest(s.digest).slice(0, 8)}
      </td>
    </tr>
  );
}

function cell(m: SampleComparison | undefined): VNode {
  if (m === undefined) return <td>not compared</td>;
  return (
    <td class={m.verdict === 'pass' ? undefined : tone(m.verdict, m.grade)}>
      {symbol(m.verdict, m.grade)} {m.maxAbs === 0 ? '' : formatNumber(m.maxAbs)}
    </td>
  );
}
