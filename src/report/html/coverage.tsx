import type { VNode } from 'preact';
import type { ActivationCoverage, OutputCoverage } from '../../records/coverage.ts';
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
      <Activations all={c.coverage.activations ?? []} />
    </Part>
  );
}

/** Inside the model: a line for each activation that says something, and how many say nothing. */
function Activations({ all }: { all: readonly ActivationCoverage[] }): VNode | null {
  if (all.length === 0) return null;
  const told = all.flatMap((a) => {
    const text = activationWords(a);
    return text === null ? [] : [{ a, text }];
  });
  const quiet = all.length - told.length;
  return (
    <>
      {told.map(({ a, text }) => (
        <p>
          <Name text={a.tensor} longest={32} /> ({a.operator}) {text}
        </p>
      ))}
      {quiet === 0 ? null : (
        <p>
          {quiet} {told.length > 0 ? 'other ' : ''}
          {quiet === 1 ? 'activation' : 'activations'} inside the model moved, none of them flat
        </p>
      )}
    </>
  );
}

function activationWords({ state, low, inactive, saturated }: ActivationCoverage): string | null {
  if (state === 'stuck') return low === 0 ? 'never left zero' : 'never left one value';
  const parts = [
    ...(state === 'still' ? ['came back the same from every sample'] : []),
    ...(inactive === null || inactive === 0 ? [] : [`${percent(inactive)} of its channels never became active`]),
    ...(saturated === null || saturated < 0.01 ? [] : [`${percent(saturated)} of its elements were saturated`]),
  ];
  return parts.length === 0 ? null : parts.join('; ');
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
