import type { Carried, Place, Rule } from './claim.ts';
import { type GraphView, nodeText, numbersOf, scalarOf } from './graph.ts';
import { ends, onwards } from './step.ts';

/** Whole numbers to either side of zero: division and modulo of negative ones are what converters get wrong. */
const SIGNED = [-100, 100] as const;

/** Sums, products and quotients with constants, which scale and shift what is legal; divisions, where the sign counts. */
export const arithmetic: Rule = (place) => {
  const { use, carried, graph } = place;
  const { node, index } = use;
  if (carried.kind === 'condition') return conditional(place);
  if (carried.kind !== 'value') return undefined;
  const other = node.input[1 - index] ?? '';
  switch (node.opType) {
    case 'Mod':
    case 'Div':
      return divided(place, other);
    case 'Floor':
    case 'Ceil':
    case 'Round':
      return carried.isQuotient
        ? { ...onwards(node, carried, { isQuotient: false }), claims: [dividend(place)] }
        : onwards(node, carried);
    case 'Add':
      return affine(place, other, (s, o, c) => [s, o + c]);
    case 'Sub':
      if (carried.isSliced && isSliceOf(graph, other, place.input.name))
        return ends({ role: 'sorted', because: `${nodeText(node)} takes the steps between its neighbours` });
      return affine(place, other, (s, o, c) => (index === 0 ? [s, o - c] : [-s, c - o]));
    case 'Mul':
      return affine(place, other, (s, o, c) => [s * c, o * c]);
    default:
      return undefined;
  }
};

/** 0 or 1 as a number: 1 − x, then −10000 · (1 − x). */
function conditional(place: Place) {
  const { node, index } = place.use;
  const other = node.input[1 - index] ?? '';
  if (node.opType === 'Add') return affine(place, other, (s, o, c) => [s, o + c]);
  if (node.opType === 'Sub') return affine(place, other, (s, o, c) => (index === 0 ? [s, o - c] : [-s, c - o]));
  if (node.opType === 'Mul') return affine(place, other, (s, o, c) => [s * c, o * c]);
  return undefined;
}

function affine(
  { use, carried, graph }: Place,
  other: string,
  change: (scale: number, offset: number, constant: number) => readonly [number, number],
) {
  const constant = graph.constantOf(other);
  if (constant === undefined) return undefined;
  const numbers = numbersOf(constant);
  if (numbers === null || numbers.length === 0) return undefined;
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const [scale, offset] = change(carried.scale, carried.offset, scalarOf(constant) ?? mean);
  return onwards(use.node, carried, { scale, offset, exact: carried.exact && scalarOf(constant) !== undefined });
}

const dividend = ({ use: { node }, carried }: Place) => ({
  role: 'dividend' as const,
  range: SIGNED,
  because: `${nodeText(node)} ${carried.isQuotient ? 'rounds a quotient' : node.opType === 'Mod' ? 'takes the remainder' : 'divides'} of it, where the sign decides`,
});

function divided(place: Place, other: string) {
  const { use, carried, graph, input } = place;
  const { node, index } = use;
  const isWhole = input.dtype !== null && !input.dtype.includes('float');
  if (index === 1)
    return isWhole ? ends({ role: 'divisor', range: SIGNED, because: `${nodeText(node)} divides by it` }) : ends();
  const constant = scalarOf(graph.constantOf(other));
  if (node.opType === 'Mod') return carried.isInteger ? ends(dividend(place)) : ends();
  const goesOn = (change: Partial<Carried>) => onwards(node, carried, change);
  const numbers = numbersOf(graph.constantOf(other));
  if (numbers !== null && numbers.length > 0) {
    const by = constant ?? numbers.reduce((a, b) => a + b, 0) / numbers.length;
    const change = {
      scale: carried.scale / by,
      offset: carried.offset / by,
      exact: carried.exact && constant !== undefined,
    };
    if (carried.isInteger) return { ...goesOn(change), claims: [dividend(place)] };
    return goesOn({ ...change, isQuotient: isWhole });
  }
  if (carried.isInteger) return ends(dividend(place));
  return isWhole ? goesOn({ isQuotient: true, exact: false }) : ends();
}

/** Whether a tensor is a slice of this input. */
function isSliceOf(graph: GraphView, tensor: string, input: string, left = 6): boolean {
  const node = graph.producerOf(tensor);
  const [first] = node?.input ?? [];
  if (left === 0 || node === undefined || first === undefined) return false;
  if (node.opType === 'Slice' && first === input) return true;
  return /^(Cast|Identity|Slice)$/.test(node.opType) && isSliceOf(graph, first, input, left - 1);
}
