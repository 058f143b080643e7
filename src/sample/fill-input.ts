import { type Random, random } from '../core/random.ts';
import type { Distribution, InputPlan } from '../records/rules.ts';
import { stringTensor, tensorFrom } from '../tensor/build.ts';
import { elementCount, type Tensor } from '../tensor/tensor.ts';
import { draw } from './distribution.ts';
import { type Domain, integers } from './domain.ts';
import type { Generator, MaskPattern, Target } from './generators/generator.ts';
import { normal } from './generators/normal.ts';

export interface Filled {
  readonly tensor: Tensor;
  /** False when the generator had nothing to say about this input, which was then filled at random. */
  readonly meant: boolean;
}

/** One input of one sample, its values legal, its stream of random numbers its own. */
export function fillInput(
  generator: Generator,
  input: InputPlan,
  shape: readonly number[],
  domain: Domain,
  seed: number,
): Filled {
  const target = { shape, random: random('sample', seed, generator.name, input.name, shape.join('x')) };
  const out = new Float64Array(elementCount(shape));
  const { distribution } = input;
  const isDrawn = distribution !== undefined && generator === normal && !domain.isMask;
  const meant = isDrawn ? fillDrawn(out, distribution, domain, target) : fill(out, generator, domain, target);
  return { tensor: toTensor(out, input, shape, domain), meant };
}

/** Draws of the user's distribution, brought to the nearest legal value. */
function fillDrawn(out: Float64Array, distribution: Distribution, { values }: Domain, { random }: Target): boolean {
  draw(out, distribution, random);
  for (let i = 0; i < out.length; i++) {
    const x = out[i] as number;
    if (values.kind === 'reals') out[i] = Math.min(Math.max(x, values.low), values.high);
    else {
      const [low, high] = [Number(values.at(0)), Number(values.at(values.size - 1))];
      const index = values.indexOf(Math.min(Math.max(Math.round(x), low), high));
      out[i] = index >= 0 ? index : random.integer(0, values.size - 1);
    }
  }
  return true;
}

function fill(out: Float64Array, generator: Generator, domain: Domain, target: Target): boolean {
  if (domain.isMask) return fillMask(out, generator.mask, domain, target);
  if (domain.order === 'one-hot') return fillOneHot(out, generator, target);
  const meant = fillValues(out, generator, domain, target);
  if (domain.order === 'sorted') for (const row of rowsOf(out, target.shape)) row.sort();
  return meant;
}

/** One place of each row is set: the generator chooses which. */
function fillOneHot(out: Float64Array, generator: Generator, { shape, random }: Target): boolean {
  const rows = rowsOf(out, shape);
  const places = integers(0, Math.max((shape.at(-1) ?? 1) - 1, 0));
  const set = new Float64Array(rows.length);
  const meant = fillValues(set, generator, { values: places, isMask: false }, { shape: shape.slice(0, -1), random });
  rows.forEach((row, i) => {
    if (row.length > 0) row[set[i] as number] = 1;
  });
  return meant;
}

/** The rows along the last axis, sharing memory. */
function rowsOf(out: Float64Array, shape: readonly number[]): Float64Array[] {
  const width = shape.at(-1) ?? 1;
  const count = width === 0 ? 0 : out.length / width;
  return Array.from({ length: count }, (_, row) => out.subarray(row * width, (row + 1) * width));
}

function fillValues(out: Float64Array, generator: Generator, { values }: Domain, target: Target): boolean {
  if (values.kind === 'reals') {
    if (generator.reals?.(out, values, target) === true) return true;
    normal.reals?.(out, values, target);
    return false;
  }
  if (generator.choices?.(out, values, target) === true) return true;
  normal.choices?.(out, values, target);
  return false;
}

/** Masks are right-padded along their last axis; the highest legal value counts, the lowest is padding. */
function fillMask(
  out: Float64Array,
  pattern: MaskPattern | undefined,
  { values }: Domain,
  { shape, random }: Target,
): boolean {
  const [padding, counts] = values.kind === 'reals' ? [values.low, values.high] : [0, values.size - 1];
  const width = shape.at(-1) ?? 1;
  const rows = width === 0 ? 0 : out.length / width;
  out.fill(padding);
  for (let row = 0; row < rows; row++) {
    const length = rowLength(pattern ?? 'ragged', row, rows, width, random);
    out.fill(counts, row * width, row * width + length);
  }
  return pattern !== undefined;
}

function rowLength(pattern: MaskPattern, row: number, rows: number, width: number, random: Random): number {
  if (pattern === 'full') return width;
  if (pattern === 'single') return 1;
  if (pattern === 'empty-row') return row === rows - 1 ? 0 : width;
  // One row of full length keeps the others honest: padding to the longest is what tokenizers do.
  return row === 0 ? width : random.integer(1, width);
}

function toTensor(out: Float64Array, { dtype }: InputPlan, shape: readonly number[], { values }: Domain): Tensor {
  if (values.kind === 'choices') {
    const { at } = values;
    if (dtype === 'string')
      return stringTensor(
        shape,
        Array.from(out, (index) => String(at(index))),
      );
    for (let i = 0; i < out.length; i++) out[i] = at(out[i] as number) as number;
  }
  if (dtype === 'string') throw new TypeError('a string input has a list of legal values');
  return tensorFrom(dtype, shape, out);
}
