import { random } from '../../../core/random.ts';
import { tensorFrom } from '../../../tensor/build.ts';
import { floatsOf } from '../../../tensor/move.ts';
import { type Constant, constantsOf, finalUses } from '../constants.ts';
import { isDiscrete, isParameter } from '../movable.ts';
import { isMask, isWhole } from '../perturb-tensor.ts';
import { parseOnnx } from '../read.ts';
import { type Flow, flowOf } from '../scopes.ts';
import { elementsOf, floatDtypeOf, withTensorBytes } from '../tensor-data.ts';
import { inline, save } from './finish.ts';

/** As for weights that are moved: smaller ones are scales, shapes and bounds more often than weights. */
const MIN_ELEMENTS = 16;

/**
 * Writes a copy of an ONNX model to `to` whose floating weights of 16 elements or more are random numbers, so that a model
 * that shows a fault can be given away: each tensor's mean and root mean square stay, and so does its sign where no element
 * is negative (variances). Numbers follow from the seed and the tensor's name. Gives back how many tensors were replaced.
 *
 * These stay: parameters of operators (scales, zero points, regions, bounds); masks and one-hot tables; whole numbers that
 * are compared or counted; constant tensors; integers, so quantised weights as well. Everything ends inside the file.
 */
export function randomiseWeights(from: string, to: string, seed: number): number {
  const model = parseOnnx(from);
  const flow = flowOf(model);
  let replaced = 0;
  for (const constant of constantsOf(flow)) replaced += replace(constant, flow, from, seed) ? 1 : 0;
  save(model, from, to);
  return replaced;
}

function replace({ held, value, key }: Constant, flow: Flow, file: string, seed: number): boolean {
  const floats = held.kind === 'floats' ? held.attribute.floats : null;
  const tensor = held.kind === 'floats' ? null : held.tensor;
  const dtype = tensor === null ? 'float32' : floatDtypeOf(tensor);
  const count = floats?.length ?? (tensor === null ? 0 : elementsOf(tensor));
  if (dtype === null || count < MIN_ELEMENTS) return false;
  const uses = finalUses(flow, value, tensor?.dims.length ?? 1);
  if (uses.some(isParameter)) return false;
  if (tensor === null || held.kind === 'floats') {
    if (held.kind !== 'floats') return false;
    held.attribute.floats = Array.from(alike(Float64Array.from(held.attribute.floats), seed, key), Math.fround);
    return true;
  }
  const stays = withTensorBytes(
    tensor,
    file,
    (source, size) => isMask(source, size, dtype) || (uses.some(isDiscrete) && isWhole(source, size, dtype)),
  );
  if (stays) return false;
  const old = withTensorBytes(tensor, file, (source, size) => Float64Array.from(floatsOf(dtype, source(0, size))));
  inline(tensor, file);
  const rawData = tensorFrom(dtype, [count], alike(old, seed, key)).data;
  Object.assign(tensor, { rawData, floatData: [], doubleData: [], int32Data: [] });
  return true;
}

/** Random numbers of the same mean and root mean square, none of them negative where none was. */
function alike(old: Float64Array, seed: number, key: string): Float64Array {
  const finite = old.filter(Number.isFinite);
  const { mean, deviation } = momentsOf(finite);
  const drawn = new Float64Array(old.length + (old.length % 2));
  random('randomise-weights', seed, key).fillNormal(drawn);
  const values = drawn.subarray(0, old.length);
  if (deviation > 0 && finite.every((x) => x >= 0)) {
    // Log-normal: mean m and variance v need σ² = ln(1 + v/m²); what chance left of the mean is scaled away.
    const sigma = Math.sqrt(Math.log1p((deviation / mean) ** 2));
    for (let i = 0; i < values.length; i++) values[i] = Math.exp(sigma * (values[i] as number));
    const scale = mean / momentsOf(values).mean;
    return values.map((x, i) => (Number.isFinite(old[i]) ? x * scale : (old[i] as number)));
  }
  const own = momentsOf(values);
  return values.map((x, i) =>
    Number.isFinite(old[i]) ? mean + ((x - own.mean) / own.deviation) * deviation : (old[i] as number),
  );
}

function momentsOf(values: Float64Array): { mean: number; deviation: number } {
  let sum = 0;
  for (const x of values) sum += x;
  const mean = sum / Math.max(1, values.length);
  let squares = 0;
  for (const x of values) squares += (x - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / Math.max(1, values.length)) };
}
