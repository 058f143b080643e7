import type { VNode } from 'preact';
import type { OutputCoverage } from '../../records/coverage.ts';
import type { ReportCase } from '../../records/report.ts';
import { Name, Part } from './words.tsx';

/** What the samples moved: a comparison says nothing about what stayed still. */
export function Coverage({ c }: { c: ReportCase }): VNode | null {
  if (c.coverage === undefined) return null;
  const dims = Object.entries(c.coverage.dims);
  return (
    <Part label="Coverage">
      {dims.map(([name, sizes]) => (
        <p>
          <Name text={name} longest={32} /> was {sizes.join(', ')}
        </p>
      ))}
      {c.coverage.outputs.map((o) => (
        <p>
          <Name text={o.name} longest={32} /> {words(o)}
        </p>
      ))}
    </Part>
  );
}

const percent = (share: number): string => (share > 0 && share < 0.01 ? 'under 1 %' : `${Math.round(share * 100)} %`);

function words({ distinct, orMore, still, saturated }: OutputCoverage): string {
  const count = orMore
    ? `${distinct} or more different values`
    : `${distinct} different value${distinct === 1 ? '' : 's'}`;
  const parts = [
    `took ${count}`,
    ...(still === null || still === 0 ? [] : [`${percent(still)} of its elements never moved`]),
    ...(saturated === null || saturated < 0.01 ? [] : [`${percent(saturated)} lie at its lowest or highest value`]),
  ];
  return parts.join('; ');
}
