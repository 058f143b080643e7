import type { OpNode } from '../../records/graph.ts';
import type { Pairing } from '../align/align.ts';
import { kindOf } from '../align/operators.ts';
import type { Side } from '../align/side.ts';
import type { Frontier } from './frontier.ts';
import type { StatusOf } from './status.ts';

/** Where the candidate computes what the reference's region computes. */
export interface Blamed {
  /** The node of the reference that people should look at. */
  readonly node: OpNode;
  /** Nodes of the candidate between the last agreeing tensors and the one that differs. */
  readonly candidate: readonly OpNode[];
}

/** Operators that change no values: their presence or absence is no fault. */
const SILENT = new Set([
  'identity',
  'dropout',
  'cast',
  'alias',
  'detach',
  'clone',
  'contiguous',
  'constant',
  'stopgradient',
]);

/**
 * Which node of a region is named: the first, which has no counterpart although all before it agrees. But where the candidate
 * computes the region with the same operators less one, that one was left out; and where it reads another output of the
 * node before, that node's outputs were crossed.
 */
export function blame(
  frontier: Frontier,
  reference: Side,
  candidate: Side,
  pairing: Pairing,
  statusOf: StatusOf,
): Blamed {
  const status = statusOf(frontier.tensor);
  const made =
    status.kind === 'unknown' ? [] : candidateRegion(status.candidate, candidate, agreed(pairing, reference, statusOf));
  const left = leftOut(frontier.region, made, reference) ?? crossed(frontier, made.at(-1), reference, statusOf);
  const [first = frontier.node] = frontier.region.filter(
    (node) => !SILENT.has(kindOf(node.op)) && tells(node, reference),
  );
  return { node: left ?? first, candidate: made };
}

/**
 * The node whose outputs changed places: where the reference reads one of them, the candidate reads another of the same node.
 */
function crossed(
  frontier: Frontier,
  made: OpNode | undefined,
  reference: Side,
  statusOf: StatusOf,
): OpNode | undefined {
  if (made === undefined || kindOf(made.op) !== kindOf(frontier.node.op)) return undefined;
  return frontier.node.inputs
    .map((tensor, i) => {
      const maker = reference.producer.get(tensor);
      const read = made.inputs[i];
      if (maker === undefined || maker.outputs.length < 2 || read === undefined) return undefined;
      const other = maker.outputs.find((t) => {
        const status = t === tensor || t === '' ? undefined : statusOf(t);
        return status?.kind === 'agrees' && status.candidate === read;
      });
      return other === undefined ? undefined : maker;
    })
    .find((maker) => maker !== undefined);
}

/** Tensors of the candidate that hold the values of one of the reference's that agrees. */
function agreed(pairing: Pairing, reference: Side, statusOf: StatusOf): ReadonlySet<string> {
  const names = new Set<string>();
  for (const tensor of reference.flowing) {
    const status = statusOf(tensor);
    if (status.kind === 'agrees') names.add(status.candidate);
    for (const { candidate } of pairing.equals(tensor)) names.add(candidate);
  }
  return names;
}

function candidateRegion(tensor: string, candidate: Side, agreeing: ReadonlySet<string>): OpNode[] {
  const inside = new Set<OpNode>();
  const open = [tensor];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = candidate.producer.get(name);
    if (node === undefined || inside.has(node)) continue;
    inside.add(node);
    open.push(...node.inputs.filter((input) => !agreeing.has(input)));
  }
  return candidate.graph.nodes.filter((node) => inside.has(node));
}

/** Whether a node computes values rather than shapes and sizes: those are integers in a row. */
const tells = (node: OpNode, reference: Side): boolean =>
  node.inputs.length === 0 ||
  node.outputs.some((t) => {
    const summary = reference.summary(t);
    if (summary === null) return false;
    return summary.informative || summary.shape.length > 1 || !summary.dtype.startsWith('int');
  });

function leftOut(region: readonly OpNode[], made: readonly OpNode[], reference: Side): OpNode | undefined {
  const count = new Map<string, number>();
  for (const { op } of made) count.set(kindOf(op), (count.get(kindOf(op)) ?? 0) + 1);
  const lost: OpNode[] = [];
  // From behind: of two nodes of one kind the last stands in the candidate, at the place that was compared.
  for (const node of region.toReversed()) {
    const kind = kindOf(node.op);
    const there = count.get(kind) ?? 0;
    if (there > 0) count.set(kind, there - 1);
    else if (!SILENT.has(kind) && tells(node, reference)) lost.push(node);
  }
  const added = [...count].some(([kind, n]) => n > 0 && !SILENT.has(kind));
  return lost.length === 1 && !added ? lost[0] : undefined;
}
