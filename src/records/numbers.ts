/**
 * A number that survives JSON: NaN, infinities and integers beyond 2^53 are strings.
 * Records hold this form from the moment they are made, so that writing and reading them changes nothing.
 */
export type Num = number | string;

export function toNum(value: number | bigint): Num {
  if (typeof value === 'bigint') {
    return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(value)
      : value.toString();
  }
  return Number.isFinite(value) ? value : String(value);
}

/** The number behind a record's `Num`; integers beyond 2^53 lose precision here, so use it for ordering and drawing only. */
export const fromNum = (value: Num): number => (typeof value === 'number' ? value : Number(value));
