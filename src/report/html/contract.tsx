import type { VNode } from 'preact';
import type { TensorSpec } from '../../records/contract.ts';
import type { ContractRow, ReportCase } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { formatNumber } from '../numbers.ts';
import { Name, Part } from './words.tsx';

const PAIRED: Record<ContractRow['pairedBy'], string> = {
  name: 'by name',
  position: 'by position',
  map: 'mapped by the suite',
  declared: 'declared by the exporter',
  value: 'by value',
  none: 'not paired',
};

/** Inputs and outputs side by side; only what differs is emphasised. */
export function Contract({ c }: { c: ReportCase }): VNode | null {
  if (c.contract.length === 0) return null;
  const differing = c.contract.filter((row) => row.differences.length > 0).length;
  const body = (
    <div class="scroll">
      <table class="contract">
        <thead>
          <tr>
            <th>
              <span class="sr">side</span>
            </th>
            <th>reference</th>
            <th>candidate</th>
            <th>paired</th>
          </tr>
        </thead>
        <tbody>{c.contract.map(row)}</tbody>
      </table>
    </div>
  );
  // A contract that agrees is one line; the table is there for who wants to see it.
  return (
    <Part label="Contract">
      {differing > 0 ? (
        body
      ) : (
        <details>
          <summary>
            {count(c.contract, 'input')}, {count(c.contract, 'output')}: both sides agree
          </summary>
          {body}
        </details>
      )}
    </Part>
  );
}

function count(rows: readonly ContractRow[], side: ContractRow['side']): string {
  const n = rows.filter((r) => r.side === side).length;
  return `${n} ${side}${n === 1 ? '' : 's'}`;
}

function row(r: ContractRow): VNode {
  return (
    <tr class={r.differences.length > 0 ? 'differs' : ''}>
      <th>{r.side}</th>
      <td>
        <Spec spec={r.reference} differences={[]} />
      </td>
      <td>
        <Spec spec={r.candidate} differences={r.differences} />
      </td>
      <td class="soft">
        {PAIRED[r.pairedBy]}
        {r.differences.length === 0 ? null : <span class="diff"> ≠ {r.differences.map(visible).join(', ')}</span>}
      </td>
    </tr>
  );
}

function Spec({ spec, differences }: { spec: TensorSpec | null; differences: readonly string[] }): VNode {
  if (spec === null) return <span class="soft">has none</span>;
  const marked = (what: readonly string[], text: string): VNode | string =>
    what.some((w) => differences.includes(w)) ? <mark>{text}</mark> : text;
  const q = spec.quantization;
  return (
    <>
      <Name text={spec.name} longest={80} />{' '}
      <code>
        {marked(['dtype'], spec.dtype ?? 'any')} {marked(['shape', 'rank'], shapeWords(spec))}
      </code>
      {q === undefined ? null : (
        <span class="soft">
          {' '}
          scale {formatNumber(q.scales[0])}, zero point {formatNumber(q.zeroPoints[0])}
          {q.scales.length > 1 ? ` … (${q.scales.length} along axis ${q.axis ?? 0})` : ''}
        </span>
      )}
    </>
  );
}

/** `[batch, 1, 8, 8]`; `?` for a dynamic dimension without a name, `[…]` for an undeclared rank. */
const shapeWords = ({ shape }: TensorSpec): string =>
  shape === null ? '[…]' : `[${shape.map((d) => (d === null ? '?' : visible(String(d)))).join(', ')}]`;
