import type { VNode } from 'preact';
import type { Report } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { formatBytes } from '../numbers.ts';
import { Name, Pairs, shortDigest } from './words.tsx';

/** On what it ran: the machine and the toolchains. */
export function Environment({ report }: { report: Report }): VNode {
  const e = report.environment;
  return (
    <section aria-labelledby="environment">
      <h2 id="environment">Environment</h2>
      <table class="sides">
        <tbody>
          <tr>
            <th scope="row">machine</th>
            <td>
              {visible(`${e.os} ${e.arch}, ${e.cpu}`)}, {e.cores} cores, {formatBytes(e.memoryBytes)}
            </td>
          </tr>
          <tr>
            <th scope="row">node</th>
            <td>{visible(e.node)}</td>
          </tr>
          {Object.entries(e.toolchains).map(([name, t]) => (
            <tr>
              <th scope="row">
                <Name text={name} longest={40} />
              </th>
              <td>
                {visible(t.python === undefined ? `node ${t.node ?? ''}` : `Python ${t.python}`)}{' '}
                <Pairs of={t.packages} />
              </td>
            </tr>
          ))}
          <tr>
            <th scope="row">run</th>
            <td>
              <Name text={report.run.id} longest={60} />{' '}
              <span class="soft">plan {shortDigest(report.run.plan)} · all records: </span>
              <a href="./report.json">report.json</a>
            </td>
          </tr>
        </tbody>
      </table>
    </section>
  );
}
