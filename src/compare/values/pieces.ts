import { BYTES_PER_ELEMENT } from '../../tensor/dtype.ts';
import { type Elements, reading } from '../../tensor/kernel/elements.ts';
import { extend } from '../../tensor/kernel/kernel.ts';
import { argmax, argmaxAgreement, tied } from './argmax.ts';
import { type Bounds, compareViews, type NumericView, rms, within } from './kernel.ts';
import { compareWide } from './kernel-wide.ts';
import type { BoundsAt, Measured } from './measured.ts';
import { type Moments, mergeMoments, newMoments, pooledScale } from './moments.ts';
import type { ElementPair, Operands } from './operands.ts';
import { prepare } from './operands.ts';

/** Elements that the scalar kernel takes of a file at once: 2 MiB a side as doubles. */
const PIECE = 2 ** 18;

type Pair = NonNullable<ElementPair>;

/** Large tensors in files where the compiled kernel cannot be had: the scalar one, piece by piece. */
export function measurePieces(pair: Pair, { kind }: Operands, columns: number, boundsAt: BoundsAt): Measured {
  const scale = rmsOfPieces(pair.reference);
  const bounds = boundsAt(scale);
  const total = newMoments(kind);
  const rows = new Rows(columns, bounds);
  let identical = true;
  eachPiece(pair.reference.count, columns, (from, n) => {
    const operands = pieceOf(pair, from, n, kind === 'number');
    const part =
      operands.storage === 'wide'
        ? compareWide(operands.reference, operands.candidate)
        : compareViews(operands.reference as NumericView, operands.candidate as NumericView, bounds, kind);
    if (operands.storage === 'numbers' && columns > 1) rows.add(operands.reference, operands.candidate, from, part);
    mergeMoments(total, part, from);
    identical &&= operands.identical;
  });
  total.scale = scale;
  return { moments: total, bounds, identical };
}

export function withinPieces(pair: Pair, bounds: Bounds): boolean {
  let all = true;
  eachPiece(pair.reference.count, 0, (from, n) => {
    if (!all) return;
    const { reference, candidate } = pieceOf(pair, from, n, true);
    all = within(reference as NumericView, candidate as NumericView, bounds);
  });
  return all;
}

export function rmsOfPieces(elements: Elements): number {
  const parts: Pick<Moments, 'scale' | 'finiteReference'>[] = [];
  eachPiece(elements.count, 0, (from, n) => {
    const view = pieceOf({ reference: elements, candidate: elements }, from, n, true).reference as NumericView;
    let finiteReference = 0;
    for (let i = 0; i < n; i++) if (Number.isFinite(view[i])) finiteReference++;
    parts.push({ scale: rms(view), finiteReference });
  });
  return pooledScale(parts);
}

/** Pieces of whole rows, or of a part of one row where it is longer than a piece. */
function eachPiece(count: number, columns: number, use: (from: number, n: number) => void): void {
  const long = columns > PIECE;
  const size = columns > 1 && !long ? PIECE - (PIECE % columns) : PIECE;
  for (let from = 0; from < count; ) {
    const n = Math.min(size, long ? columns - (from % columns) : count, count - from);
    use(from, n);
    from += n;
  }
}

/** The agreement of rows over pieces. */
class Rows {
  #columns: number;
  #bounds: Bounds;
  #begun: number[] = [];

  constructor(columns: number, bounds: Bounds) {
    this.#columns = columns;
    this.#bounds = bounds;
  }

  add(reference: NumericView, candidate: NumericView, from: number, part: Moments): void {
    const n = reference.length;
    if (this.#columns <= PIECE) {
      const { rows, agreeing } = argmaxAgreement(
        reference,
        candidate,
        [n / this.#columns, this.#columns],
        this.#bounds,
      );
      part.rows = rows;
      part.rowsAgreeing = agreeing;
      return;
    }
    if (this.#begun.length === 0) this.#begun = new Array<number>(5).fill(Number.NaN);
    const [r, c] = [argmax(reference, 0, n), argmax(candidate, 0, n)];
    extend(this.#begun, [reference[r] as number, from + r, candidate[c] as number, from + c, reference[c] as number]);
    if ((from + n) % this.#columns !== 0) return;
    const [a, rAt, , cAt, b] = this.#begun as [number, number, number, number, number];
    part.rows = 1;
    part.rowsAgreeing = rAt === cAt || tied(a, b, this.#bounds) ? 1 : 0;
    this.#begun = [];
  }
}

function pieceOf(
  { reference, candidate }: Pair,
  from: number,
  n: number,
  asNumbers: boolean,
): Exclude<Operands, { storage: 'text' }> {
  const side = (elements: Elements) => {
    const data = new Uint8Array(n * BYTES_PER_ELEMENT[elements.dtype]);
    reading([elements], () => elements.read(from, data));
    return { tensor: { dtype: elements.dtype, shape: [n], data }, quantization: undefined };
  };
  return prepare(side(reference), side(candidate), asNumbers, false) as Exclude<Operands, { storage: 'text' }>;
}
