import { makeFinding, type RawFinding } from '../core/findings.ts';
import { NO_RUNTIME } from '../plan/chain.ts';
import type { ChainPlace, Conversion } from '../plan/conversion.ts';
import type { ReportCase } from '../records/report.ts';
import type { Verdict } from '../records/verdict.ts';

type LinkRecord = Pick<ReportCase, 'id' | 'verdict' | 'grade'>;
/** What became of the links before a conversion, first to last; nothing where none was run. */
export type EarlierLinks = readonly (LinkRecord | undefined)[];

const broke = (verdict: Verdict | undefined): boolean => verdict === 'fail' || verdict === 'error';

/** Which link broke parity first, told by every conversion behind it; and what could not be looked at. */
export function chainFindings(
  { id, chain, candidate }: Conversion,
  verdict: Verdict,
  links: EarlierLinks,
): RawFinding[] {
  if (chain === undefined) return [];
  const findings: RawFinding[] = [];
  const unchecked: string[] = [];
  const of = chain.labels.length;
  const at = (index: number) => ({ link: index + 1, of, ...chain.labels[index] });
  const all = [...chain.earlier.map((_, i) => links[i]), { id, verdict, grade: null }];
  const first = all.findIndex((link) => broke(link?.verdict));
  for (const [i, link] of all.slice(0, first < 0 ? -1 : first).entries()) {
    const because = uncheckedBecause(link, chain, i);
    if (because === null) continue;
    unchecked.push(chain.labels[i]?.exporter ?? '');
    findings.push(makeFinding('chain-link-unchecked', `link ${i + 1}`, { ...at(i), because }));
  }
  if (first < 0) return findings;
  const where = `link ${first + 1}`;
  const own = first === all.length - 1;
  if (verdict === 'pass')
    findings.push(makeFinding('chain-recovered', where, { ...at(first), id: all[first]?.id ?? null }));
  else
    findings.push(
      makeFinding('chain-broken-at', where, {
        ...at(first),
        verdict: all[first]?.verdict ?? null,
        unchecked,
        id: own ? null : (all[first]?.id ?? null),
        runtime: candidate.runtime.name,
      }),
    );
  return findings;
}

function uncheckedBecause(link: LinkRecord | undefined, { earlier }: ChainPlace, index: number): string | null {
  if (earlier[index]?.candidate.runtime.name === NO_RUNTIME)
    return `no runtime executes ${earlier[index]?.candidate.format}`;
  if (link === undefined) return 'it was not run';
  return link.verdict === 'pass' ? null : `${link.id} is ${link.verdict}`;
}

/** The chain as the report shows it with a conversion. */
export function chainRecord(
  { id, chain }: Conversion,
  own: Pick<LinkRecord, 'verdict' | 'grade'>,
  links: EarlierLinks,
): Pick<ReportCase, 'chain'> {
  if (chain === undefined) return {};
  const known = [...chain.earlier.map((_, i) => links[i]), { id, ...own }];
  return {
    chain: {
      name: chain.name,
      link: chain.link,
      links: chain.labels.map((label, i) => ({
        ...label,
        id: known[i]?.id ?? null,
        verdict: known[i]?.verdict ?? null,
        grade: known[i]?.grade ?? null,
      })),
    },
  };
}
