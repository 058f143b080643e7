import type { VNode } from 'preact';
import type { Report } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { findingFix, runFindings } from '../explain.ts';
import { formatDate, formatDuration } from '../numbers.ts';
import { type Outcome, totalsSentence, verdictSentence } from '../words.ts';
import { Code } from './glossary.tsx';
import { Name, Prose } from './words.tsx';

/** The first lines: does it hold, how many, which run. */
export function Masthead({ report }: { report: Report }): VNode {
  const { run } = report;
  const good = run.exitCode === 0;
  return (
    <header class="masthead">
      <div class="tools js-only">
        <button type="button" id="theme" title="Switch between light and dark">
          ◐ <span>Theme</span>
        </button>
        <button type="button" id="print" title="Print with everything unfolded">
          ⎙ <span>Print</span>
        </button>
      </div>
      <h1>
        <span class={`mark ${good ? 'good' : 'bad'}`} aria-hidden="true">
          {good ? '✓' : '✗'}
        </span>
        {verdictSentence(report)}
      </h1>
      <p class="lead">{totalsSentence(report)}</p>
      <TotalsBar report={report} />
      <p class="facts">
        <span>
          <Name text={run.title} />
        </span>
        <span>{formatDate(run.startedAt)}</span>
        <span>{formatDuration(run.durationMs)}</span>
        <span>seed {run.seed}</span>
        <span>onpar {visible(report.tool.version)}</span>
        {run.shard === null ? null : (
          <span>
            shard {run.shard.index} of {run.shard.count}
          </span>
        )}
        {run.partial ? <strong>partial run: conversions are missing</strong> : null}
      </p>
      {runFindings(report).map((f) => (
        <p class={`run-finding ${f.severity}`}>
          <Prose text={f.message} /> <Code code={f.code} /> <Prose text={findingFix(f) ?? ''} />
        </p>
      ))}
    </header>
  );
}

/** The same totals as a thin bar, worst on the left; the sentence above says it in words. */
function TotalsBar({ report }: { report: Report }): VNode | null {
  const t = report.totals;
  const parts: [Outcome, number][] = [
    ['fail', t.fail],
    ['error', t.error],
    ['unverifiable', t.unverifiable],
    ['expected', t.expectedFail],
    ['skipped', t.skipped],
    ['pass', t.pass],
  ];
  const all = parts.reduce((sum, [, n]) => sum + n, 0);
  if (all === 0) return null;
  let from = 0;
  return (
    <svg class="totals" width="100%" height="6" aria-hidden="true">
      {parts.map(([kind, n]) => {
        const x = from;
        from += (n / all) * 100;
        return n === 0 ? null : (
          <rect class={`t-${kind}`} x={`${x.toFixed(2)}%`} width={`${((n / all) * 100).toFixed(2)}%`} height="6" />
        );
      })}
    </svg>
  );
}
