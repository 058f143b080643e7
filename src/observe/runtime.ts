import type { IoContract } from '../records/contract.ts';
import type { OpGraph } from '../records/graph.ts';
import type { NamedTensors } from '../tensor/tensor.ts';

/** Outputs and intermediate values of one run; `missing` could not be had, with the reason. */
export interface TappedRun {
  readonly outputs: NamedTensors;
  readonly tensors: NamedTensors;
  readonly missing: readonly { readonly name: string; readonly reason: string }[];
}

/** A model that a Node runtime has open. */
export interface NodeSession {
  readonly contract: IoContract;
  /** Where a session has a version of its own (a server's); else the runtime's. */
  readonly version?: string;
  readonly facts: Readonly<Record<string, unknown>>;
  /** Runs one sample; outputs in the model's order. Throws OnparError `input-mismatch` or `run-failed`. */
  run(inputs: NamedTensors): Promise<NamedTensors>;
  /** What it computes, node by node. With `runTapped`, where the runtime says `taps` in its info. */
  graph?(): Promise<OpGraph>;
  /** As `run`, giving out tensors of the graph as well. */
  runTapped?(inputs: NamedTensors, taps: readonly string[]): Promise<TappedRun>;
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
