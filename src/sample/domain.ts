import { OnparError } from '../core/errors.ts';
import type { InputPlan } from '../records/rules.ts';
import { isFloat, isInteger } from '../tensor/dtype.ts';
import { dtypeLimits } from '../tensor/limits.ts';
import { spanOf } from './distribution.ts';

/** Legal values of an input: all reals between two bounds (infinite where none is given) … */
export interface Reals {
  readonly kind: 'reals';
  readonly low: number;
  readonly high: number;
}

/** … or a list, ascending where it holds numbers. `at` gives the value of index 0 … size − 1, `indexOf` −1 for a stranger. */
export interface Choices {
  readonly kind: 'choices';
  readonly size: number;
  readonly at: (index: number) => number | string;
  readonly indexOf: (value: number) => number;
  /** How many of them lie below zero; they come first. */
  readonly negatives: number;
}

export interface Domain {
  readonly values: Reals | Choices;
  readonly isMask: boolean;
  /** How the values of a row belong together. */
  readonly order?: 'one-hot' | 'sorted';
  /** Set when the user gave no range and a small one was taken, which a finding should say. */
  readonly assumed?: readonly [number, number];
}

/** Token ids, labels, positions: almost every embedding has ten rows. */
const ASSUMED_INTEGERS = [0, 9] as const;
/** Segment ids of BERT and its kin index an embedding of two rows. */
const ASSUMED_SEGMENTS = [0, 1] as const;
const STRINGS = ['a', 'b', ''];
/** Diffusion models are trained for a thousand steps. */
const TIMESTEPS = [0, 999] as const;
/** Both signs, and products that int8 cannot hold. */
const SIGNED = [-100, 100] as const;

/** What the sizes of a sample bound. */
export interface SizeBounds {
  /** Of an input whose role is `lengths`. */
  readonly longest: number;
  /** One more than the largest value of an input that looks something up along a dynamic dimension. */
  readonly below: number;
}

const UNBOUNDED: SizeBounds = { longest: 1, below: Number.POSITIVE_INFINITY };

/**
 * What may stand in an input: the suite's `values` or `range`, else what the graph, dtype, role and name suggest.
 * OnparError `range-empty` or `value-not-representable` names the input.
 */
export function domainOf(input: InputPlan, bounds: SizeBounds = UNBOUNDED): Domain {
  const { role, dtype } = input;
  const domain = plainDomain(input, bounds);
  if (role === 'one-hot' && dtype !== 'string') return { ...domain, values: integers(0, 1), order: 'one-hot' };
  if (role === 'sorted' && dtype !== 'string') return { ...domain, order: 'sorted' };
  return role === 'divisor' ? { ...domain, values: withoutZero(domain.values) } : domain;
}

function plainDomain(input: InputPlan, { longest, below }: SizeBounds): Domain {
  const { name, dtype, values, role } = input;
  const range = bounded(input, longest, below);
  const isMask = dtype !== 'string' && (role === 'mask' || (role === undefined && /mask/i.test(name)));
  if (values !== undefined && values.length > 0) return { values: listed(input, values), isMask };
  if (dtype === 'string') return { values: choices(STRINGS), isMask };
  if (dtype === 'bool') return { values: integers(0, 1), isMask };
  const [low, high] = dtypeLimits(dtype);
  if (range !== undefined) {
    const [from, to] = isFloat(dtype) ? range : [Math.ceil(range[0]), Math.floor(range[1])];
    const legal = [Math.max(from, low), Math.min(to, high)] as const;
    if (legal[0] > legal[1]) {
      throw new OnparError({
        code: 'range-empty',
        message: `input ${name}: no ${dtype} lies in the range [${range.join(', ')}]`,
        fix: 'give the smaller bound first, and bounds that the dtype can hold',
      });
    }
    return { values: isFloat(dtype) ? { kind: 'reals', low: legal[0], high: legal[1] } : integers(...legal), isMask };
  }
  if (role === 'boolean') return { values: integers(0, 1), isMask };
  if (isMask) return { values: integers(0, 1), isMask };
  if (isFloat(dtype)) {
    const [from, to] = realBounds(input);
    return { values: { kind: 'reals', low: from, high: to }, isMask };
  }
  const assumed = assumedRange(input, [low, high], longest);
  const isNarrowed = role !== 'lengths' && (assumed[0] > low || assumed[1] < high);
  return { values: integers(...assumed), isMask, ...(isNarrowed ? { assumed } : {}) };
}

/** The range that was given, tightened by sizes: a row of eight has no ninth position. */
function bounded(
  { range, distribution, below: dims, role, because }: InputPlan,
  longest: number,
  below: number,
): InputPlan['range'] {
  // The user's own range is taken at its word.
  if (because === undefined) return range ?? (distribution === undefined ? undefined : spanOf(distribution));
  const bySize = dims === undefined ? Number.POSITIVE_INFINITY : Math.max(below - 1, 0);
  const byLength = role === 'lengths' && range !== undefined ? Math.max(longest, range[0]) : Number.POSITIVE_INFINITY;
  const [low, high] = range ?? [0, Number.POSITIVE_INFINITY];
  const most = Math.min(high, bySize, byLength);
  return Number.isFinite(most) ? [Math.min(low, most), most] : undefined;
}

/**
 * The reals that a role which the user gave stands for. One that was read from the graph bounds nothing by itself: a
 * convolution takes a normalised picture as well as one between 0 and 1.
 */
function realBounds({ role, because }: InputPlan): readonly [number, number] {
  if (role === 'timestep') return TIMESTEPS;
  if (because === undefined && role === 'image') return [0, 1];
  if (because === undefined && role === 'audio') return [-1, 1];
  return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}

function assumedRange(
  { name, dtype, role }: InputPlan,
  limits: readonly [number, number],
  longest: number,
): readonly [number, number] {
  // A length of zero is a case of its own that many models refuse.
  if (role === 'lengths') return [1, Math.max(longest, 1)];
  // Eight bits are pixels or quantised values: any of them is legal.
  if (dtype === 'uint8' || dtype === 'int8') return limits;
  if (role === 'image') return [0, 255];
  if (role === 'audio') return limits;
  if (role === 'timestep') return TIMESTEPS;
  if (role === 'divisor' || role === 'dividend') return [Math.max(limits[0], SIGNED[0]), SIGNED[1]];
  return /token_?type|segment|type_ids/i.test(name) ? ASSUMED_SEGMENTS : ASSUMED_INTEGERS;
}

function listed({ name, dtype }: InputPlan, values: readonly (number | string)[]): Choices {
  const fits = (value: number | string): boolean => {
    if (dtype === 'string') return typeof value === 'string';
    if (typeof value === 'string') return false;
    if (dtype === 'bool') return value === 0 || value === 1;
    const [low, high] = dtypeLimits(dtype);
    return isInteger(dtype) ? Number.isInteger(value) && value >= low && value <= high : !Number.isNaN(value);
  };
  const wrong = values.find((value) => !fits(value));
  if (wrong === undefined) return choices(values);
  throw new OnparError({
    code: 'value-not-representable',
    message: `input ${name}: ${JSON.stringify(wrong)} in \`values\` is no ${dtype}`,
    fix: 'list values of the input’s dtype only',
  });
}

function choices(list: readonly (number | string)[]): Choices {
  const unique = [...new Set(list)];
  if (unique.every((value) => typeof value === 'number')) unique.sort((a, b) => Number(a) - Number(b));
  return {
    kind: 'choices',
    size: unique.length,
    at: (i) => unique[i] as number | string,
    indexOf: (value) => unique.indexOf(value),
    negatives: unique.filter((value) => typeof value === 'number' && value < 0).length,
  };
}

/** Zero is no divisor. Reals are left as they are: none of them is zero by chance, and a float divided by zero is defined. */
function withoutZero(values: Reals | Choices): Reals | Choices {
  const zero = values.kind === 'choices' ? values.indexOf(0) : -1;
  if (values.kind === 'reals' || zero < 0 || values.size === 1) return values;
  const before = (index: number) => (index < zero ? index : index + 1);
  return {
    ...values,
    size: values.size - 1,
    at: (index) => values.at(before(index)),
    indexOf: (value) => {
      const index = values.indexOf(value);
      return index === zero ? -1 : index > zero ? index - 1 : index;
    },
  };
}

/** The integers from `low` to `high`, without listing them: token ids may be a quarter of a million. */
export const integers = (low: number, high: number): Choices => ({
  kind: 'choices',
  size: high - low + 1,
  at: (index) => low + index,
  indexOf: (value) => (Number.isInteger(value) && value >= low && value <= high ? value - low : -1),
  negatives: Math.min(Math.max(-low, 0), high - low + 1),
});
