import type { OpNode } from '../../records/graph.ts';
import { tensorFrom } from '../../tensor/build.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { toFloat64 } from '../../tensor/values.ts';
import { benchFor, tryEdits } from '../experiment.ts';
import type { Evidence, Hypothesis, Question, View } from '../scene.ts';
import { EXPLAINS } from './operators/choose.ts';
import { type GATES, reorderGates } from './operators/gates.ts';
import { placeOf } from './operators/where.ts';
import { type WeightCause, weightCause } from './weights/compare.ts';

const SAME = 2e-6;

/** PyTorch's order of gates as places in ONNX's: i f g o from i o f c, r z n from z r h (see operators/gates.ts). */
const FROM_TORCH = { LSTM: [0, 3, 1, 2], GRU: [1, 0, 2] } as const;

/** Weights of an ONNX recurrence against those of PyTorch's layer (`weight_ih_l0`, `weight_hh_l0` …), gate by gate. */
export const recurrentWeights: Hypothesis = {
  name: 'recurrent-weights',
  codes: ['bias-dropped', 'channel-corrupted', 'layout-permuted', 'channel-order', 'dtype-narrowed', 'weights-differ'],
  applies: (question) => placesOf(question).length > 0,
  test: async (question) => {
    const { reference, candidate, lab } = question.scene;
    if (reference === null || candidate === null || !lab.canEdit(candidate.specimen)) return undefined;
    const bench = await benchFor(question);
    if (bench === null) return undefined;
    for (const node of placesOf(question)) {
      const shapes = (index: number) => candidate.values.get(node.inputs[index] ?? '')?.shape.join();
      const sources = layersOf(reference)
        .map((source) => ({ name: source.name, right: expected(node, source) }))
        .filter(
          ({ right }) => right.length > 0 && right.every(({ index, value }) => value.shape.join() === shapes(index)),
        );
      for (const { name, right } of sources) {
        const parts = right.flatMap(({ index, value }) => {
          const mine = candidate.values.get(node.inputs[index] ?? '');
          const cause = mine === undefined ? null : differs(value, mine, index === 3);
          return cause === null ? [] : [{ index, value, cause }];
        });
        const [first] = parts;
        // Where all differ it may be another layer’s, unless there is no other.
        if (first === undefined || (parts.length === right.length && sources.length > 1)) continue;
        const edits = parts.map(({ index, value }) => ({ edit: 'operand' as const, node: node.id, index, value }));
        const outcome = await tryEdits(question, bench, edits, `with the weights of ${name}`);
        if (outcome === null || outcome.explained < EXPLAINS) continue;
        return {
          code: first.cause.code,
          where: placeOf(question, node),
          args: first.cause.args,
          experiment: `with the weights of the reference: ${first.cause.words}`,
          ...outcome,
          mend: edits,
        } satisfies Evidence;
      }
    }
    return undefined;
  },
};

function placesOf({ scene: { candidate }, divergence }: Question): OpNode[] {
  const places = new Set([divergence?.candidate?.node, ...(divergence?.region.candidate ?? [])]);
  return candidate?.graph.nodes.filter((n) => places.has(n.id) && n.op in FROM_TORCH) ?? [];
}

interface Source {
  readonly name: string;
  /** By direction: forward, then backward. */
  readonly directions: readonly Readonly<
    Record<'ih' | 'hh', { readonly weight: Tensor; readonly bias: Tensor | null }>
  >[];
}

/** PyTorch's recurrent layers, by the names of their weights. */
function layersOf({ graph, values }: View): Source[] {
  const names = Object.keys(graph.tensors).filter((name) => graph.tensors[name]?.constant === true);
  const layers = names.flatMap((name) => /^(.*)weight_ih_(l\d+)$/.exec(name)?.slice(1, 3) ?? []);
  const found: Source[] = [];
  for (let i = 0; i < layers.length; i += 2) {
    const [prefix = '', level = ''] = layers.slice(i, i + 2);
    const part = (which: 'ih' | 'hh', suffix: string) => {
      const weight = values.get(`${prefix}weight_${which}_${level}${suffix}`);
      return weight === undefined
        ? undefined
        : { weight, bias: values.get(`${prefix}bias_${which}_${level}${suffix}`) ?? null };
    };
    const directions = ['', '_reverse'].flatMap((suffix) => {
      const [ih, hh] = [part('ih', suffix), part('hh', suffix)];
      return ih === undefined || hh === undefined ? [] : [{ ih, hh }];
    });
    found.push({ name: `${prefix}${level}`, directions });
  }
  return found;
}

/** W, R and B of ONNX from PyTorch's; empty where sizes do not fit. */
function expected(node: OpNode, { directions }: Source): { index: number; value: Tensor }[] {
  const op = node.op as keyof typeof GATES;
  const stack = (tensors: readonly Tensor[], shape: readonly number[]) => {
    const all = tensors.flatMap((t) => [...toFloat64(t)]);
    return tensorFrom('float32', shape, all);
  };
  const count = directions.length;
  const [first] = directions;
  if (first === undefined) return [];
  const rows = first.ih.weight.shape[0] as number;
  const put = (tensor: Tensor) => reorderGates(tensor, FROM_TORCH[op]);
  const weights = (['ih', 'hh'] as const).map((which, i) => ({
    index: i + 1,
    value: put(
      stack(
        directions.map((d) => d[which].weight),
        [count, rows, first[which].weight.shape[1] as number],
      ),
    ),
  }));
  const biases = directions.flatMap((d) => [d.ih.bias, d.hh.bias]);
  if (biases.some((b) => b === null)) return weights;
  return [...weights, { index: 3, value: put(stack(biases as Tensor[], [count, 2 * rows])) }];
}

function differs(own: Tensor, mine: Tensor, isBias: boolean): WeightCause | null {
  if (own.shape.join() !== mine.shape.join() || mine.dtype === 'string') return null;
  const [a, b] = [toFloat64(own), toFloat64(mine)];
  const outputs = isBias ? a.length : elementCount(own.shape.slice(0, 2));
  const layer = (weight: Float64Array) => ({ outputs, inner: [weight.length / outputs], weight, bias: null });
  const cause = weightCause(layer(a), layer(b), undefined, SAME);
  return cause !== null && isBias && b.every((v) => v === 0)
    ? { code: 'bias-dropped', args: {}, words: 'its bias is zero' }
    : cause;
}
