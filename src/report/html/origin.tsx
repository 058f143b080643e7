import type { VNode } from 'preact';
import type { ReportCase, Side } from '../../records/report.ts';
import { visible, visibleLines } from '../escape.ts';
import { formatBytes, formatDuration } from '../numbers.ts';
import { Name, Pairs, Part, shortDigest } from './words.tsx';

/** The end of a log is where the reason stands; the whole tail is in report.json. */
const LOG_CHARACTERS = 4_000;
const LOG_CHARACTERS_PASSING = 1_200;

/** Where it came from: source, exporter, artifact, runtime; then both sides' environment and their logs. */
export function Origin({ c }: { c: ReportCase }): VNode {
  const { artifact, candidate, reference } = c;
  const most = c.verdict === 'pass' ? LOG_CHARACTERS_PASSING : LOG_CHARACTERS;
  return (
    <Part label="Origin">
      <ol class="lineage">
        <li>
          <b>{visible(reference.format)}</b> <code>{visible(reference.path)}</code>{' '}
          <span class="soft">{shortDigest(reference.digest)}</span>
        </li>
        {candidate.exporter === null ? null : (
          <li>
            <b>
              <Name text={candidate.exporter} longest={60} />
            </b>{' '}
            {visible(candidate.exporterVersion ?? '')}{' '}
            {Object.keys(candidate.exporterOptions).length > 0 ? <Pairs of={candidate.exporterOptions} /> : null}
            {artifact === null ? null : <span class="soft"> in {formatDuration(artifact.milliseconds)}</span>}
          </li>
        )}
        {artifact === null ? (
          <li class="soft">no artifact</li>
        ) : (
          <li>
            <b>{visible(artifact.format)}</b> {visible(artifact.precision)} <code>{visible(artifact.path)}</code>{' '}
            {formatBytes(artifact.bytes)} <span class="soft">{shortDigest(artifact.digest)}</span>{' '}
            {Object.keys(artifact.facts).length > 0 ? <Pairs of={artifact.facts} /> : null}
            {artifact.declared.map((d) => (
              <p class="soft">
                declares: {d.side} <Name text={d.name} longest={60} /> {visible(d.dtype ?? '')} {visible(d.reason)}
              </p>
            ))}
          </li>
        )}
        <li>
          <b>
            <Name text={candidate.runtime} longest={60} />
          </b>{' '}
          {visible(candidate.runtimeVersion ?? '')}{' '}
          {Object.keys(candidate.options).length > 0 ? <Pairs of={candidate.options} /> : null}
        </li>
      </ol>
      <details>
        <summary>Both sides: environment, time, memory</summary>
        <Sides reference={reference} candidate={candidate} />
      </details>
      <Log label="Export log" text={artifact?.log ?? ''} most={most} />
      <Log label="Reference log" text={reference.log} most={most} />
      <Log label="Candidate log" text={candidate.log} most={most} />
    </Part>
  );
}

function Sides({ reference, candidate }: { reference: Side; candidate: Side }): VNode {
  const rows: [string, (side: Side) => VNode | string][] = [
    ['runtime', (s) => visible(`${s.runtime} ${s.runtimeVersion ?? ''}`)],
    ['environment', (s) => visible(s.environment)],
    ['packages', (s) => <Pairs of={s.packages} />],
    ['facts', (s) => <Pairs of={s.facts} />],
    ['to open', (s) => formatDuration(s.openMilliseconds)],
    ['to run all samples', (s) => formatDuration(s.runMilliseconds)],
    ['peak memory', (s) => formatBytes(s.peakMemoryBytes)],
  ];
  return (
    <div class="scroll">
      <table class="sides">
        <thead>
          <tr>
            <th>
              <span class="sr">what</span>
            </th>
            <th>reference</th>
            <th>candidate</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([label, show]) => (
            <tr>
              <th>{label}</th>
              <td>{show(reference)}</td>
              <td>{show(candidate)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Log({ label, text, most }: { label: string; text: string; most: number }): VNode | null {
  if (text.trim() === '') return null;
  const cut = text.length > most;
  const lines = visibleLines(text.slice(-most).trimEnd());
  return (
    <details>
      <summary>
        {label}{' '}
        <span class="soft">
          {cut ? `the last ${lines.length} lines` : `${lines.length} line${lines.length === 1 ? '' : 's'}`}
        </span>
      </summary>
      <pre class="log">{lines.join('\n')}</pre>
    </details>
  );
}

/** Commands that run it again, each with a button that copies it. */
export function Again({ c }: { c: ReportCase }): VNode | null {
  if (c.reproduce.length === 0) return null;
  return (
    <Part label="Run again">
      {c.reproduce.map((r) => (
        <div class="command">
          <bdi class="soft">{visible(r.title)}</bdi>
          <pre>
            <code>{visible(r.command)}</code>
          </pre>
          <button type="button" class="copy js-only">
            Copy
          </button>
        </div>
      ))}
    </Part>
  );
}
