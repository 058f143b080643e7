import { BYTES_PER_ELEMENT } from '../../tensor/dtype.ts';
import { type Elements, reading } from '../../tensor/kernel/elements.ts';
import { argmaxAgreement } from './argmax.ts';
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
  let identical = true;
  eachPiece(pair.reference.count, columns, (from, n) => {
    const operands = pieceOf(pair, from, n, kind === 'number');
    const part =
      operands.storage === 'wide'
        ? compareWide(operands.reference, operands.candidate)
        : compareViews(operands.reference as NumericView, operands.candidate as NumericView, bounds, kind);
    if (columns > 1 && operands.storage === 'numbers') {
      const { rows, agreeing } = argmaxAgreement(
        operands.reference,
        operands.candidate,
        [n / columns, columns],
        bounds,
      );
      part.rows = rows;
      part.rowsAgreeing = agreeing;
    }
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

/** Whole rows where rows are asked for, even if one is longer than a piece. */
function eachPiece(count: number, columns: number, use: (from: number, n: number) => void): void {
  const size = columns > 1 ? Math.max(columns, PIECE - (PIECE % columns)) : PIECE;
  for (let from = 0; from < count; from += size) use(from, Math.min(size, count - from));
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
