import type { VNode } from 'preact';
import type { ReportCase } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { numberWords, primaryReason } from '../explain.ts';
import { formatNumber } from '../numbers.ts';
import { blocks, outcome, outcomeWord } from '../words.ts';
import { Accept } from './accept.tsx';
import { Chain } from './chain.tsx';
import { Contract } from './contract.tsx';
import { Coverage } from './coverage.tsx';
import { ErrorAxis } from './error-axis.tsx';
import { Reasons } from './findings.tsx';
import { Cause } from './investigation.tsx';
import { Again, Origin } from './origin.tsx';
import { Outputs } from './outputs.tsx';
import { Samples } from './samples.tsx';
import { anchor, Mark, Name, Prose, tone } from './words.tsx';

/** One conversion: a line in the list that unfolds. `brief` leaves to report.json what a page of thousands cannot carry. */
export function Conversion({ c, brief, open }: { c: ReportCase; brief: boolean; open: boolean }): VNode {
  const shown = outcome(c);
  return (
    <details
      class="case"
      id={anchor(c.id)}
      data-v={shown}
      data-b={blocks(c) ? '1' : undefined}
      data-k={keywords(c)}
      open={open}
    >
      <summary>
        <Mark shown={shown} grade={c.grade} />
        <span class="case-id">
          <Name text={c.id} />
        </span>
        <span class={blocks(c) ? `verdict-word ${tone(shown, c.grade)}` : undefined}>
          {outcomeWord(shown, c.grade)}
        </span>
        <span class="note soft">
          <Prose text={note(c)} />
        </span>
      </summary>
      <div class="body">{brief ? <Brief c={c} /> : <Full c={c} />}</div>
    </details>
  );
}

function Full({ c }: { c: ReportCase }): VNode {
  return (
    <>
      <Reasons c={c} />
      <Cause c={c} />
      <Chain c={c} />
      <ErrorAxis c={c} />
      <Contract c={c} />
      <Outputs c={c} />
      <Accept c={c} />
      <Samples c={c} />
      <Coverage c={c} />
      <Origin c={c} />
      <Again c={c} />
    </>
  );
}

function Brief({ c }: { c: ReportCase }): VNode {
  return (
    <>
      <p class="soft">
        {c.outputs
          .map(
            (o) =>
              `${visible(o.name)}: max abs ${formatNumber(o.metrics.maxAbs)}, of scale ${formatNumber(o.metrics.scaled)}`,
          )
          .join(' · ')}
        . This report is large; the rest is in report.json.
      </p>
      <Again c={c} />
    </>
  );
}

function note(c: ReportCase): string {
  const shown = outcome(c);
  if (shown === 'expected') return c.expected?.reason ?? '';
  if (shown === 'pass' || shown === 'fail') return numberWords(c) || (shown === 'fail' ? primaryReason(c) : '');
  return primaryReason(c);
}

/** What the search finds beside the id: tags, formats, codes. */
const keywords = (c: ReportCase): string =>
  visible(
    [
      ...new Set([
        ...c.tags,
        c.reference.format,
        c.candidate.exporter ?? '',
        ...c.findings.map((f) => f.code),
        ...c.diagnoses.map((d) => d.code),
      ]),
    ]
      .join(' ')
      .slice(0, 500),
  );
