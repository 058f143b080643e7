import type { InputPlan, SamplePlan } from '../records/rules.ts';

/** A dynamic dimension that one or several inputs share. */
export interface Axis {
  readonly key: string;
  /** What stands in sample ids: its name, `batch`, or `x.axis2` for one without a name. */
  readonly label: string;
  readonly isBatch: boolean;
  /** The size of the ordinary samples. */
  readonly base: number;
  /** The other sizes to try, one axis at a time. */
  readonly sweep: readonly number[];
}

/** Sizes of all dynamic dimensions of one sample, by key. */
export type Sizes = ReadonlyMap<string, number>;

export interface Axes {
  readonly all: readonly Axis[];
  readonly base: Sizes;
  /** The key of each dimension of an input; null where its size is fixed. */
  readonly keysOf: (input: InputPlan) => readonly (string | null)[];
}

/** Two rows tell a mixed-up batch from a right one, at the least cost. */
const BATCH = { base: 2, sweep: [1, 3] };
/**
 * Sequences and the like: 8 suits vector units, which the odd sizes and the minimum do not. 257 is a prime past the block
 * sizes of kernels and past what eight bits count, while attention over it still costs a fraction of a second.
 */
const OTHER = { base: 8, sweep: [1, 3, 7, 13, 257] };
/** Height and width of feature maps: networks that halve them five times refuse less than 32; 97 is a prime above the base. */
const SPATIAL = { base: 64, sweep: [32, 63, 97] };
/** Sound: a quarter of a second at 16 kHz holds the window of a spectrum (400 to 2048); 4099 is the next prime. */
const AUDIO = { base: 4096, sweep: [2048, 4099] };
/** Elements of one input beyond which a size is not tried: 4 MB of float32, some hundredths of a second for most layers. */
const MAX_ELEMENTS = 2 ** 20;

const BATCH_NAME = /batch/i;
const LEADING_BATCH_NAME = /^(n|b|bs)$/i;
const UNNAMED_BATCH = '#batch';

/**
 * Finds the dynamic dimensions of a plan. The same name is the same size everywhere. A dimension is the batch when its
 * name says so, or, where no name does, when the leading dimension of every input is dynamic. Unnamed dimensions at the
 * same position of inputs of the same rank are one. Sizes come from `dims` where the user gave some.
 */
export function findAxes({ inputs, dims }: Pick<SamplePlan, 'inputs' | 'dims'>): Axes {
  const batch = batchKeys(inputs);
  const leadingIsBatch = batch.has(UNNAMED_BATCH);
  const keysOf = ({ shape }: InputPlan) =>
    shape.map((dim, axis) => {
      if (typeof dim === 'number') return null;
      if (dim !== null) return dim;
      return axis === 0 && leadingIsBatch ? UNNAMED_BATCH : `#rank${shape.length}axis${axis}`;
    });
  const all = new Map<string, Axis>();
  for (const input of inputs) {
    keysOf(input).forEach((key, axis) => {
      if (key === null || all.has(key)) return;
      const isBatch = batch.has(key);
      const label = key === UNNAMED_BATCH ? 'batch' : key.startsWith('#') ? `${input.name}.axis${axis}` : key;
      all.set(key, {
        key,
        label,
        isBatch,
        ...sizesOf(
          Object.hasOwn(dims, label) ? dims[label] : undefined,
          isBatch ? BATCH : isTime(input, axis) ? AUDIO : isSpatial(input, axis) ? SPATIAL : OTHER,
        ),
      });
    });
  }
  const base: Sizes = new Map([...all.values()].map((axis) => [axis.key, axis.base]));
  const fits = (key: string, size: number) =>
    inputs.every((input) => {
      const keys = keysOf(input);
      if (!keys.includes(key)) return true;
      const sizes = keys.map((k, i) =>
        k === key ? size : k === null ? (input.shape[i] as number) : (base.get(k) as number),
      );
      return sizes.reduce((n, d) => n * d, 1) <= MAX_ELEMENTS;
    });
  const isAsked = ({ label }: Axis) => Object.hasOwn(dims, label);
  const swept = [...all.values()].map((axis) =>
    isAsked(axis) ? axis : { ...axis, sweep: axis.sweep.filter((size) => size < axis.base || fits(axis.key, size)) },
  );
  return { all: swept, base, keysOf };
}

/** The user's sizes, exactly those, the middle one for the ordinary samples; else onpar's own. */
function sizesOf(given: readonly number[] | undefined, fallback: { base: number; sweep: readonly number[] }) {
  if (given === undefined || given.length === 0) return fallback;
  const sizes = [...new Set(given)].sort((a, b) => a - b);
  const base = sizes[(sizes.length - 1) >> 1] as number;
  return { base, sweep: sizes.filter((size) => size !== base) };
}

function batchKeys(inputs: readonly InputPlan[]): ReadonlySet<string> {
  const names = inputs.flatMap(({ shape }) => shape.filter((dim, axis) => isBatchName(dim, axis)) as string[]);
  if (names.length > 0) return new Set(names);
  const leading = inputs.map(({ shape }) => shape[0]);
  if (!leading.every((dim) => dim === null || typeof dim === 'string')) return new Set();
  return new Set(leading.map((dim) => dim ?? UNNAMED_BATCH));
}

const isBatchName = (dim: unknown, axis: number): boolean =>
  typeof dim === 'string' && (BATCH_NAME.test(dim) || (axis === 0 && LEADING_BATCH_NAME.test(dim)));

/** The longest-running axis of a sound: its last, or the one before its channels. */
const isTime = ({ shape, role }: InputPlan, axis: number): boolean =>
  role === 'audio' && axis > 0 && (axis === shape.length - 1 || typeof shape.at(-1) === 'number');

/** Rank 4 and above, floats: an image or a feature map, whichever side its channels are on. */
const isSpatial = ({ shape, dtype, role }: InputPlan, axis: number): boolean =>
  axis > 0 && role !== 'mask' && (role === 'image' || (shape.length >= 4 && dtype.includes('float')));

/** The shape of an input at these sizes. */
export const shapeAt = (input: InputPlan, axes: Axes, sizes: Sizes): number[] =>
  axes.keysOf(input).map((key, axis) => (key === null ? (input.shape[axis] as number) : (sizes.get(key) as number)));
