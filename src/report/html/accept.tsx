import type { VNode } from 'preact';
import type { ReportCase } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { suggestCase, suiteLines } from '../suggest/suggest.ts';
import { outcome } from '../words.ts';
import { Name, Part, Prose } from './words.tsx';

/** For a conversion that fails by its values: the lines that would accept it, and what that would mean. */
export function Accept({ c }: { c: ReportCase }): VNode | null {
  if (outcome(c) !== 'fail') return null;
  const suggestion = suggestCase(c);
  const lines = suiteLines(suggestion);
  if (lines === null || suggestion.blocked.length > 0) return null;
  const shown = suggestion.outputs.filter(({ suggestions: [first] }) => first !== undefined && first.kind !== 'auto');
  return (
    <Part label="To accept it">
      <p class="soft">Only once the cause is known. In the suite, for this case or conversion:</p>
      <pre class="log">{lines.map(visible).join('\n')}</pre>
      <ul class="accepts">
        {shown.map(({ output, suggestions: [first], warnings }) => (
          <li>
            <Name text={output} longest={60} /> <span class="soft">{first?.accepts}</span>
            {warnings.map((text) => (
              <p class="warn">
                <Prose text={text} />
              </p>
            ))}
          </li>
        ))}
      </ul>
    </Part>
  );
}
