import { OnparError } from '../core/errors.ts';
import { importModule } from '../core/import-module.ts';
import { type Random, random } from '../core/random.ts';
import type { InputPlan } from '../records/rules.ts';
import { stringTensor, tensorFrom } from '../tensor/build.ts';
import { type Dtype, isInteger } from '../tensor/dtype.ts';
import { elementCount, type Tensor } from '../tensor/tensor.ts';

/** What a user's generator is told: the input, the shape it must fill, and random numbers of its own. */
export interface GeneratorRequest {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

type Numbers = ArrayLike<number | bigint | string>;

/** A user's own way to make one input, the default export of the module that the suite's `generator:` names. */
export type SampleGenerator = (input: GeneratorRequest, random: Random, sample: string) => unknown;

type Made = (input: InputPlan, shape: readonly number[], sample: string) => Promise<Tensor>;

/** Loads the generators that a plan's inputs name, once each. OnparError `generator-failed` says which and why. */
export async function ownGenerators(inputs: readonly InputPlan[], seed: number): Promise<ReadonlyMap<string, Made>> {
  const own = new Map<string, Made>();
  for (const { name, generator } of inputs) {
    if (generator === undefined) continue;
    const run = await load(generator.path, generator.root, name);
    own.set(name, async (input, shape, sample) => {
      const request: GeneratorRequest = { name: input.name, dtype: input.dtype, shape: [...shape] };
      try {
        return toTensor(request, await run(request, random('own', seed, name, sample), sample));
      } catch (cause) {
        throw failed(name, generator.path, `${(cause as Error).message} (sample ${sample})`, cause);
      }
    });
  }
  return own;
}

async function load(path: string, root: string, input: string): Promise<SampleGenerator> {
  const { createJiti } = (await importModule('jiti')) as typeof import('jiti');
  let made: unknown;
  try {
    made = await createJiti(`${root}/`, { moduleCache: false, fsCache: false }).import(path, { default: true });
  } catch (cause) {
    throw failed(input, path, (cause as Error).message.split('\n')[0] ?? '', cause);
  }
  if (typeof made === 'function') return made as SampleGenerator;
  throw failed(input, path, 'its default export is no function');
}

const failed = (input: string, path: string, why: string, cause?: unknown): OnparError =>
  new OnparError({
    code: 'generator-failed',
    message: `input ${input}: generator ${path}: ${why}`,
    fix: 'export default (input, random, sample) => an array that fills input.shape',
    cause,
  });

/** A flat or nested array, or a typed one, as the tensor that was asked for. */
function toTensor({ dtype, shape }: GeneratorRequest, made: unknown): Tensor {
  const flat = Array.isArray(made) ? (made.flat(Number.POSITIVE_INFINITY) as Numbers) : made;
  if (!isNumbers(flat)) throw new TypeError(`gave ${typeof made} instead of an array`);
  const count = elementCount(shape);
  if (flat.length !== count) throw new RangeError(`gave ${flat.length} values for the shape [${shape.join(', ')}]`);
  if (dtype === 'string') return stringTensor(shape, Array.from(flat, String));
  const numbers = flat as ArrayLike<number | bigint>;
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i];
    const isFit =
      typeof value === 'bigint' || (typeof value === 'number' && (!isInteger(dtype) || Number.isInteger(value)));
    if (!isFit && typeof value !== 'boolean') throw new TypeError(`gave ${String(value)}, which is no ${dtype}`);
  }
  return tensorFrom(dtype, shape, typeof numbers[0] === 'boolean' ? Array.from(numbers, Number) : numbers);
}

const isNumbers = (value: unknown): value is Numbers =>
  Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
