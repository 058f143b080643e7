import type { VNode } from 'preact';
import type { Report, ReportCase } from '../../records/report.ts';
import { primaryReason, remedy, worstFirst } from '../explain.ts';
import { blocks, outcome, outcomeWord } from '../words.ts';
import { anchor, Mark, Name, Prose, tone } from './words.tsx';

/** More than this and the list is no longer read; the rest is folded. */
const SHOWN = 10;

/** What broke, worst first; conversions of one case with the same reason are one entry. */
export function WhatBroke({ report }: { report: Report }): VNode | null {
  const groups = grouped(worstFirst(report.cases.filter(blocks)));
  if (groups.length === 0) return null;
  const rest = groups.slice(SHOWN);
  return (
    <section aria-labelledby="broke">
      <h2 id="broke">What broke</h2>
      <ol class="broke">{groups.slice(0, SHOWN).map(entry)}</ol>
      {rest.length === 0 ? null : (
        <details>
          <summary>{rest.length} more</summary>
          <ol class="broke">{rest.map(entry)}</ol>
        </details>
      )}
    </section>
  );
}

type Group = readonly [ReportCase, ...ReportCase[]];

function grouped(cases: readonly ReportCase[]): Group[] {
  const groups = new Map<string, [ReportCase, ...ReportCase[]]>();
  for (const c of cases) {
    const key = JSON.stringify([c.case, outcome(c), c.grade, primaryReason(c)]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [c]);
    else group.push(c);
  }
  return [...groups.values()];
}

function entry(group: Group): VNode {
  const [c] = group;
  const shown = outcome(c);
  const fix = remedy(c);
  const place = c.firstDivergence;
  return (
    <li>
      <Mark shown={shown} grade={c.grade} />
      <div>
        <p class="what">
          {group.map((member) => (
            <a href={`#${anchor(member.id)}`}>
              <Name text={member.id} />
            </a>
          ))}
          <span class={`verdict-word ${tone(shown, c.grade)}`}>{outcomeWord(shown, c.grade)}</span>
        </p>
        <p>
          <Prose text={primaryReason(c)} />
        </p>
        {c.diagnoses.slice(0, 1).map((d) => (
          <p class="kv">
            <b>Cause</b> <Prose text={d.message} />
          </p>
        ))}
        {fix === null ? null : (
          <p class="kv">
            <b>Do</b> <Prose text={fix} />
          </p>
        )}
        {place === null ? null : (
          <p class="kv">
            <b>Where</b>
            <span>
              first wrong at <Name text={place.tensor} />
              {place.source === null ? null : (
                <>
                  {' ('}
                  <Name text={place.source} />)
                </>
              )}
            </span>
          </p>
        )}
      </div>
    </li>
  );
}
