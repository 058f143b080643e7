import type { Carried, Place, Rule } from './claim.ts';
import { attribute, type GraphView, nodeText, numbersOf } from './graph.ts';
import { ends, onwards } from './step.ts';

/** Where recurrent layers take the lengths of their sequences. */
const LENGTH_OPERANDS: Readonly<Record<string, number>> = { LSTM: 4, GRU: 4, RNN: 4, ReverseSequence: 1 };
/** What decides how much is made: [operator, operand]. */
const COUNTS: Readonly<Record<string, number>> = { TopK: 1, Loop: 0 };
const COMPARISONS = new Set(['Less', 'LessOrEqual', 'Greater', 'GreaterOrEqual']);
/** Sizes larger than any model asks for, small enough to make: as many as onpar's base size of a sequence. */
const COUNT_RANGE = [1, 8] as const;
/** Diffusion models and rotary embeddings are trained for at least this many steps. */
const TIMESTEPS = [0, 999] as const;
/** Sinusoidal embeddings span frequencies from 1 down to 1/10000; weights of a layer do not spread so evenly. */
const FREQUENCY_SPREAD = 100;

/** Pictures, sound, lengths, moments: inputs of a kind that decides which values and sizes make sense. */
export const signals: Rule = (place) => {
  const { use, carried, graph } = place;
  const { node, index } = use;
  if (carried.kind === 'angle') return towardsWave(place);
  if (carried.kind !== 'value') return undefined;
  if (LENGTH_OPERANDS[node.opType] === index)
    return ends({ role: 'lengths', because: `${nodeText(node)} takes it as the lengths of its sequences` });
  if (COUNTS[node.opType] === index)
    return ends({ role: 'index', range: COUNT_RANGE, because: `${nodeText(node)} makes as many as it says` });
  if (node.opType === 'Conv' && index === 0) return convolved(place);
  if ((node.opType === 'STFT' || node.opType === 'DFT') && index === 0)
    return ends({ role: 'audio', because: `${nodeText(node)} takes its spectrum` });
  if (node.opType === 'ArgMax' && /one_?hot/i.test(place.input.name))
    return ends({ role: 'one-hot', because: `${nodeText(node)} asks which one is set` });
  const other = node.input[1 - index] ?? '';
  if (COMPARISONS.has(node.opType) && isCounting(graph, other)) return compared(place, other);
  if ((node.opType === 'Mul' || node.opType === 'MatMul') && isFrequencies(place, other))
    return onwards(node, carried, { kind: 'angle' });
  return undefined;
};

/** Through the shapes and sums on the way to sine and cosine. */
function towardsWave(place: Place) {
  const { node } = place.use;
  if (node.opType === 'Sin' || node.opType === 'Cos') {
    return ends({
      role: 'timestep',
      range: TIMESTEPS,
      because: `${nodeText(node)} turns it into waves of many lengths`,
    });
  }
  return /^(Mul|Add|Concat|Transpose|Reshape|Unsqueeze|Squeeze|Cast|Identity|Slice|Expand)$/.test(node.opType)
    ? onwards(node, place.carried)
    : ends();
}

/** A falling list of positive numbers over some orders of magnitude, met by one number a row (coordinates are several). */
function isFrequencies({ graph, input, carried }: Place, other: string): boolean {
  const constant = graph.constantOf(other);
  if (constant === undefined) return false;
  const isMoment = input.dtype !== null && (carried.isInteger || !input.dtype.includes('float'));
  const isScalar = input.shape !== null && (input.shape.length <= 1 || input.shape.at(-1) === 1);
  if (!isMoment && !isScalar) return false;
  const numbers = numbersOf(constant);
  if (numbers === null || numbers.length < 2) return false;
  return Math.min(...numbers) > 0 && Math.max(...numbers) / Math.min(...numbers) >= FREQUENCY_SPREAD;
}

/** 0, 1, 2 … along an axis: what positions are compared with. */
function isCounting(graph: GraphView, tensor: string, left = 8): boolean {
  const node = graph.producerOf(tensor);
  if (node?.opType === 'Range') return true;
  const numbers = numbersOf(graph.constantOf(tensor));
  if (numbers !== null && numbers.length > 1)
    return numbers.every((n, i) => n === i + (numbers[0] as number)) && (numbers[0] === 0 || numbers[0] === 1);
  const [first] = node?.input ?? [];
  const passes = /^(Cast|Unsqueeze|Squeeze|Reshape|Expand|Tile|Identity)$/;
  return (
    left > 0 &&
    node !== undefined &&
    first !== undefined &&
    passes.test(node.opType) &&
    isCounting(graph, first, left - 1)
  );
}

/** One number a row, held against positions: a length. */
function compared({ use, input, graph, carried }: Place, other: string) {
  const isOneARow = input.shape !== null && (input.shape.length <= 1 || input.shape.at(-1) === 1);
  if (!isOneARow || carried.scale !== 1) return undefined;
  const count = numbersOf(graph.constantOf(other))?.length;
  return ends({
    role: 'lengths',
    ...(count === undefined ? {} : { range: [1, count] as const }),
    because: `${nodeText(use.node)} compares it with positions`,
  });
}

/** One or two channels into a 1-D convolution are sound, up to four into a 2-D one a picture; more are features. */
function convolved({ use, carried, graph, input }: Place) {
  const weight = graph.shapeOf(use.node.input[1] ?? '');
  const groups = Number(attribute(use.node, 'group')?.i ?? 1);
  const channels = typeof weight?.[1] === 'number' ? weight[1] * groups : undefined;
  if (weight === null || channels === undefined || input.dtype === null) return ends();
  const rank = input.shape?.length ?? weight.length;
  if (weight.length === 3 && channels <= 2 && rank >= 2)
    return ends({
      role: 'audio',
      because: `${nodeText(use.node)}, a 1-D convolution, takes it as a signal of ${channels} channel${channels > 1 ? 's' : ''}`,
    });
  if (weight.length !== 4 || rank !== 4 || ![1, 3, 4].includes(channels)) return ends();
  const because = `${nodeText(use.node)}, a 2-D convolution, takes it as a picture of ${channels} channel${channels > 1 ? 's' : ''}`;
  const white = whiteOf(carried);
  const range = white === undefined ? {} : { range: [0, white] as const };
  return ends({
    role: 'image',
    ...range,
    because: white === undefined ? because : `${because} after normalising what lies between 0 and ${white}`,
  });
}

/** Values beyond this are not what a picture is normalised to: (1 − 0.406) / 0.225 = 2.64 is ImageNet's largest. */
const NORMALISED = 4;

/** The brightest value that a normalisation inside the model expects: 255 or 1; undefined where there is none. */
function whiteOf({ scale, offset }: Carried): number | undefined {
  if (scale === 1 && offset === 0) return undefined;
  const fits = (white: number) => Math.abs(scale * white + offset) <= NORMALISED && Math.abs(offset) <= NORMALISED;
  if (Math.abs(scale) <= 0.05 && Math.abs(scale) * 255 >= 0.5 && fits(255)) return 255;
  return Math.abs(scale) >= 0.5 && fits(1) ? 1 : undefined;
}
