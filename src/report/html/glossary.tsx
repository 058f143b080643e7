import type { VNode } from 'preact';
import type { Report } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { findingHelp } from '../explain.ts';
import { Prose } from './words.tsx';

/** Codes are kebab-case words; anything else came from outside and gets no anchor. */
const known = (code: string): boolean => /^[a-z0-9-]{1,60}$/.test(code) && findingHelp({ code }) !== null;

/** A finding's code, linked to what it means where this version knows it. */
export function Code({ code }: { code: string }): VNode {
  return known(code) ? (
    <a class="code" href={`#code-${code}`}>
      {code}
    </a>
  ) : (
    <code class="code">{visible(code)}</code>
  );
}

/** What the codes of this report mean: the page is read offline, far from the documentation. */
export function Glossary({ report }: { report: Report }): VNode | null {
  const codes = new Set([...report.run.findings, ...report.cases.flatMap((c) => c.findings)].map((f) => f.code));
  const shown = [...codes].filter(known).sort();
  if (shown.length === 0) return null;
  return (
    <section aria-labelledby="codes">
      <h2 id="codes">What the codes mean</h2>
      <dl class="glossary">
        {shown.map((code) => (
          <div id={`code-${code}`}>
            <dt>{code}</dt>
            <dd>
              <Prose text={findingHelp({ code }) ?? ''} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
