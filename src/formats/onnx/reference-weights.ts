import { constantsOf, finalUses } from './constants.ts';
import { mostAlike } from './match-weights.ts';
import type { TensorProto } from './onnx_pb.generated.ts';
import type { QuantisedPlace } from './quantisation.ts';
import { parseOnnx } from './read.ts';
import { type Flow, flowOf, type Value } from './scopes.ts';
import { elementsOf, floatDtypeOf, numbersIn } from './tensor-data.ts';

/** What onnxruntime's, Neural Compressor's and other quantisers append to the name of a weight. */
const SUFFIXES =
  /(_quantized|_quantised|_QuantizeLinear_Output|_DequantizeLinear_Output|_DequantizeLinear|_int8|_uint8|_q|_dq)$/i;

const baseName = (name: string): string => {
  for (let base = name; ; ) {
    const shorter = base.replace(SUFFIXES, '');
    if (shorter === base || shorter === '') return base;
    base = shorter;
  }
};

/** Sizes as text; empty for no tensor. */
export const shapeKey = (tensor: TensorProto | null): string => tensor?.dims.join('x') ?? '';

/** How often each key occurs. */
export function countOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** The float weights of a model, to be found by what a quantised copy of it calls them, or by what they hold. */
export function referenceWeights(file: string) {
  const flow = flowOf(parseOnnx(file));
  const weights = constantsOf(flow).flatMap(({ held, value }) =>
    held.kind === 'tensor' && floatDtypeOf(held.tensor) !== null && elementsOf(held.tensor) > 1
      ? [{ name: value.name, value, tensor: held.tensor }]
      : [],
  );
  const shapes = countOf(weights.map(({ tensor }) => shapeKey(tensor)));
  return {
    find: ({ tensor: name }: QuantisedPlace, tensor: TensorProto, isOnly: boolean, values: () => Float64Array) => {
      const shape = shapeKey(tensor);
      const alike = weights.filter((weight) => shapeKey(weight.tensor) === shape);
      const named = alike.find((weight) => weight.name === name || weight.name === baseName(name));
      const read = (weight: (typeof alike)[number]) => numbersIn(weight.tensor, file) ?? new Float64Array(0);
      // Conversions rename: what is left is which weight of the reference points the same way.
      const found =
        named ??
        (isOnly && shapes.get(shape) === 1
          ? alike[0]
          : alike.length === 0
            ? undefined
            : mostAlike(values(), alike, read));
      if (found === undefined || isRescaled(flow, found.value, found.tensor.dims.length)) return undefined;
      return { name: found.name, read: () => read(found) };
    },
  };
}

/** Whether an operator that optimisers fold into weights follows the node that uses them, or uses them itself. */
function isRescaled(flow: Flow, value: Value, rank: number): boolean {
  return finalUses(flow, value, rank).some(
    ({ node, scope }) =>
      node.opType === 'BatchNormalization' ||
      node.output.some((name) =>
        flow
          .usesOf({ scope, name })
          .some(({ node: next }) => ['BatchNormalization', 'Mul', 'Div'].includes(next.opType)),
      ),
  );
}
