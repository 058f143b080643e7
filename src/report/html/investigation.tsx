import type { VNode } from 'preact';
import type { Divergence, TrackedNode } from '../../records/investigation.ts';
import { fromNum, type Num } from '../../records/numbers.ts';
import type { Diagnosis, ReportCase } from '../../records/report.ts';
import { beforeAfter, experimentText, furtherDivergences, investigationRemark } from '../cause-text.ts';
import { visible } from '../escape.ts';
import { formatDuration, formatNumber, formatPercent } from '../numbers.ts';
import { Canvas, dots, Foot, uprights } from './charts.tsx';
import { Code } from './glossary.tsx';
import { type LogScale, logScale } from './scale.ts';
import { Name, Part, Prose } from './words.tsx';

/** Why and where: each cause with the experiment that shows it, then the way of the error through the model. */
export function Cause({ c }: { c: ReportCase }): VNode | null {
  const { investigation } = c;
  if (investigation === undefined && c.diagnoses.length === 0 && c.firstDivergence === null) return null;
  const remark = investigationRemark(c);
  return (
    <Part label="Cause">
      {c.diagnoses.map((d) => (
        <Experiment d={d} />
      ))}
      <Where c={c} />
      {investigation === undefined || investigation.nodes.length === 0 ? null : (
        <Path nodes={investigation.nodes} at={investigation.divergences} />
      )}
      {remark === null ? null : (
        <p class="soft">
          <Prose text={remark} />
        </p>
      )}
      {investigation === undefined || investigation.status === 'none' ? null : (
        <details>
          <summary class="soft">
            {investigation.experiments} experiments in {formatDuration(investigation.milliseconds)}
          </summary>
          <ul class="plain">
            {investigation.alignment === null ? null : <Alignment a={investigation.alignment} />}
            {investigation.notes.map((note) => (
              <li>
                <Prose text={note} />
              </li>
            ))}
            {investigation.bisections.map((b) => (
              <li>
                <Prose
                  text={`${b.over}: ${b.culprit ?? 'none makes it agree'} (${b.trials.length} tried${b.complete ? '' : ', not all'})`}
                />
              </li>
            ))}
          </ul>
        </details>
      )}
    </Part>
  );
}

function Experiment({ d }: { d: Diagnosis }): VNode {
  const text = experimentText(d);
  const pair = beforeAfter(d);
  return (
    <div class="experiment">
      <p>
        <b>{d.title === undefined ? 'Cause' : visible(d.title)}</b> <Prose text={d.message} /> <Code code={d.code} />{' '}
        {d.code === 'unknown' ? null : <span class="soft">confidence {formatPercent(d.confidence)}</span>}
      </p>
      {text === null || pair === null ? null : (
        <>
          <p class="soft">
            <Prose text={text} />
          </p>
          <Bars {...pair} />
        </>
      )}
      {d.next === undefined ? null : (
        <p>
          <b>Do</b> <Prose text={d.next} />
        </p>
      )}
    </div>
  );
}

/** Error before and after the experiment, on one log axis: the gap is the explanation. */
function Bars({ before, after }: { before: number; after: number }): VNode {
  const scale = logScale([before, after]);
  const bar = (name: string, value: number) => (
    <div class="bar-line">
      <span class="soft">{name}</span>
      <Canvas height={10} label={`${name}: ${formatNumber(value)}`}>
        <path class={name === 'before' ? 'bar bad' : 'bar'} d={`M0 5H${scale.x(value)}`} />
      </Canvas>
      <span class="axis-value">{formatNumber(value)}</span>
    </div>
  );
  return (
    <div class="bars">
      {bar('before', before)}
      {bar('after', after)}
    </div>
  );
}

function Where({ c }: { c: ReportCase }): VNode | null {
  const place = c.firstDivergence;
  if (place === null) return null;
  const further = furtherDivergences(c);
  return (
    <>
      <p>
        <b>Where</b> first wrong at <Name text={place.tensor} />, {visible(place.opType)} <Name text={place.node} />
        <Source place={place.source} text={c.investigation?.divergences[0]?.reference.source?.text} />
      </p>
      {further.map((d) => (
        <p>
          <b>Also</b> at <Name text={d.reference.tensor} />, {visible(d.reference.opType)}{' '}
          <Name text={d.reference.node} />
          <Source
            place={d.reference.source === null ? null : `${d.reference.source.file}:${d.reference.source.line ?? ''}`}
            text={d.reference.source?.text}
          />
        </p>
      ))}
    </>
  );
}

function Source({ place, text }: { place: string | null; text: string | undefined }): VNode | null {
  if (place === null) return null;
  return (
    <>
      {', '}
      <code>{visible(place)}</code>
      {text === undefined ? null : <pre class="log">{visible(text)}</pre>}
    </>
  );
}

const HEIGHT = 12;

/** The way of the error through the model, node by node: what each makes by itself, and what has gathered up to it. */
function Path({ nodes, at }: { nodes: readonly TrackedNode[]; at: readonly Divergence[] }): VNode {
  const errors = nodes
    .flatMap(({ local, accumulated }) => [local, accumulated])
    .flatMap((e) => (e === null ? [] : [fromNum(e)]));
  const scale = logScale(errors);
  const culprits = new Set(at.map(({ reference }) => reference.node));
  return (
    <div class="path">
      <div class="path-rows">
        {nodes.map((n) => (
          <PathNode n={n} scale={scale} culprit={culprits.has(n.node)} />
        ))}
      </div>
      <div class="path-foot">
        <Foot scale={scale} />
      </div>
      <p class="soft key">
        <i class="k-dot" /> error gathered up to here <i class="k-limit" /> made by this node, fed with the reference’s
        inputs; relative to the size of the value
      </p>
    </div>
  );
}

function PathNode({ n, scale, culprit }: { n: TrackedNode; scale: LogScale; culprit: boolean }): VNode {
  const said = (e: Num | null): string => (e === null ? 'not measured' : formatNumber(e));
  return (
    <div class={culprit ? 'path-line culprit' : 'path-line'}>
      <span class="path-name">
        {culprit ? <b>first wrong </b> : null}
        <span class="soft">{visible(n.opType)}</span> <Name text={n.node} longest={48} />
      </span>
      <Canvas height={HEIGHT} label={`${n.node}: gathered ${said(n.accumulated)}, own ${said(n.local)}`}>
        <path class="grid" d={`M0 ${HEIGHT / 2}H100`} />
        {n.accumulated === null ? null : (
          <path class="dot small" d={dots([scale.x(fromNum(n.accumulated))], HEIGHT / 2)} />
        )}
        {n.local === null ? null : <path class="limit" d={uprights([scale.x(fromNum(n.local))], 1, HEIGHT - 1)} />}
      </Canvas>
      <span class="axis-value">{n.accumulated === null ? '' : formatNumber(n.accumulated)}</span>
    </div>
  );
}

function Alignment({ a }: { a: NonNullable<NonNullable<ReportCase['investigation']>['alignment']> }): VNode {
  const kinds = Object.entries(a.matched).map(([kind, count]) => `${count} by ${kind}`);
  return (
    <li>
      {a.reason === null
        ? `Tensors paired: ${kinds.join(', ') || 'none'}, of ${a.referenceTensors} of the reference and ${a.candidateTensors} of the candidate`
        : visible(a.reason)}
    </li>
  );
}
