import type { VNode } from 'preact';
import { fromNum } from '../../records/numbers.ts';
import type { Report, ReportCase } from '../../records/report.ts';
import { largestRatio, largestScaled } from '../explain.ts';
import { formatNumber } from '../numbers.ts';
import { LEGEND, outcome, outcomeWord, symbol } from '../words.ts';
import { anchor, Name, tone } from './words.tsx';

/** Rows beyond this are found by search in the list below. */
const MOST_ROWS = 500;

interface Row {
  readonly label: string;
  readonly cells: Map<string, ReportCase[]>;
}

/** Case × candidate: a row for each artifact, a column for each runtime. */
export function Matrix({ report }: { report: Report }): VNode | null {
  const { runtimes, cases, rows, shownRows } = arrange(report.cases);
  if (rows === 0) return null;
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard */}
      <section class="scroll" tabIndex={0} aria-label="Matrix of all conversions">
        <table class="matrix">
          <thead>
            <tr>
              <th scope="col" colSpan={2}>
                case
              </th>
              {runtimes.map((runtime) => (
                <th scope="col">
                  <Name text={runtime} longest={40} />
                </th>
              ))}
            </tr>
          </thead>
          {cases.map(([name, members]) => (
            <tbody>
              {members.map((row, i) => (
                <tr>
                  {i > 0 ? null : (
                    <th scope="rowgroup" rowSpan={members.length}>
                      <Name text={name} longest={60} />
                    </th>
                  )}
                  <th scope="row">
                    → <Name text={row.label} longest={60} />
                  </th>
                  {runtimes.map((runtime) => (
                    <td>{row.cells.get(runtime)?.map(cell) ?? <span class="none">·</span>}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </section>
      {shownRows === rows ? null : (
        <p class="soft">
          The first {shownRows} of {rows} artifacts; all conversions are in the list below.
        </p>
      )}
      <Legend />
    </>
  );
}

function cell(c: ReportCase): VNode {
  const shown = outcome(c);
  const ratio = largestRatio(c);
  const scaled = largestScaled(c);
  const judged = shown === 'pass' || shown === 'fail';
  const number = !judged
    ? outcomeWord(shown, c.grade)
    : ratio !== null
      ? `${formatNumber(ratio, 2)}×`
      : scaled === null || fromNum(scaled) === 0
        ? ''
        : formatNumber(scaled, 2);
  return (
    <a class={`cell ${tone(shown, c.grade)}`} href={`#${anchor(c.id)}`} title={`${outcomeWord(shown, c.grade)}`}>
      <b>{symbol(shown, c.grade)}</b> {number}
    </a>
  );
}

function Legend(): VNode {
  return (
    <dl class="legend">
      {LEGEND.map(([sign, word, meaning]) => (
        <div>
          <dt>{sign}</dt>
          <dd title={meaning}>{word}</dd>
        </div>
      ))}
      <div>
        <dt>·</dt>
        <dd>not asked for</dd>
      </div>
      <div>
        <dt>1e-6</dt>
        <dd>largest error, as a share of the output’s rms</dd>
      </div>
    </dl>
  );
}

function arrange(all: readonly ReportCase[]): {
  runtimes: string[];
  cases: [string, Row[]][];
  rows: number;
  shownRows: number;
} {
  const runtimes = new Set<string>();
  const cases = new Map<string, Map<string, ReportCase[]>>();
  let rows = 0;
  for (const c of all) {
    const artifacts = cases.get(c.case) ?? new Map<string, ReportCase[]>();
    cases.set(c.case, artifacts);
    const key = artifactKey(c);
    const members = artifacts.get(key);
    if (members === undefined) {
      rows += 1;
      if (rows <= MOST_ROWS) artifacts.set(key, [c]);
    } else members.push(c);
    if (rows <= MOST_ROWS) runtimes.add(c.candidate.runtime);
  }
  const shown = [...cases].filter(([, artifacts]) => artifacts.size > 0);
  return {
    runtimes: [...runtimes],
    cases: shown.map(([name, artifacts]) => [name, labelled([...artifacts.values()])]),
    rows,
    shownRows: Math.min(rows, MOST_ROWS),
  };
}

const precisionOf = (c: ReportCase): string => c.artifact?.precision ?? '';
const artifactKey = (c: ReportCase): string =>
  // A conversion that was skipped has no artifact to tell its precision by.
  JSON.stringify([
    c.candidate.format,
    precisionOf(c) === 'float32' ? '' : precisionOf(c),
    c.candidate.exporter,
    c.candidate.exporterOptions,
  ]);

/** Each row as shortly as it can be told from the others of its case: format and precision, then exporter, then options. */
function labelled(groups: readonly (readonly ReportCase[])[]): Row[] {
  const steps: ((c: ReportCase) => string)[] = [
    (c) => [c.candidate.format, precisionOf(c) === 'float32' ? '' : precisionOf(c)].filter((p) => p !== '').join(' '),
    (c) => c.candidate.exporter ?? '',
    (c) =>
      Object.entries(c.candidate.exporterOptions)
        .map(([k, v]) => `${k} ${String(v)}`)
        .join(' '),
  ];
  let labels = groups.map(() => '');
  for (const step of steps) {
    const counts = new Map<string, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    labels = labels.map((label, i) => {
      const c = groups[i]?.[0];
      return c === undefined || (label !== '' && counts.get(label) === 1) ? label : `${label} ${step(c)}`.trim();
    });
  }
  return groups.map((members, i) => {
    const cells = new Map<string, ReportCase[]>();
    for (const c of members) cells.set(c.candidate.runtime, [...(cells.get(c.candidate.runtime) ?? []), c]);
    return { label: labels[i] ?? '', cells };
  });
}
