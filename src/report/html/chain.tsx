import type { VNode } from 'preact';
import type { ReportCase } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { outcomeWord } from '../words.ts';
import { anchor, Mark, Name, Part } from './words.tsx';

/** The links of a chain of exporters, each with its verdict; those before this one lead to their conversion. */
export function Chain({ c }: { c: ReportCase }): VNode | null {
  if (c.chain === undefined) return null;
  return (
    <Part label="Chain">
      <ol class="chain">
        {c.chain.links.map((link, i) => {
          const own = i + 1 === c.chain?.link;
          const words = (
            <>
              <b>
                <Name text={link.exporter} longest={60} />
              </b>{' '}
              <span class="soft">
                {visible(link.from)} → {visible(link.to)}
              </span>
            </>
          );
          return (
            <li>
              {link.verdict === null ? '· ' : <Mark shown={link.verdict} grade={link.grade} />}{' '}
              {link.id === null || own ? words : <a href={`#${anchor(link.id)}`}>{words}</a>}{' '}
              <span class="soft">
                {own ? 'this conversion: ' : ''}
                {link.verdict !== null
                  ? outcomeWord(link.verdict, link.grade)
                  : i + 1 < (c.chain?.link ?? 0)
                    ? 'not checked'
                    : 'still to come'}
              </span>
            </li>
          );
        })}
      </ol>
    </Part>
  );
}
