import { createHash } from 'node:crypto';

/** A stream of pseudo-random numbers. The same key gives the same stream on every machine. */
export interface Random {
  /** Uniform in 0 … 2^32 − 1. */
  readonly uint32: () => number;
  /** Uniform in the open interval (0, 1), 2^32 steps. */
  readonly uniform: () => number;
  /** Uniform among `low` … `high`, both included; spans up to 2^53. */
  readonly integer: (low: number, high: number) => number;
  /** Fills `out` with independent standard normal numbers. */
  readonly fillNormal: (out: Float64Array) => void;
}

/**
 * A stream of its own for each key, so that adding a stream changes no other.
 *
 * Generator: sfc32 of Chris Doty-Humphrey's PractRand 0.95 (public domain), which passes PractRand beyond 2^40 bytes.
 * Its state is the sha256 of the key; twelve rounds are thrown away, as its author does.
 */
export function random(...key: readonly (string | number)[]): Random {
  const seed = createHash('sha256').update(JSON.stringify(key)).digest();
  let a = seed.readInt32LE(0);
  let b = seed.readInt32LE(4);
  let c = seed.readInt32LE(8);
  let counter = 1;
  const uint32 = (): number => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) uint32();
  const uniform = (): number => (uint32() + 0.5) / 2 ** 32;
  const integer = (low: number, high: number): number => {
    const span = high - low + 1;
    // 53 bits; the bias of the multiplication stays below span / 2^53.
    const fraction = ((uint32() >>> 5) * 2 ** 26 + (uint32() >>> 6)) / 2 ** 53;
    return low + Math.floor(fraction * span);
  };
  return { uint32, uniform, integer, fillNormal: (out) => boxMuller(out, uniform) };
}

/** Box and Muller, "A note on the generation of random normal deviates", Ann. Math. Statist. 29 (1958), 610–611. */
function boxMuller(out: Float64Array, uniform: () => number): void {
  for (let i = 0; i < out.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle);
  }
}
