import type { Tensor } from '../../tensor/tensor.ts';
import type { RunSample } from '../accounting.ts';
import { DIFFERENT } from '../grade.ts';
import type { FullPair, TensorFinder } from '../outputs.ts';
import { autoBounds } from '../tolerance/limits.ts';
import type { OutputRule } from '../tolerance/rules.ts';
import { limitContext, operandsOf } from './judge.ts';
import { allWithin, scaleOf } from './measure.ts';
import type { Operands } from './operands.ts';
import { sameShape } from './shapes.ts';

/** How much two outputs have to agree to be taken for the same: up to rounding, up to 5 % of scale (quantised), in shape. */
export type Fit = 'values' | 'scale' | 'shape';

interface FitContext {
  readonly samples: readonly RunSample[];
  readonly ruleFor: (output: string) => OutputRule;
  readonly find: TensorFinder;
}

/**
 * `[i][j]`: whether reference i and candidate j of a group agree in every sample. Unlike outputs part at their first
 * elements, so most cells are settled by the first sample, and no further one is read once only the diagonal is left.
 */
export function fitMatrix(group: readonly FullPair[], fit: Fit, { samples, ruleFor, find }: FitContext): boolean[][] {
  const matrix = group.map(() => group.map(() => samples.length > 0));
  for (const { load } of samples) {
    if (!matrix.some((row, i) => row.some((open, j) => open && i !== j))) break;
    const tensors = load();
    const candidates = group.map((p) => find(tensors.candidate, p, 'candidate'));
    group.forEach((pair, i) => {
      const reference = find(tensors.reference, pair, 'reference');
      const row = matrix[i] ?? [];
      group.forEach(({ candidate }, j) => {
        row[j] =
          row[j] === true &&
          agrees({ ...pair, candidate }, fit, ruleFor(pair.reference.name), reference, candidates[j]);
      });
    });
  }
  return matrix;
}

function agrees(
  pair: FullPair,
  fit: Fit,
  rule: OutputRule,
  reference: Tensor | undefined,
  candidate: Tensor | undefined,
): boolean {
  if (reference === undefined || candidate === undefined || !sameShape(reference.shape, candidate.shape)) return false;
  const operands = operandsOf(
    { referenceSpec: pair.reference, candidateSpec: pair.candidate, rule },
    reference,
    candidate,
  );
  if (operands === null) return false;
  if (fit === 'shape' || operands.identical) return true;
  if (operands.storage !== 'numbers' || operands.kind !== 'number') return sameElements(operands);
  const scale = scaleOf(operands);
  const context = limitContext({ referenceSpec: pair.reference, outputScale: scale }, reference, candidate, scale);
  const bounds = fit === 'values' ? autoBounds(context) : { atol: DIFFERENT * scale, rtol: 0 };
  return allWithin(operands, bounds);
}

/** Integers of different width, booleans and strings: equal or not. */
function sameElements({ reference, candidate }: Operands): boolean {
  for (let i = 0; i < reference.length; i++) if (reference[i] !== candidate[i]) return false;
  return true;
}
