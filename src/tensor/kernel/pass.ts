import * as slot from './assembly/layout.ts';
import { BLOCK } from './assembly/layout.ts';
import { type Elements, reading } from './elements.ts';
import { type Form, formOf } from './forms.ts';
import { extend, type PassSpec } from './kernel.ts';
import { kernel } from './load.ts';
import { runParallel } from './parallel.ts';
import { FIELDS, mergeStats, type PassStats, PIECE, statsOf } from './stats.ts';

/**
 * From how many elements on the kernel pays. In a fresh process reading, compiling and starting it takes 1 to 8 ms, and the
 * scalar kernel, not yet optimised by V8, is passed between 10,000 and 30,000 elements (measured: 30,000 pairs 20 to 35 ms
 * against 4 to 20 ms on a busy machine). Everyday outputs stay below and never load it.
 */
export const KERNEL_FROM = 3e4;

/** Elements whose results are added up by themselves: a unit of work for a thread, 4 to 8 MiB a side. */
const CHUNK = 32 * BLOCK;

/** Start of every chunk, and the end. Chunks depend on the shape alone, so that no number of threads changes a result. */
export function chunks(count: number, columns: number): number[] {
  const starts: number[] = [];
  if (columns > BLOCK) {
    for (let row = 0; row < count; row += columns) for (let at = row; at < row + columns; at += CHUNK) starts.push(at);
  } else {
    const size = columns > 1 ? CHUNK - (CHUNK % columns) : CHUNK;
    for (let at = 0; at < count; at += size) starts.push(at);
  }
  return [...starts, count];
}

/** One pass over both sides; null where the kernel is not to be had or cannot do it, and the scalar one has to. */
export function runPass(spec: PassSpec): PassStats | null {
  const { reference, candidate, exact } = spec;
  const form = formOf(reference.dtype, candidate.dtype, exact);
  const instance = form === null ? null : kernel();
  if (instance === null || form === null || reference.count === 0) return null;
  const starts = chunks(reference.count, spec.columns);
  const results = new Float64Array(new SharedArrayBuffer((starts.length - 1) * FIELDS * 8));
  const chunk = (i: number) =>
    instance.chunk(spec, starts[i] as number, starts[i + 1] as number, results.subarray(i * FIELDS, (i + 1) * FIELDS));
  reading([reference, candidate], () => runParallel(spec, starts, results, chunk));
  return merge(spec, starts, results, form);
}

function merge(spec: PassSpec, starts: readonly number[], results: Float64Array, form: Form): PassStats {
  const wide = form === 'int64' || form === 'uint64';
  let total: PassStats | undefined;
  let piece: number[] = [];
  for (let i = 0; i + 1 < starts.length; i++) {
    const fields = results.subarray(i * FIELDS, (i + 1) * FIELDS);
    const end = starts[i + 1] as number;
    const stats = statsOf(fields, end - (starts[i] as number), wide);
    if (total === undefined) total = stats;
    else mergeStats(total, stats);
    if (spec.columns <= BLOCK || wide) continue;
    if (piece.length === 0) piece = new Array<number>(PIECE).fill(Number.NaN);
    extend(piece, fields.subarray(FIELDS - PIECE));
    if (end % spec.columns === 0) {
      if (agree(piece, spec)) total.rowsAgreeing++;
      piece = [];
    }
  }
  return total as PassStats;
}

/** As compare/values/argmax.ts: the same place, or two that the reference scores alike within the tolerance. */
function agree(piece: readonly number[], { atol, rtol }: PassSpec): boolean {
  const [a, rAt, , cAt, b] = piece as [number, number, number, number, number];
  return rAt === cAt || a === b || Math.abs(a - b) <= atol + rtol * Math.max(Math.abs(a), Math.abs(b));
}

/** Whether every element lies within the bounds; stops at the first chunk in which one does not. Null as `runPass`. */
export function runWithin(spec: PassSpec): boolean | null {
  const instance = formOf(spec.reference.dtype, spec.candidate.dtype, spec.exact) === null ? null : kernel();
  if (instance === null) return null;
  const fields = new Float64Array(FIELDS);
  const starts = chunks(spec.reference.count, 0);
  return reading([spec.reference, spec.candidate], () =>
    starts.slice(1).every((end, i) => {
      instance.chunk({ ...spec, columns: 0 }, starts[i] as number, end, fields);
      return fields[slot.VIOLATIONS] === 0;
    }),
  );
}

/** rms of the finite elements, NaN when there is none. Null as `runPass`. */
export function runRms(elements: Elements): number | null {
  const instance = kernel();
  if (instance === null) return null;
  const sum = (factor: number) => {
    const fields = new Float64Array(slot.SLOTS);
    const total = { squares: 0, count: 0, largest: 0 };
    const starts = chunks(elements.count, 0);
    for (let i = 0; i + 1 < starts.length; i++) {
      instance.squares(elements, starts[i] as number, starts[i + 1] as number, factor, fields);
      total.squares += fields[slot.FINITE_SQUARES] as number;
      total.count += fields[slot.FINITE_COUNT] as number;
      total.largest = Math.max(total.largest, fields[slot.FINITE_LARGEST] as number);
    }
    return total;
  };
  const { squares, count, largest } = reading([elements], () => sum(1));
  if (count === 0) return Number.NaN;
  if (largest === 0) return 0;
  const plain = Math.sqrt(squares / count);
  if (plain > 1e-140 && plain < Number.POSITIVE_INFINITY) return plain;
  // Squares that overflow or vanish: scaled by a power of two near the largest, which costs no bit. Its inverse must be finite too.
  const power = Math.min(1000, Math.max(-1000, Math.floor(Math.log2(largest))));
  return 2 ** power * Math.sqrt(reading([elements], () => sum(2 ** -power)).squares / count);
}
