import type { ComponentChildren, VNode } from 'preact';
import type { Grade } from '../../records/verdict.ts';
import { splitCode, visible } from '../escape.ts';
import { type Outcome, outcomeWord, symbol } from '../words.ts';

/** Beyond this a name is cut in its middle; the whole one is the tooltip. */
const LONGEST_NAME = 140;

/** A name that came out of a model or a suite: isolated against right-to-left scripts, control characters made visible. */
export function Name({ text, longest = LONGEST_NAME }: { text: string; longest?: number }): VNode {
  const safe = visible(text);
  if (safe.length <= longest) return <bdi class="n">{safe}</bdi>;
  const half = Math.floor(longest / 2);
  return (
    <bdi class="n" title={safe}>
      {safe.slice(0, half)}…{safe.slice(-half)}
    </bdi>
  );
}

/** A sentence of ours that may hold foreign names and commands between backticks. */
export function Prose({ text }: { text: string }): VNode {
  return <bdi>{splitCode(visible(text)).map((part) => (part.code ? <code>{part.text}</code> : part.text))}</bdi>;
}

/** Class of a colour: grades by their place in the sequence, failures red; an accepted error is never coloured like a failure. */
export const tone = (shown: Outcome, grade: Grade | null): string =>
  shown === 'fail' || shown === 'error'
    ? 'bad'
    : shown === 'pass'
      ? `g-${grade === 'different' || grade === 'broken' ? 'close' : (grade ?? 'identical')}`
      : `v-${shown}`;

/** The symbol of a verdict; what it means is said beside it or, `alone`, to screen readers and as a tooltip. */
export function Mark({ shown, grade, alone = false }: { shown: Outcome; grade: Grade | null; alone?: boolean }): VNode {
  const word = outcomeWord(shown, grade);
  return alone ? (
    <span class={`mark ${tone(shown, grade)}`} role="img" aria-label={word} title={word}>
      {symbol(shown, grade)}
    </span>
  ) : (
    <span class={`mark ${tone(shown, grade)}`} aria-hidden="true">
      {symbol(shown, grade)}
    </span>
  );
}

/** One labelled part of a conversion: the label stands in the margin where there is room. */
export function Part({ label, children }: { label: string; children: ComponentChildren }): VNode {
  return (
    <section class="part">
      <h4>{label}</h4>
      <div>{children}</div>
    </section>
  );
}

/** `key value` pairs as one quiet line: options, facts, packages. */
export function Pairs({ of }: { of: Readonly<Record<string, unknown>> }): VNode {
  const entries = Object.entries(of);
  if (entries.length === 0) return <span class="soft">none</span>;
  return (
    <span class="pairs">
      {entries.map(([key, value]) => (
        <code>
          <i>{clip(key)}</i> {clip(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))}
        </code>
      ))}
    </span>
  );
}

const clip = (text: string): string => visible(text.length > 120 ? `${text.slice(0, 119)}…` : text);

/** Fragment for a conversion. Ids of the page's own elements never hold a slash, a conversion's always do. */
export function anchor(id: string): string {
  const plain = id.replace(/[^\w./@+-]/g, '-');
  const whole = plain === id ? plain : `${plain.slice(0, 80)}-${hash(id)}`;
  return whole.includes('/') ? whole : `case/${whole}`;
}

/** FNV-1a: enough to tell apart ids that lose characters above. */
function hash(text: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return h.toString(36);
}

/** A relative link to a file of the run folder: never a scheme, never a host, whatever the record says. */
export const fileHref = (path: string): string =>
  `./${path
    .split(/[\\/]/)
    .filter((p) => p !== '' && p !== '..' && p !== '.')
    .map(encodeURIComponent)
    .join('/')}`;

/** A digest as people compare it. */
export const shortDigest = (digest: string | null): string =>
  digest === null ? 'not known' : visible(digest.replace(/^sha256:/, '').slice(0, 12));
