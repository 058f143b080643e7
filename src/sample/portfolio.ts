import type { InputPlan, SamplePlan } from '../records/rules.ts';
import type { Sample } from '../records/sample.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import { type Axes, type Axis, type Sizes, shapeAt } from './axes.ts';
import { type Domain, domainOf } from './domain.ts';
import { fillInput } from './fill-input.ts';
import type { Generator } from './generators/generator.ts';
import { normal } from './generators/normal.ts';
import { GENERATORS } from './generators/registry.ts';
import { uniform } from './generators/uniform.ts';
import type { ownGenerators } from './own-generator.ts';

/** A sample that could be made; `make` gives undefined when the legal values leave no room for it. */
export interface Candidate {
  readonly id: string;
  readonly generator: string;
  readonly group?: Sample['group'];
  readonly make: () => NamedTensors | undefined | Promise<NamedTensors | undefined>;
  /** What the model should have answered, and the first row that no earlier sample holds. */
  readonly labels?: () => { readonly tensors: NamedTensors; readonly from: number };
}

/** Models with more inputs than this carry state (key and value caches), whose parts are alike. */
const MAX_VARIED = 6;

/** After this many generators comes one size of the sweep, so that a short portfolio has both. */
const GENERATORS_PER_SIZE = 2;

/**
 * onpar's own samples, those first that add most: every generator at the base sizes, and one random sample for each other
 * size of each dynamic dimension. `sweepBatch` false leaves the batch sizes out (the user's rows are swept instead).
 */
export function portfolio(plan: SamplePlan, axes: Axes, sweepBatch: boolean, own: Own = new Map()): Candidate[] {
  const candidate = candidateOf(plan, axes, own);
  const sweep = axes.all.filter(({ isBatch }) => sweepBatch || !isBatch);
  const ordinary = GENERATORS.map((generator) => candidate(() => generator, axes.base, generator.name));
  const sizes = sweepSizes(sweep).map(({ label, size, keys }) => {
    const at = new Map([...axes.base, ...keys.map((key) => [key, size] as const)]);
    return candidate(() => normal, at, `${normal.name}[${label}=${size}]`);
  });
  return interleaved([...ordinary, ...variations(plan, axes, candidate)], sizes);
}

/** One input drawn anew while all others stay as in the first sample: what depends on it moves, and nothing else does. */
function variations({ inputs }: SamplePlan, axes: Axes, candidate: MakeCandidate): Candidate[] {
  if (inputs.length < 2) return [];
  return inputs
    .slice(0, MAX_VARIED)
    .map(({ name }) => candidate((input) => (input.name === name ? uniform : normal), axes.base, `vary[${name}]`));
}

interface SweptSize {
  readonly label: string;
  readonly size: number;
  readonly keys: readonly string[];
}

/** Batch dimensions move together; every other one alone. Round by round, so that each dimension gets its turn early. */
function sweepSizes(axes: readonly Axis[]): SweptSize[] {
  const batch = axes.filter(({ isBatch }) => isBatch);
  const others = axes.filter(({ isBatch }) => !isBatch);
  const groups = [...(batch.length > 0 ? [batch] : []), ...others.map((axis) => [axis])].map((group) => {
    const [{ label, sweep }] = group as [Axis];
    const keys = group.map(({ key }) => key);
    return sweep.map((size) => ({ label, size, keys }));
  });
  const rounds = Math.max(0, ...groups.map((group) => group.length));
  return Array.from({ length: rounds }, (_, i) => groups.flatMap((group) => group[i] ?? [])).flat();
}

function interleaved(ordinary: readonly Candidate[], sizes: readonly Candidate[]): Candidate[] {
  const result: Candidate[] = [];
  ordinary.forEach((each, i) => {
    const size = i % GENERATORS_PER_SIZE === 0 ? undefined : sizes[(i - 1) / GENERATORS_PER_SIZE];
    result.push(each, ...(size === undefined ? [] : [size]));
  });
  return [...result, ...sizes.slice(Math.floor(ordinary.length / GENERATORS_PER_SIZE))];
}

/** The user's own generators, by input. */
type Own = Awaited<ReturnType<typeof ownGenerators>>;

type MakeCandidate = (generatorOf: (input: InputPlan) => Generator, sizes: Sizes, id: string) => Candidate;

/** The user's own function draws anew for every sample, so only those that are plain draws are made of it alone. */
const PLAIN: readonly Generator[] = [normal, uniform];

function candidateOf({ inputs, seed }: SamplePlan, axes: Axes, own: Own): MakeCandidate {
  return (generatorOf, sizes, id) => {
    const used = [...new Set(inputs.map(generatorOf))];
    const make = async () => {
      const filled: (readonly [string, Tensor])[] = [];
      let isMeant = false;
      for (const input of inputs) {
        const shape = shapeAt(input, axes, sizes);
        const generator = generatorOf(input);
        const custom = own.get(input.name);
        if (custom === undefined) {
          const { tensor, meant } = fillInput(generator, input, shape, domainAt(input, inputs, axes, sizes), seed);
          filled.push([input.name, tensor]);
          isMeant ||= meant;
        } else {
          filled.push([
            input.name,
            await custom(input, shape, id.startsWith('vary[') && generator === normal ? normal.name : id),
          ]);
          isMeant ||= PLAIN.includes(generator);
        }
      }
      // The bulk of the legal values always means something, even for a model of masks only, or of no inputs at all.
      if (!used.includes(normal) && used.length > 0 && !isMeant) return undefined;
      return new Map(filled);
    };
    return { id, generator: /^\w[\w-]*/.exec(id)?.[0] ?? id, make };
  };
}

/** The legal values of an input in a sample of these sizes. */
export const domainAt = (input: InputPlan, inputs: readonly InputPlan[], axes: Axes, sizes: Sizes): Domain =>
  domainOf(input, {
    longest: input.role === 'lengths' ? longestRow(input, inputs, axes, sizes) : 1,
    below: Math.min(...(input.below ?? []).map((name) => sizeNamed(name, axes, sizes))),
  });

/** The size of a dynamic dimension; one that has another name here may be any of them, so the smallest counts. */
const sizeNamed = (name: string, axes: Axes, sizes: Sizes): number =>
  sizes.get(name) ?? Math.min(Number.POSITIVE_INFINITY, ...axes.all.map(({ key }) => sizes.get(key) as number));

/** The size that lengths count: the first axis after the batch of the first input that is no list of lengths itself. */
function longestRow(self: InputPlan, inputs: readonly InputPlan[], axes: Axes, sizes: Sizes): number {
  const measured = inputs.find((input) => input !== self && input.role !== 'lengths' && input.shape.length > 1);
  if (measured === undefined) return 1;
  const batch = new Set(axes.all.filter(({ isBatch }) => isBatch).map(({ key }) => key));
  const keys = axes.keysOf(measured);
  const hasBatch = keys.some((key) => key !== null && batch.has(key));
  const axis = keys.findIndex((key, i) => (hasBatch ? key === null || !batch.has(key) : i === 1));
  return shapeAt(measured, axes, sizes)[axis] ?? 1;
}
