import { readSafetensorsHeader, readSafetensorsTensor } from './safetensors.ts';
import type { Tensor } from './tensor.ts';

/**
 * Tensors of safetensors files that are read when they are asked for, each time anew: what is alive is what the caller
 * holds. Errors as `readSafetensorsHeader`, when made.
 */
export class LazyTensors implements ReadonlyMap<string, Tensor> {
  readonly #files: ReadonlyMap<string, string>;

  private constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
  }

  /** All tensors of a file. */
  static in(file: string): LazyTensors {
    return new LazyTensors(new Map([...readSafetensorsHeader(file).tensors.keys()].map((name) => [name, file])));
  }

  /** Those of both; the other's count where both have a name. */
  with(other: LazyTensors): LazyTensors {
    return new LazyTensors(new Map([...this.#files, ...other.#files]));
  }

  /** Those whose name is kept. */
  filter(keep: (name: string) => boolean): LazyTensors {
    return new LazyTensors(new Map([...this.#files].filter(([name]) => keep(name))));
  }

  get size(): number {
    return this.#files.size;
  }

  has(name: string): boolean {
    return this.#files.has(name);
  }

  get(name: string): Tensor | undefined {
    const file = this.#files.get(name);
    return file === undefined ? undefined : readSafetensorsTensor(file, name);
  }

  keys(): MapIterator<string> {
    return this.#files.keys();
  }

  *values(): MapIterator<Tensor> {
    for (const [, tensor] of this.entries()) yield tensor;
  }

  *entries(): MapIterator<[string, Tensor]> {
    for (const name of this.#files.keys()) {
      const tensor = this.get(name);
      if (tensor !== undefined) yield [name, tensor];
    }
  }

  [Symbol.iterator](): MapIterator<[string, Tensor]> {
    return this.entries();
  }

  forEach(visit: (tensor: Tensor, name: string, map: ReadonlyMap<string, Tensor>) => void): void {
    for (const [name, tensor] of this.entries()) visit(tensor, name, this);
  }
}
