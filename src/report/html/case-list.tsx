import type { VNode } from 'preact';
import type { Report, ReportCase } from '../../records/report.ts';
import { worstFirst } from '../explain.ts';
import { blocks, type Outcome, outcome } from '../words.ts';
import { Conversion } from './case.tsx';
import { Matrix } from './matrix.tsx';

/** Up to here every conversion is told in full; beyond, only the worst are, so that the page still opens. */
const FULL_PAGE = 250;
/** Conversions that begin unfolded. */
const OPEN_AT_FIRST = 1;

const FILTERS: readonly (readonly [Outcome, string])[] = [
  ['fail', 'fail'],
  ['error', 'error'],
  ['unverifiable', 'unverifiable'],
  ['expected', 'expected'],
  ['skipped', 'skipped'],
  ['pass', 'pass'],
];

/** Matrix, filter and the list of conversions in suite order. */
export function AllConversions({ report }: { report: Report }): VNode | null {
  const { cases } = report;
  if (cases.length === 0) return null;
  const ranked = worstFirst(cases);
  const full = new Set<ReportCase>(ranked.slice(0, FULL_PAGE));
  const open = new Set<ReportCase>(ranked.filter(blocks).slice(0, OPEN_AT_FIRST));
  return (
    <section aria-labelledby="conversions">
      <h2 id="conversions">All conversions</h2>
      <Matrix report={report} />
      <Toolbar cases={cases} />
      <div id="list">
        {cases.map((c) => (
          <Conversion c={c} brief={!full.has(c)} open={open.has(c)} />
        ))}
      </div>
      <p id="nothing" class="soft" hidden>
        Nothing matches.{' '}
        <button type="button" id="clear">
          Show all
        </button>
      </p>
    </section>
  );
}

function Toolbar({ cases }: { cases: readonly ReportCase[] }): VNode {
  const count = (kind: Outcome): number => cases.filter((c) => outcome(c) === kind).length;
  const present = FILTERS.filter(([kind]) => count(kind) > 0);
  return (
    <search class="toolbar js-only">
      <input
        id="search"
        type="search"
        placeholder="Search case, runtime, tag or code"
        aria-label="Search conversions"
        autocomplete="off"
        spellcheck={false}
      />
      {present.length < 2 ? null : (
        <fieldset class="filters">
          <legend class="sr">Show</legend>
          <button type="button" data-filter="" aria-pressed="true">
            all {cases.length}
          </button>
          {present.map(([kind, label]) => (
            <button type="button" data-filter={kind} aria-pressed="false">
              {label} {count(kind)}
            </button>
          ))}
        </fieldset>
      )}
      <button type="button" id="fold">
        Unfold all
      </button>
    </search>
  );
}
