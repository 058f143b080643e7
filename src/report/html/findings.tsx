import type { VNode } from 'preact';
import type { ReportCase } from '../../records/report.ts';
import { visible, visibleLines } from '../escape.ts';
import { failureOf, findingFix, findingsOf } from '../explain.ts';
import { outcome } from '../words.ts';
import { Code } from './glossary.tsx';
import { Part, Prose } from './words.tsx';

/** Verdict and reasons: every finding as sentence, code and what the code means; causes have a part of their own. */
export function Reasons({ c }: { c: ReportCase }): VNode | null {
  const failure = failureOf(c);
  const expected = c.expected;
  if (c.findings.length === 0 && failure === null && expected === undefined) return null;
  return (
    <Part label={c.verdict === 'pass' ? 'Remarks' : 'Why'}>
      {expected === undefined ? null : (
        <p class="expected">
          {outcome(c) === 'expected' ? 'Expected to fail' : 'Was expected to fail'}: <Prose text={expected.reason} />
          {expected.until === undefined ? null : ` (until ${visible(expected.until)})`}
        </p>
      )}
      <ul class="findings">
        {findingsOf(c).map((f) => (
          <li class={f.severity}>
            <p>
              <Prose text={f.message} /> <Code code={f.code} />
            </p>
            <Advice text={findingFix(f)} />
          </li>
        ))}
        {failure === null ? null : (
          <li class="error">
            <p>
              {visible(failure.side)}: <Prose text={failure.failure.message} /> <Code code={failure.failure.code} />
            </p>
            <Advice text={failure.failure.fix ?? null} />
            {failure.failure.detail === undefined ? null : (
              <pre class="log">{visibleLines(failure.failure.detail).join('\n')}</pre>
            )}
          </li>
        )}
      </ul>
    </Part>
  );
}

function Advice({ text }: { text: string | null }): VNode | null {
  return text === null ? null : (
    <p class="soft">
      <b>Do</b> <Prose text={text} />
    </p>
  );
}
