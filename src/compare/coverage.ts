import type { OutputCoverage } from '../records/coverage.ts';
import { elementCount, type Tensor } from '../tensor/tensor.ts';
import { reader, type Value } from '../tensor/values.ts';

/** Distinct values are counted up to here: more are as good as a continuum. */
const MOST_DISTINCT = 10_000;
/** Elements of a tensor that are looked at, evenly spaced: enough for shares of a percent. */
const MOST_ELEMENTS = 65_536;

/** Follows one output through the samples, one tensor at a time. */
export class OutputWatch {
  readonly #distinct = new Set<Value>();
  readonly #groups = new Map<string, Group>();
  #low = Number.POSITIVE_INFINITY;
  #high = Number.NEGATIVE_INFINITY;
  #atLow = 0;
  #atHigh = 0;
  #seen = 0;

  add(tensor: Tensor): void {
    const count = elementCount(tensor.shape);
    if (count === 0) return;
    const read = reader(tensor);
    const stride = Math.ceil(count / MOST_ELEMENTS);
    const picked = Array.from({ length: Math.ceil(count / stride) }, (_, i) => read(i * stride));
    for (const value of picked) {
      if (this.#distinct.size < MOST_DISTINCT) this.#distinct.add(value);
      if (tensor.dtype !== 'bool' && typeof value !== 'string') this.#extremes(Number(value));
    }
    const key = tensor.shape.join('x');
    const group = this.#groups.get(key);
    if (group === undefined)
      this.#groups.set(key, { first: tensor, picked, moved: new Uint8Array(picked.length), times: 1, anyMoved: false });
    else follow(group, tensor, picked);
  }

  /** True when it came back the same from every sample of its shape, and at least two samples had one. */
  get isConstant(): boolean {
    const repeated = [...this.#groups.values()].filter(({ times }) => times > 1);
    return repeated.length > 0 && repeated.every(({ anyMoved }) => !anyMoved);
  }

  result(name: string): OutputCoverage {
    const repeated = [...this.#groups.values()].filter(({ times }) => times > 1);
    const elements = repeated.reduce((n, { moved }) => n + moved.length, 0);
    const still = repeated.reduce((n, { moved }) => n + moved.reduce((sum, m) => sum + (m === 0 ? 1 : 0), 0), 0);
    return {
      name,
      distinct: this.#distinct.size,
      orMore: this.#distinct.size >= MOST_DISTINCT,
      still: elements === 0 ? null : still / elements,
      saturated: this.#distinct.size < 3 || this.#seen === 0 ? null : (this.#atLow + this.#atHigh) / this.#seen,
    };
  }

  #extremes(value: number): void {
    if (Number.isNaN(value)) return;
    this.#seen++;
    if (value < this.#low) [this.#low, this.#atLow] = [value, 0];
    if (value > this.#high) [this.#high, this.#atHigh] = [value, 0];
    if (value === this.#low) this.#atLow++;
    if (value === this.#high) this.#atHigh++;
  }
}

/** The samples of one shape. */
interface Group {
  readonly first: Tensor;
  readonly picked: readonly Value[];
  readonly moved: Uint8Array;
  times: number;
  anyMoved: boolean;
}

function follow(group: Group, tensor: Tensor, picked: readonly Value[]): void {
  group.times++;
  picked.forEach((value, i) => {
    if (!Object.is(value, group.picked[i])) {
      group.moved[i] = 1;
      group.anyMoved = true;
    }
  });
  // What lies between the picked elements decides only whether anything moved at all.
  if (!group.anyMoved && picked.length < elementCount(tensor.shape)) {
    group.anyMoved =
      tensor.strings === undefined
        ? Buffer.compare(tensor.data, group.first.data) !== 0
        : tensor.strings.some((s, i) => s !== group.first.strings?.[i]);
  }
}
