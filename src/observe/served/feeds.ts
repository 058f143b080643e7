import { OnparError } from '../../core/errors.ts';
import type { TensorSpec } from '../../records/contract.ts';
import { cast, firstLoss } from '../../tensor/build.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import { asHalf } from '../feeding.ts';

const mismatch = (message: string, fix: string): OnparError =>
  new OnparError({ code: 'input-mismatch', message, fix, exitCode: 1 });

/**
 * The sample's tensors in the model's order and dtypes; all of them in their own where the server declares no inputs.
 * OnparError `input-mismatch` names an input that is missing, or that would lose values.
 */
export function feedsFor(declared: readonly TensorSpec[], inputs: NamedTensors): [string, Tensor][] {
  if (declared.length === 0) return [...inputs];
  return declared.map(({ name, dtype }) => {
    const tensor = inputs.get(name);
    if (tensor === undefined) {
      throw mismatch(
        `the sample has ${[...inputs.keys()].join(', ') || 'no inputs'}; the server takes ${declared.map((i) => i.name).join(', ')}`,
        'name the suite’s inputs as the server does, or map them with `inputs:`',
      );
    }
    const fed = asHalf(tensor, dtype);
    if (dtype === null || fed.dtype === dtype) return [name, fed];
    if (dtype === 'string' || fed.dtype === 'string' || firstLoss(fed, dtype) >= 0) {
      throw mismatch(
        `input ${name} is ${fed.dtype}, the server takes ${dtype}, which does not hold all its values`,
        'set `dtype` or `range` of the input in the suite',
      );
    }
    return [name, cast(fed, dtype)];
  });
}
