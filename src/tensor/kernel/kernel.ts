import { BYTES_PER_ELEMENT } from '../dtype.ts';
import { BLOCK, CELLS, IDENTICAL, SLICES, SLOTS, ZEROS } from './assembly/layout.ts';
import { binsOf, edgeTable } from './bins.ts';
import type { Elements } from './elements.ts';
import { CODES, type Form, formOf } from './forms.ts';
import { FIELDS, PIECE } from './stats.ts';

type Call = (...args: number[]) => number;
type Calls = Readonly<Record<string, Call>> & { readonly slices: (...args: (number | bigint)[]) => void };

/** What is asked of one pass. */
export interface PassSpec {
  readonly reference: Elements;
  readonly candidate: Elements;
  readonly atol: number;
  readonly rtol: number;
  /** Integers as such and not as doubles. */
  readonly exact: boolean;
  /** The size of the last axis, for the agreement of its largest elements; 0 when nobody asks. */
  readonly columns: number;
}

/** One instance of the WASM kernel: raw bytes in, a row of numbers (stats.ts) out. */
export class Kernel {
  #call: Calls;
  #bytes: Uint8Array;
  #doubles: Float64Array;
  #cells: Uint32Array;
  #at: { readonly raw: number; readonly wide: number; readonly state: number; readonly slices: number };

  constructor(module: WebAssembly.Module) {
    const { exports } = new WebAssembly.Instance(module, { env: { abort: () => {} } });
    this.#call = exports as unknown as Calls;
    const { buffer } = exports.memory as WebAssembly.Memory;
    const at = (name: string): number => (this.#call[name] as Call)();
    this.#at = { raw: at('rawAt'), wide: at('wideAt'), state: at('stateAt') / 8, slices: at('slicesAt') / 8 };
    this.#bytes = new Uint8Array(buffer);
    this.#doubles = new Float64Array(buffer);
    this.#cells = new Uint32Array(buffer, at('histogramAt'), 2 * CELLS);
    this.#doubles.set(edgeTable(), at('edgesAt') / 8);
  }

  /** Elements `from` to `to` of both sides. `out` gets what stats.ts reads. A chunk holds whole rows, or lies within one. */
  chunk(spec: PassSpec, from: number, to: number, out: Float64Array): void {
    const { reference, candidate, atol, rtol, exact, columns } = spec;
    const form = formOf(reference.dtype, candidate.dtype, exact) as Form;
    const sameDtype = reference.dtype === candidate.dtype;
    this.#run('begin', atol, rtol);
    const wholeRows = columns <= BLOCK;
    const piece = out.subarray(FIELDS - PIECE);
    piece.fill(Number.NaN);
    const block = columns > 1 && wholeRows ? BLOCK - (BLOCK % columns) : BLOCK;
    for (let start = from; start < to; start += block) {
      const n = Math.min(block, to - start);
      const a = this.#load(reference, form, 0, start, n);
      const b = this.#load(candidate, form, 1, start, n);
      const equal = this.#zeros();
      this.#run(COMPARE[form], a, b, n, start);
      // Only where all numbers agree can all bytes agree.
      if (!sameDtype || this.#zeros() - equal < n) this.#doubles[this.#at.state + IDENTICAL] = 0;
      else if (this.#doubles[this.#at.state + IDENTICAL] === 1)
        this.#run('compareBytes', this.#raw(0), this.#raw(1), n * BYTES_PER_ELEMENT[reference.dtype]);
      if (columns < 2 || form === 'int64' || form === 'uint64') continue;
      if (wholeRows) this.#run(form === 'float32' ? 'rows32' : 'rows64', a, b, n / columns, columns);
      else this.#extendPiece(piece, form, a, b, n, start);
    }
    out.set(this.#doubles.subarray(this.#at.state, this.#at.state + SLOTS));
    // The integer kernels count no differences of 0.
    binsOf(this.#cells, form === 'int64' || form === 'uint64' ? 0 : this.#zeros(), out.subarray(SLOTS, FIELDS - PIECE));
  }

  /** Σ(x·factor)², number and largest of the finite elements. */
  squares(elements: Elements, from: number, to: number, factor: number, out: Float64Array): void {
    const form = formOf(elements.dtype, elements.dtype, false) as Form;
    this.#run('begin', 0, 0);
    for (let start = from; start < to; start += BLOCK) {
      const n = Math.min(BLOCK, to - start);
      this.#run(form === 'float32' ? 'squares32' : 'squares64', this.#load(elements, form, 0, start, n), n, factor);
    }
    out.set(this.#doubles.subarray(this.#at.state, this.#at.state + SLOTS));
  }

  /** Adds nothing up over calls: the table of `size` slices for elements `from` to `to`, four numbers a slice. */
  slices({ reference, candidate }: PassSpec, from: number, to: number, size: number, inner: number): Float64Array {
    if (size > SLICES) throw new RangeError(`${size} slices; the kernel keeps ${SLICES} apart`);
    this.#run('beginSlices');
    for (let start = from; start < to; start += BLOCK) {
      const n = Math.min(BLOCK, to - start);
      const a = this.#load(reference, 'float64', 0, start, n);
      const b = this.#load(candidate, 'float64', 1, start, n);
      this.#call.slices(a, b, n, BigInt(start), BigInt(size), BigInt(inner));
    }
    return this.#doubles.slice(this.#at.slices, this.#at.slices + 4 * size);
  }

  #run(name: string, ...args: number[]): number {
    return (this.#call[name] as Call)(...args);
  }

  #zeros(): number {
    return this.#doubles[this.#at.state + ZEROS] as number;
  }

  #raw(side: 0 | 1): number {
    return this.#at.raw + side * BLOCK * 8;
  }

  /** The address at which `n` elements lie in the form asked for. */
  #load(elements: Elements, form: Form, side: 0 | 1, from: number, n: number): number {
    const raw = this.#raw(side);
    const { dtype } = elements;
    elements.read(from, this.#bytes.subarray(raw, raw + n * BYTES_PER_ELEMENT[dtype]));
    if (dtype === form) return raw;
    const wide = this.#at.wide + side * BLOCK * 8;
    this.#run(WIDEN[form], CODES[dtype], raw, wide, n);
    return wide;
  }

  /** Of a row longer than a block: the largest of either side so far, where, and the reference's value at the candidate's place. */
  #extendPiece(piece: Float64Array, form: Form, a: number, b: number, n: number, start: number): void {
    const name = form === 'float32' ? 'argmax32' : 'argmax64';
    const size = form === 'float32' ? 4 : 8;
    const read = (at: number, i: number): number => {
      const view = new DataView(this.#bytes.buffer, at + i * size, size);
      return size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
    };
    const [r, c] = [this.#run(name, a, n), this.#run(name, b, n)];
    extend(piece, [read(a, r), start + r, read(b, c), start + c, read(a, c)]);
  }
}

/** The later part of a row joins the earlier: the first NaN wins, else the first largest. NaN as a place means nothing yet. */
export function extend(piece: Float64Array | number[], more: ArrayLike<number>): void {
  const wins = (value: number, best: number, at: number) =>
    Number.isNaN(at) || (!Number.isNaN(best) && (Number.isNaN(value) || value > best));
  const [rValue, rAt, cValue, cAt, rAtC] = more as unknown as [number, number, number, number, number];
  if (wins(rValue, piece[0] as number, piece[1] as number)) [piece[0], piece[1]] = [rValue, rAt];
  if (wins(cValue, piece[2] as number, piece[3] as number)) [piece[2], piece[3], piece[4]] = [cValue, cAt, rAtC];
}

const COMPARE: Readonly<Record<Form, string>> = {
  float32: 'compare32',
  float64: 'compare64',
  int64: 'compareSigned',
  uint64: 'compareUnsigned',
};
const WIDEN: Readonly<Record<Form, string>> = {
  float32: 'widen32',
  float64: 'widen64',
  int64: 'widenInt',
  uint64: 'widenInt',
};
