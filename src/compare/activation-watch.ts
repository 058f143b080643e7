import type { ActivationCoverage } from '../records/coverage.ts';
import { toNum } from '../records/numbers.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { toFloat64 } from '../tensor/values.ts';

/** What an activation function is, as far as its values tell what it did. */
export interface WatchedActivation {
  /** Whether a value above zero is what "active" means. */
  readonly rectifies: boolean;
  readonly flatBelow: number | null;
  readonly flatAbove: number | null;
  /** Where channels are counted along, from the end where negative. */
  readonly channelAxis: number;
}

/** Follows one activation through the samples; keeps sums, and, while it has not moved, one tensor of each shape. */
export class ActivationWatch {
  readonly #what: WatchedActivation;
  readonly #first = new Map<string, Float64Array>();
  readonly #active = new Map<number, boolean>();
  #samples = 0;
  #elements = 0;
  #flat = 0;
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;
  #repeats = 0;
  #moved = false;

  constructor(what: WatchedActivation) {
    this.#what = what;
  }

  /** NaN counts as moved and as nothing else. */
  add(tensor: Tensor): void {
    const { flatBelow, flatAbove, rectifies, channelAxis } = this.#what;
    const values = toFloat64(tensor);
    if (values.length === 0) return;
    this.#samples++;
    this.#elements += values.length;
    const axis = channelAxis < 0 ? tensor.shape.length + channelAxis : channelAxis;
    const channels = tensor.shape[axis] ?? 1;
    const inner = tensor.shape.slice(axis + 1).reduce((n, d) => n * d, 1);
    const active = new Uint8Array(rectifies ? channels : 0);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (Number.isNaN(value)) {
        this.#moved = true;
        continue;
      }
      if (value < this.#low) this.#low = value;
      if (value > this.#high) this.#high = value;
      if ((flatBelow !== null && value <= flatBelow) || (flatAbove !== null && value >= flatAbove)) this.#flat++;
      if (rectifies && value > 0) active[Math.floor(i / inner) % channels] = 1;
    }
    active.forEach((isActive, channel) => {
      this.#active.set(channel, (this.#active.get(channel) ?? false) || isActive === 1);
    });
    this.#follow(tensor.shape.join('x'), values);
  }

  /** Values that are all alike are stuck; those that came back alike from every sample of their shape are still. */
  result(): Omit<ActivationCoverage, 'tensor' | 'operator' | 'node'> {
    const { rectifies, flatBelow, flatAbove } = this.#what;
    const isStuck = !this.#moved && this.#samples > 1 && this.#low === this.#high;
    const isStill = !this.#moved && this.#repeats > 0;
    const off = [...this.#active.values()].filter((isActive) => !isActive).length;
    return {
      samples: this.#samples,
      low: toNum(this.#low),
      high: toNum(this.#high),
      state: isStuck ? 'stuck' : isStill ? 'still' : 'moved',
      inactive: rectifies && this.#active.size > 0 ? off / this.#active.size : null,
      saturated:
        (flatBelow === null && flatAbove === null) || this.#elements === 0 ? null : this.#flat / this.#elements,
    };
  }

  #follow(shape: string, values: Float64Array): void {
    if (this.#moved) return;
    const first = this.#first.get(shape);
    if (first === undefined) {
      this.#first.set(shape, values);
      return;
    }
    this.#repeats++;
    this.#moved = values.some((value, i) => value !== first[i]);
    // Nothing is left to find out.
    if (this.#moved) this.#first.clear();
  }
}
