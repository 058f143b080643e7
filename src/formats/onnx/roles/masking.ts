import type { Carried, Claim, Place, Rule } from './claim.ts';
import { nodeText } from './graph.ts';
import { ends, onwards } from './step.ts';

/** Operators that make a truth value of a number. */
const TESTS = new Set(['Equal', 'Greater', 'Less', 'GreaterOrEqual', 'LessOrEqual']);
const LOGIC = new Set(['Not', 'And', 'Or', 'Xor']);
/** A bias this far below zero closes a position of a softmax: exp(−88) is float32's smallest normal number. */
const CLOSES = 80;

/** [operator, operand] of mask inputs of fused attention. */
const ATTENTION_MASKS: Readonly<Record<string, number>> = {
  'Attention/com.microsoft': 3,
  'MultiHeadAttention/com.microsoft': 4,
  'EmbedLayerNormalization/com.microsoft': 7,
  'Attention/': 3,
  'Attention/ai.onnx': 3,
};

/** Values that say which positions count. */
export const masking: Rule = (place) => {
  const { use, carried, input } = place;
  const { node, index } = use;
  if (ATTENTION_MASKS[`${node.opType}/${node.domain}`] === index)
    return ends(...maskOf(place, `${nodeText(node)} takes it as its mask`));
  if (carried.kind === 'gated' || carried.kind === 'added') return towardsSoftmax(place);
  if (node.opType === 'If' && index === 0)
    return ends({ role: 'boolean', because: `${nodeText(node)} branches on it` });
  if (node.opType === 'Where' && index === 0) {
    // What a condition chose counts as a mask once it reaches a softmax; until then it is a switch.
    const gated = onwards(node, carried, { kind: 'gated' });
    return input.dtype === 'bool'
      ? { ...gated, claims: [{ role: 'boolean', because: `${nodeText(node)} chooses by it` }] }
      : gated;
  }
  if (TESTS.has(node.opType)) {
    const other = node.input[1 - index] ?? '';
    const isConstant = place.graph.constantOf(other) !== undefined;
    if (
      carried.kind === 'value' &&
      isConstant &&
      place.graph.constantOf(other)?.dims.reduce((n, d) => n * d, 1n) === 1n
    ) {
      return onwards(node, carried, { kind: 'condition' });
    }
    return carried.kind === 'condition' ? onwards(node, carried) : undefined;
  }
  if (LOGIC.has(node.opType)) return onwards(node, carried, { kind: 'condition' });
  if (node.opType === 'Mul') return multiplied(place);
  if (node.opType === 'Add') return added(place);
  return undefined;
};

/** Scores to which x was added, or that a condition on it chose: a softmax over them makes x a mask. */
function towardsSoftmax(place: Place) {
  const { node } = place.use;
  if (node.opType === 'Softmax' || node.opType === 'LogSoftmax') {
    const how = place.carried.kind === 'added' ? 'is added to' : 'chooses among';
    return ends(...maskOf(place, `it ${how} what goes into ${nodeText(node)}`));
  }
  const passes =
    /^(Add|Mul|Div|Where|Cast|Reshape|Unsqueeze|Squeeze|Expand|Transpose|Concat|Slice|Identity|Max|Min|Clip)$/;
  return passes.test(node.opType) ? onwards(node, place.carried) : ends();
}

/** A mask over positions has them on its last axis; one number a row is something else. */
function maskOf({ carried, input }: Place, because: string): Claim[] {
  if (input.shape !== null && input.shape.length < 2) return [];
  const isAdded = carried.kind === 'added' && carried.scale === 1 && carried.offset === 0 && input.dtype !== 'bool';
  return [
    {
      role: 'mask',
      ...(isAdded
        ? {
            range: [-10_000, 0] as const,
            because: `${because} as it is, so a position is closed by a large negative number`,
          }
        : { because }),
    },
  ];
}

/** Features times x: means over the positions that count. Only where an axis was put in, or it would be any product. */
function multiplied(place: Place) {
  const { use, carried, graph, input } = place;
  const other = use.node.input[1 - use.index] ?? '';
  const isCount = input.dtype !== null && !input.dtype.includes('float');
  if (graph.constantOf(other) !== undefined || !isCount || !carried.isBroadcast) return undefined;
  const onScale = carried.kind === 'condition' || (carried.scale === 1 && carried.offset === 0);
  return onScale ? ends(...maskOf(place, `${nodeText(use.node)} multiplies features with it`)) : undefined;
}

/** x added to computed numbers: the bias of a mask when it is steep, or when the input's name says so. */
function added(place: Place) {
  const { use, carried, graph, input } = place;
  const other = use.node.input[1 - use.index] ?? '';
  if (graph.constantOf(other) !== undefined) return undefined;
  const isSteep = Math.abs(carried.scale) >= CLOSES;
  const isNamed = /mask|bias/i.test(input.name);
  return isSteep || isNamed ? onwards(use.node, carried, { kind: 'added' } satisfies Partial<Carried>) : ends();
}
