import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { UNARY } from '../functions/unary.ts';
import { alongAxis, holdsShares, logSoftmax, softmax } from './along-axis.ts';
import { byValue } from './by-value.ts';
import type { Place } from './places.ts';
import type { Claim } from './support.ts';

/** A function of a whole tensor, by name. */
interface Activation {
  readonly name: string;
  readonly of: (tensor: Tensor) => Float64Array;
}

const elementwise = (name: string, at: (x: number) => number): Activation => ({
  name,
  of: (tensor) => toFloat64(tensor).map(at),
});

const ELEMENTWISE: readonly Activation[] = [
  ...UNARY.filter(({ family }) => family === 'activation').map(({ name, at }) => elementwise(name, at)),
  elementwise('exp', Math.exp),
  elementwise('log', Math.log),
];

/** Softmax and its logarithm along each axis but a leading batch. */
const alongAxes = ({ shape }: Tensor): Activation[] =>
  shape.flatMap((size, axis): Activation[] =>
    size < 2 || (axis === 0 && shape.length > 1)
      ? []
      : [
          { name: 'softmax', of: (t) => alongAxis(t, axis, softmax) },
          { name: 'log-softmax', of: (t) => alongAxis(t, axis, logSoftmax) },
        ],
  );

/**
 * An activation that one side has and the other has not, found by applying each to the values of the side that may lack it:
 * reference = f(candidate) is one that is missing, candidate = f(reference) one too many. Probabilities and their logarithms
 * are variants of each other.
 */
export const activation = byValue(
  'activation',
  ['activation-missing', 'activation-added', 'activation-variant'],
  (place) => {
    if (place.reference.shape.join() !== place.candidate.shape.join()) return [];
    const functions = [...ELEMENTWISE, ...alongAxes(place.reference)];
    return [...variants(place), ...functions.flatMap((f) => [missing(f), added(f)])];
  },
);

const missing = ({ name, of }: Activation): Claim => ({
  code: 'activation-missing',
  args: { activation: name },
  experiment: `with ${name} applied to the candidate's values`,
  parameters: 1,
  sides: ({ reference, candidate }) => [toFloat64(reference), of(candidate)],
});

const added = ({ name, of }: Activation): Claim => ({
  code: 'activation-added',
  args: { activation: name },
  experiment: `with ${name} applied to the reference's values`,
  parameters: 1,
  sides: ({ reference, candidate }) => [of(reference), toFloat64(candidate)],
});

/** What two activations of one value have to do with each other where the value itself is not known. */
function variants({ reference, candidate }: Place): Claim[] {
  const code: DiagnosisCode = 'activation-variant';
  const variant = (from: string, to: string, side: Activation, other: Activation): Claim => ({
    code,
    args: { from, to },
    experiment: `with ${to} computed from what ${from} was made of`,
    parameters: 0.5,
    sides: (pair) => [side.of(pair.reference), other.of(pair.candidate)],
  });
  const same: Activation = { name: 'identity', of: toFloat64 };
  const log = elementwise('log', Math.log);
  const logit = elementwise('logit', (p) => Math.log(p) - Math.log1p(-p));
  const axes = reference.shape.map((_, axis) => axis);
  const claims: Claim[] = [];
  for (const axis of axes) {
    const ofLogits: Activation = { name: 'softmax', of: (t) => softmaxOf(t, logit, axis) };
    if (holdsShares(reference, axis)) {
      claims.push(variant('softmax', 'log-softmax', log, same));
      claims.push(variant('softmax', 'sigmoid', same, ofLogits));
    } else if (holdsShares(candidate, axis)) {
      claims.push(variant('log-softmax', 'softmax', same, log));
      if (inUnit(reference)) claims.push(variant('sigmoid', 'softmax', ofLogits, same));
    }
  }
  if (inUnit(reference) && !axes.some((axis) => holdsShares(reference, axis)))
    claims.push(
      variant(
        'sigmoid',
        'tanh',
        elementwise('', (p) => Math.tanh(Math.log(p) - Math.log1p(-p))),
        same,
      ),
      variant('sigmoid', 'log-sigmoid', log, same),
    );
  if (inUnit(candidate) && !inUnit(reference))
    claims.push(
      variant(
        'tanh',
        'sigmoid',
        elementwise('', (y) => 1 / (1 + Math.exp(-Math.atanh(y)))),
        same,
      ),
      variant('log-sigmoid', 'sigmoid', elementwise('', Math.exp), same),
    );
  return claims;
}

const softmaxOf = (tensor: Tensor, before: Activation, axis: number): Float64Array => {
  const data = before.of(tensor);
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return alongAxis({ dtype: 'float64', shape: tensor.shape, data: bytes }, axis, softmax);
};

const inUnit = (tensor: Tensor): boolean => toFloat64(tensor).every((x) => x >= 0 && x <= 1);
