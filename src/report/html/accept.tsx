import type { VNode } from 'preact';
import type { ReportCase } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { suggestCase, suiteLines } from '../suggest/suggest.ts';
import { outcome } from '../words.ts';
import { Name, Part, Prose } from './words.tsx';

/** For a conversion that fails by its values: the lines that would accept it, and what that would mean. */
export function Accept({ c }: { c: ReportCase }): VNode | null {
  if (outcome(c) !== 'fail') return null;
  const all = suggestCase(c, null);
  if (all.blocked.length > 0 || all.outputs.some((o) => o.refused !== null)) return null;
  // What is broken, or judged by its task, is not mended by wider bounds.
  const isMatterOfBounds = (name: string): boolean =>
    c.outputs.some((o) => o.name === name && o.grade !== 'broken' && o.gate === undefined);
  const shown = all.outputs.filter(
    ({ output, suggestions: [first] }) => first !== undefined && first.kind !== 'auto' && isMatterOfBounds(output),
  );
  const lines = suiteLines({ ...all, outputs: shown });
  if (lines === null) return null;
  return (
    <Part label="To accept it">
      <p class="soft">
        Only once the cause is known, in the suite for this case or conversion; <code>onpar suggest</code> tells what
        else would do.
      </p>
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
