import type { ModelEdit } from '../records/edit.ts';
import type { OpNode } from '../records/graph.ts';
import { tensorFrom } from '../tensor/build.ts';
import { elementCount, type Tensor } from '../tensor/tensor.ts';
import { toFloat64 } from '../tensor/values.ts';
import type { NumericDtype } from '../tensor/views.ts';
import type { Scene, View } from './scene.ts';

/** Numbers that say what the levels of a grid are: `scale·(q − zero)`, one for all or one a channel of `axis`. */
export interface Levels {
  readonly scale: Float64Array;
  readonly zero: Float64Array;
  readonly axis: number;
  readonly low: number;
  readonly high: number;
}

/** A tensor that the candidate keeps on a grid of eight bits, held against what the reference has there. */
export interface Grid {
  readonly kind: 'weight' | 'activation';
  /** The candidate's tensor behind DequantizeLinear. */
  readonly tensor: string;
  /** What undoes the grid, and the reference's node that reads the values. */
  readonly up: OpNode;
  readonly node: OpNode;
  /** What the reference has there. */
  readonly value: Tensor;
  /** The integers of a weight. */
  readonly stored: Tensor | undefined;
  /** How values are put on the grid and taken off: not the same where parameters were mixed up. */
  readonly down: Levels;
  readonly levels: Levels;
  /** rms of the error that the grid makes of the reference's values, in such errors of the best grid of as many levels. */
  readonly excess: number;
  /** Constants of the best grid instead of those that are there. */
  readonly mend: readonly ModelEdit[];
}

/** From this many times the error of the best grid on, a grid does not follow from its values. */
const TOO_MUCH = 1.5;

/** Grids that cost far more than their bits must, worst first. The best grid's error is that of rounding: a step / √12. */
export const wrongGrids = (scene: Scene): Grid[] =>
  gridsOf(scene)
    .filter(({ excess }) => excess >= TOO_MUCH)
    .sort((a, b) => b.excess - a.excess);

/** All grids of eight bits of the candidate whose values the reference has. Blocks within a channel are left out. */
export function gridsOf({ candidate, reference, alignment }: Scene): Grid[] {
  if (candidate === null || reference === null || alignment === null) return [];
  const made = producers(candidate);
  const madeByReference = producers(reference);
  return candidate.graph.nodes.flatMap((up): Grid[] => {
    const [tensor, from] = [up.outputs[0] ?? '', up.inputs[0] ?? ''];
    if (up.op !== 'DequantizeLinear') return [];
    const reader = candidate.graph.nodes.find((n) => n.inputs.includes(tensor));
    const meant = reader === undefined ? [] : alignment.ofCandidate(reader.outputs[0] ?? '');
    const node = meant[0] === undefined ? undefined : madeByReference.get(meant[0].reference);
    const stored = candidate.graph.tensors[from]?.constant === true ? candidate.values.get(from) : undefined;
    const levels = levelsOf(candidate, up, stored);
    if (levels === undefined) return [];
    if (stored !== undefined) {
      const index = reader?.inputs.indexOf(tensor) ?? 0;
      const value = node?.op === reader?.op ? reference.values.get(node?.inputs[index] ?? '') : undefined;
      if (node === undefined || value === undefined || value.shape.join() !== stored.shape.join()) return [];
      return [weightGrid({ tensor, up, node, value, levels }, stored, candidate)];
    }
    const down = made.get(from);
    const values = down?.op === 'QuantizeLinear' ? alignment.ofCandidate(down.inputs[0] ?? '')[0] : undefined;
    const value = values === undefined ? undefined : reference.values.get(values.reference);
    const first = values === undefined ? undefined : (node ?? reading(reference, values.reference));
    const put = down === undefined ? undefined : levelsOf(candidate, down, undefined);
    if (down === undefined || value === undefined || first === undefined || put === undefined) return [];
    const grid = activationGrid({ tensor, up, node: first, value, levels }, down, put, candidate);
    return grid === undefined ? [] : [grid];
  });
}

type Found = Pick<Grid, 'tensor' | 'up' | 'node' | 'value' | 'levels'>;

const producers = ({ graph }: View) => new Map(graph.nodes.flatMap((n) => n.outputs.map((t) => [t, n] as const)));

const reading = ({ graph }: View, tensor: string): OpNode | undefined =>
  graph.nodes.find((n) => n.inputs.includes(tensor)) ?? graph.nodes.find((n) => n.outputs.includes(tensor));

function levelsOf({ values }: View, node: OpNode, stored: Tensor | undefined): Levels | undefined {
  const scale = values.get(node.inputs[1] ?? '');
  const zero = values.get(node.inputs[2] ?? '');
  const dtype = stored?.dtype ?? zero?.dtype ?? 'uint8';
  if (scale === undefined || (dtype !== 'int8' && dtype !== 'uint8')) return undefined;
  const count = elementCount(scale.shape);
  const rank = stored?.shape.length ?? 0;
  const axis = Number(node.attributes.axis ?? 1);
  const at = axis < 0 ? axis + rank : axis;
  if (count !== 1 && stored?.shape[at] !== count) return undefined;
  const zeros = zero === undefined ? new Float64Array(count) : toFloat64(zero);
  const [low, high] = dtype === 'uint8' ? [0, 255] : [-128, 127];
  return { scale: toFloat64(scale), zero: zeros, axis: at, low, high };
}

function weightGrid(found: Found, stored: Tensor, view: View): Grid {
  const { levels, value, up } = found;
  const { scale, zero } = levels;
  const [w, q] = [toFloat64(value), toFloat64(stored)];
  const inner = elementCount(stored.shape.slice(levels.axis + 1));
  const of = (i: number) => (scale.length === 1 ? 0 : Math.floor(i / inner) % scale.length);
  const largest = new Float64Array(scale.length);
  const squares = new Float64Array(scale.length);
  const counts = new Float64Array(scale.length);
  w.forEach((x, i) => {
    const c = of(i);
    largest[c] = Math.max(largest[c] as number, Math.abs(x));
    squares[c] = (squares[c] as number) + ((scale[c] as number) * ((q[i] as number) - (zero[c] ?? 0)) - x) ** 2;
    counts[c] = (counts[c] as number) + 1;
  });
  const best = largest.map((m) => m / 127 || 1);
  const middle = levels.low === 0 ? 128 : 0;
  const mended = w.map((x, i) => Math.max(-127, Math.min(127, Math.round(x / (best[of(i)] as number)))) + middle);
  const excess = Math.max(
    ...best.map((step, c) => Math.sqrt((squares[c] as number) / (counts[c] as number)) / (step / Math.sqrt(12))),
  );
  const mend = [
    ...constant(view, up.inputs[0], mended),
    ...constant(view, up.inputs[1], best),
    ...constant(
      view,
      up.inputs[2],
      best.map(() => middle),
    ),
  ];
  return { ...found, kind: 'weight', stored, down: levels, excess, mend };
}

function activationGrid(found: Found, down: OpNode, put: Levels, view: View): Grid | undefined {
  const { levels, value, up } = found;
  if (levels.scale.length !== 1 || put.scale.length !== 1) return undefined;
  const x = toFloat64(value);
  let [least, most] = [0, 0];
  for (const v of x) [least, most] = [Math.min(least, v), Math.max(most, v)];
  const best = (most - least) / 255;
  if (!(best > 0) || !Number.isFinite(best)) return undefined;
  const [step, zero] = [put.scale[0] as number, put.zero[0] ?? 0];
  const [stepUp, zeroUp] = [levels.scale[0] as number, levels.zero[0] ?? 0];
  let squares = 0;
  for (const v of x) {
    const q = Math.max(put.low, Math.min(put.high, Math.round(v / step) + zero));
    squares += (stepUp * (q - zeroUp) - v) ** 2;
  }
  const excess = Math.sqrt(squares / x.length) / (best / Math.sqrt(12));
  const origin = put.low - Math.round(least / best);
  const mend = [down, up].flatMap((node) => [
    ...constant(view, node.inputs[1], [best]),
    ...constant(view, node.inputs[2], [origin]),
  ]);
  return { ...found, kind: 'activation', stored: undefined, down: put, excess, mend };
}

function constant({ values, graph }: View, tensor: string | undefined, to: ArrayLike<number>): ModelEdit[] {
  const now = values.get(tensor ?? '');
  if (tensor === undefined || now === undefined || graph.tensors[tensor]?.constant !== true) return [];
  // Tapped in float64 a scale may be wide: the file has it in float32, which the edit writes again.
  const dtype = (graph.tensors[tensor]?.dtype ?? now.dtype) as NumericDtype;
  return [{ edit: 'constant', tensor, value: tensorFrom(dtype, now.shape, to) }];
}
