import type { RawFinding } from '../core/findings.ts';
import type { DeclaredChange } from '../records/artifact.ts';
import type { Dim, IoContract } from '../records/contract.ts';
import type { FailureRecord } from '../records/finding.ts';
import type { OpGraph } from '../records/graph.ts';
import type { SampleRun } from '../records/observation.ts';
import type { Variant } from '../records/variant.ts';
import type { Dtype } from '../tensor/dtype.ts';

/** The worker protocol, docs/worker-protocol.md, as types. */
export const PROTOCOL_VERSION = 1;

export interface ModelRef {
  readonly format: string;
  readonly path: string;
  readonly callable?: string;
  readonly weights?: string;
  readonly root: string;
  readonly trust: boolean;
}

export interface InputRef {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly Dim[];
}

/** How a model goes from step to step (docs/worker-protocol.md). */
export interface StepRequest {
  readonly steps: number;
  /** `input` under the sample's name; `output` under the model's, or where it has none of that name, by position. */
  readonly feedback: readonly { readonly output: string; readonly position: number; readonly input: string }[];
  /** Seed with which states in floats are moved by −1, 0 or +1 ulp on their way: what rounding may do in every step. */
  readonly move?: number;
  /** Inputs of which step t is given only the first `from + by·t` along an axis of the step's own shape. */
  readonly grow: readonly {
    readonly input: string;
    readonly axis: number;
    readonly from: number;
    readonly by: number;
  }[];
}

export interface Verbs {
  hello: {
    params: Record<string, never>;
    result: { protocol: number; host: string; language: string; version: string; packages: Record<string, string> };
  };
  describe: {
    params: { runtime: string; model: ModelRef; options: Record<string, unknown>; outDir: string };
    result: {
      contract: IoContract;
      facts: Record<string, unknown>;
      findings: RawFinding[];
      dependencies: string[];
      exampleInputs?: string;
    };
  };
  open: {
    params: {
      runtime: string;
      model: ModelRef;
      options: Record<string, unknown>;
      inputs: readonly InputRef[];
      /** Only with a runtime that offers it. */
      variant?: Variant;
      /** `graph` and `taps` will be asked for; only with a runtime that offers it. A session may then run slower and unfused. */
      taps?: true;
    };
    result: {
      session: string | number;
      version: string;
      contract: IoContract;
      facts: Record<string, unknown>;
      findings: RawFinding[];
      dependencies: string[];
    };
  };
  run: {
    params: {
      session: string | number;
      samples: readonly { id: string; inputs: string }[];
      outDir: string;
      /** Sample's name → model's name, where the two differ. */
      rename?: Record<string, string>;
      /** Sample's name → how its axes are ordered for the model: axis `i` of what is fed is axis `layouts[name][i]`. */
      layouts?: Readonly<Record<string, readonly number[]>>;
      /** Model's name of an output → how its axes are ordered there; it is recorded as the original lays it out. Not in sequences. */
      outputLayouts?: Readonly<Record<string, readonly number[]>>;
      /** Each sample is a sequence of steps, that many where no input tells. */
      sequence?: StepRequest;
      /** Tensors of the session's graph that are given out beside the outputs. Not in sequences. */
      taps?: readonly string[];
    };
    /** `file`s are absolute; `dependencies` were read only while running; `changedState` names what the runs wrote, `drewFrom` the random generators they used. */
    result: {
      samples: (SampleRun & { mutatedInputs?: string[] })[];
      changedState?: string[];
      drewFrom?: string[];
      peakMemoryBytes: number | null;
      dependencies?: string[];
    };
  };
  close: { params: { session: string | number }; result: Record<string, never> };
  /**
   * What an open model computes, node by node; the session was opened with `taps`. `inputs` is a sample's file, for models
   * whose graph is found by running them; `facts` say how it was found.
   */
  graph: {
    params: {
      session: string | number;
      inputs?: string;
      rename?: Record<string, string>;
      layouts?: Readonly<Record<string, readonly number[]>>;
    };
    result: { graph: OpGraph; facts?: Record<string, unknown> };
  };
  export: {
    params: {
      exporter: string;
      model: ModelRef;
      options: Record<string, unknown>;
      inputs: readonly InputRef[];
      outDir: string;
      exampleInputs?: string;
    };
    result: {
      path: string;
      format: string;
      version: string;
      precision: string;
      declared: DeclaredChange[];
      facts: Record<string, unknown>;
      findings: RawFinding[];
      dependencies: string[];
    };
  };
}

export type Verb = keyof Verbs;

/** One line on the answer channel. */
export type Answer =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | { readonly id: number; readonly ok: false; readonly error: FailureRecord }
  | { readonly id: number; readonly event: string; readonly message: string };
