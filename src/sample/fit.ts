import { OnparError } from '../core/errors.ts';
import type { InputPlan } from '../records/rules.ts';
import { cast, firstLoss } from '../tensor/build.ts';
import { type Dtype, isInteger } from '../tensor/dtype.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import { valueAt } from '../tensor/values.ts';

const mismatch = (message: string, fix: string): OnparError => new OnparError({ code: 'input-mismatch', message, fix });

const shapeText = (shape: readonly (number | string | null)[]): string => `[${shape.map((d) => d ?? '?').join(', ')}]`;

/** One input of the model with the user's data for it. */
export interface Pair {
  readonly input: InputPlan;
  readonly tensor: Tensor;
}

/**
 * Pairs a file's tensors with the inputs, by name, in the inputs' order; a model with one input takes a file with one
 * tensor whatever its name. What no input takes is left aside: with every input there, it changes nothing. Dtypes are made
 * to fit where nothing is lost. OnparError `input-mismatch` names the file, the tensor and what was expected. Sizes are
 * not looked at, ranks are.
 */
export function pairInputs(tensors: NamedTensors, inputs: readonly InputPlan[], file: string): Pair[] {
  const names = [...tensors.keys()];
  const [only] = inputs;
  const [single] = tensors.values();
  if (inputs.length === 1 && tensors.size === 1 && only !== undefined && single !== undefined) {
    return [fitted(only, single, `${file}: tensor ${names[0]}`)];
  }
  const missing = inputs.filter(({ name }) => !tensors.has(name)).map(({ name }) => name);
  const extra = extraTensors(tensors, inputs);
  if (missing.length > 0) {
    const found = [
      `lacks ${missing.join(', ')}`,
      ...(extra.length > 0 ? [`has ${extra.join(', ')}, which the model does not take`] : []),
    ].join(' and ');
    throw mismatch(`${file} ${found}`, `save these tensors: ${inputs.map(({ name }) => name).join(', ')}`);
  }
  return inputs.map((input) => fitted(input, tensors.get(input.name) as Tensor, `${file}: tensor ${input.name}`));
}

/** Names in a file that no input of the model has. A lone tensor for a lone input is that input, whatever its name. */
export function extraTensors(tensors: NamedTensors, inputs: readonly InputPlan[]): string[] {
  if (inputs.length === 1 && tensors.size === 1) return [];
  return [...tensors.keys()].filter((name) => !inputs.some((input) => input.name === name));
}

function fitted(input: InputPlan, tensor: Tensor, where: string): Pair {
  const { dtype, shape } = input;
  if (tensor.shape.length !== shape.length) {
    const hint =
      tensor.shape.length === shape.length - 1 ? 'a leading axis may be missing: x[None]' : 'reshape the data';
    throw mismatch(
      `${where} has shape ${shapeText(tensor.shape)}, but input ${input.name} has ${shape.length} dimensions: ${shapeText(shape)}`,
      hint,
    );
  }
  if (tensor.dtype === dtype) return { input, tensor };
  if (dtype === 'string' || !mayCast(tensor.dtype, dtype)) {
    throw mismatch(`${where} is ${tensor.dtype}, but input ${input.name} takes ${dtype}`, `save it as ${dtype}`);
  }
  const loss = isRounding(tensor.dtype, dtype) ? -1 : firstLoss(tensor, dtype);
  if (loss >= 0) {
    throw mismatch(
      `${where} is ${tensor.dtype} and holds ${String(valueAt(tensor, loss))}, which ${dtype} of input ${input.name} cannot hold`,
      `save it as ${dtype}`,
    );
  }
  return { input, tensor: cast(tensor, dtype) };
}

/** numpy makes float64 of whatever is not told otherwise: rounding that to float32 is what its user means. */
const isRounding = (from: Dtype, to: Dtype): boolean => from === 'float64' && to === 'float32';

/** Integers among each other and booleans, as numpy makes int64 of them all; floats into wider ones. Values decide the rest. */
function mayCast(from: Dtype, to: Dtype): boolean {
  const whole = (dtype: Dtype) => isInteger(dtype) || dtype === 'bool';
  if (whole(from)) return whole(to);
  if (isRounding(from, to)) return true;
  return from !== 'string' && !whole(to) && (to === 'float64' || (to === 'float32' && from !== 'float64'));
}
