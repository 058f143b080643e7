import type { IoContract } from '../records/contract.ts';
import type { NamedTensors } from '../tensor/tensor.ts';

/** A model that a Node runtime has open. */
export interface NodeSession {
  readonly contract: IoContract;
  /** Where a session has a version of its own (a server's); else the runtime's. */
  readonly version?: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** Runs one sample; outputs in the model's order. Throws OnparError `input-mismatch` or `run-failed`. */
  run(inputs: NamedTensors): Promise<NamedTensors>;
  /** Milliseconds that the last run took by the runtime's own clock, where feeding it is a journey of its own. */
  lastMilliseconds?(): number | undefined;
  /** Bytes that it held at most in processes other than the host's. */
  peakMemoryBytes?(): Promise<number | null>;
  close(): Promise<void>;
}

/** Where a runtime finds the packages that it loads. */
export interface Packages {
  /** `require` as from the folder that holds them: onpar's own, or a toolchain's. */
  readonly require: (name: string) => object;
  /** The folder of an installed package; throws where there is none. */
  folder(name: string): string;
  /** Its version. */
  version(name: string): string;
  /** The toolchain's folder; null for onpar's own packages. */
  readonly dir: string | null;
  /** Toolchain → its site-packages folder, for a library out of a Python wheel. */
  readonly needs: Readonly<Record<string, string>>;
}

/** A runtime of the Node host: one file below `runtimes/`, one line in the registry. */
export interface NodeRuntime {
  readonly name: string;
  readonly version: string;
  /** Throws OnparError `model-load-failed` when the file is not what it claims. */
  open(path: string, options: Readonly<Record<string, unknown>>): Promise<NodeSession>;
}
