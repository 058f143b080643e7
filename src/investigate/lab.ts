import type { ModelEdit } from '../records/edit.ts';
import type { OpGraph } from '../records/graph.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';

export type Role = 'reference' | 'candidate';

/**
 * A model that can be experimented with: a side of the conversion, or a copy written from one (edited, cut out). It is
 * nothing but a name for a file; asking the lab for the same edits of the same specimen gives the same one.
 */
export interface Specimen {
  readonly role: Role;
  readonly format: string;
  /** The model's file or folder, to be read and never written. */
  readonly path: string;
  /** What was done to get it, oldest first; empty: the side itself. For evidence and progress lines. */
  readonly history: readonly string[];
  /** Content key; opaque. */
  readonly key: unknown;
}

/** How a specimen is run. */
export interface How {
  /** Id of one of the case's samples, or tensors by input name for it (a reduced input, or a piece fed with recorded values). */
  readonly sample: string | NamedTensors;
  /** `float64` where the side has a float64 twin; missing: as deployed. */
  readonly precision?: 'float64';
  /** The runtime's optimiser off, where it can be switched off; missing: as deployed. */
  readonly unoptimised?: boolean;
  /** Options of the runtime that take the place of the conversion's own. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** A process of its own. */
  readonly fresh?: boolean;
  /** What is being tried, for progress lines: "without the padding". */
  readonly label?: string;
}

/** What came of a run. A model that fails is an answer, too. */
export type Ran =
  | {
      readonly ok: true;
      /** Outputs under the names of the model that ran, laid out as the reference lays them out, quantised ones as stored. */
      readonly outputs: NamedTensors;
      /** Tapped tensors by name; each is read from disk when asked for. */
      readonly taps: NamedTensors;
      /** Tensors that could not be tapped, with the reason. */
      readonly untapped: readonly { readonly name: string; readonly reason: string }[];
      /** Outputs that came out otherwise because of tapping, relative to their rms as deployed; null where it is no number. */
      readonly apart: readonly { readonly output: string; readonly relative: number | null }[];
      readonly milliseconds: number;
    }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** An answer that may not be possible here; `reason` is a sentence for the report. */
export type Maybe<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** What is known of the failure before anything is looked into. */
export interface CaseFacts {
  readonly id: string;
  /** Precision that the conversion declares: errors below its rounding are no faults. */
  readonly declared: 'float32' | 'float16' | 'bfloat16' | 'int8';
  /** Outputs, reference's name → candidate's name, as the comparison paired them. */
  readonly outputs: readonly OutputFacts[];
  /** Inputs, reference's name → candidate's name. */
  readonly inputs: readonly { readonly reference: string; readonly candidate: string }[];
  /** Samples that the comparison judged, those that failed first, worst first. `group`: special values and the like. */
  readonly samples: readonly {
    readonly id: string;
    readonly failed: boolean;
    readonly elements: number;
    readonly group: string | null;
  }[];
  /** Codes of the findings and failures so far: what is known already (a contract that differs, NaN, a frozen size). */
  readonly findings: readonly {
    readonly code: string;
    readonly severity: string;
    readonly where: string;
    readonly args: Readonly<Record<string, unknown>>;
  }[];
  /** A side that failed to load, to export or to run, with its code and message. */
  readonly failure: { readonly side: Role; readonly code: string; readonly message: string } | null;
}

export interface OutputFacts {
  readonly reference: string;
  readonly candidate: string;
  readonly failed: boolean;
  /** Largest |difference| and rms of the reference, over the samples; null: not comparable (shape, dtype). */
  readonly maxAbs: number | null;
  readonly scale: number | null;
  /** |difference| that rounding explains; null: not measured. */
  readonly floor: number | null;
}

/** What a whole comparison over all samples said. */
export interface Judged {
  readonly verdict: 'pass' | 'fail' | 'unverifiable' | 'error' | 'skipped';
  /** Largest error of an output relative to its scale; null: nothing could be compared. */
  readonly error: number | null;
  /** Codes of findings that fail it. */
  readonly codes: readonly string[];
}

/** One thing that is done otherwise than the suite has it: the conversion is run again with it, from the export on. */
export interface Otherwise {
  readonly runtimeOptions?: Readonly<Record<string, unknown>>;
  readonly exporterOptions?: Readonly<Record<string, unknown>>;
  /** Versions of the runtime's or exporter's package, as in `onnxruntime@1.22.0`. */
  readonly runtimeVersion?: string;
}

/** A model that is kept beside the report. */
export interface Kept {
  readonly kind: 'repair' | 'mixed-precision' | 'bundle';
  /** What it is and what it shows, in a sentence. */
  readonly about: string;
}

/**
 * What an investigation may ask for. The engine answers, each question as a step of its own: cached by content, run in the
 * same workers and executors as everything else, and refused with `BudgetSpent` when time is up or the user interrupts.
 * Questions may be asked side by side.
 */
export interface Lab {
  readonly facts: CaseFacts;
  /** Null: that side could not be made or found. */
  readonly reference: Specimen | null;
  readonly candidate: Specimen | null;
  /** What a specimen computes, node by node. */
  graph(specimen: Specimen): Promise<Maybe<OpGraph>>;
  /** Whether its side can be evaluated in float64. */
  hasFloat64(specimen: Specimen): boolean;
  /** Runs a specimen. */
  run(specimen: Specimen, how: How): Promise<Ran>;
  /** Runs it and gives out tensors of its graph as well, in groups that fit into memory; they stay on disk. */
  tap(specimen: Specimen, tensors: readonly string[], how: How): Promise<Ran>;
  /** A copy with edits. OnparError `edit-impossible` where an edit does not apply; only formats of `canEdit`. */
  edit(specimen: Specimen, edits: readonly ModelEdit[], label: string): Promise<Specimen>;
  canEdit(specimen: Specimen): boolean;
  /** The part of a model between tensors, which become its inputs and outputs, under their names. Only formats of `canEdit`. */
  cut(
    specimen: Specimen,
    ends: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
  ): Promise<Specimen>;
  /** Tensors that the model holds, by name (weights, tables); null: they cannot be read. Large ones stay on disk. */
  constants(specimen: Specimen): Promise<Maybe<NamedTensors>>;
  /** Inputs of a sample of the case, under the reference's names. */
  inputs(sample: string): NamedTensors;
  /** What the two sides answered to a sample when they were judged; null: they did not. */
  observed(sample: string): { readonly reference: NamedTensors | null; readonly candidate: NamedTensors | null };
  /** Options that the runtime of a side knows, with their allowed values and what is set. */
  runtimeOptions(role: Role): Readonly<Record<string, { readonly values: readonly unknown[]; readonly set: unknown }>>;
  /** Options of the exporter that made the candidate, likewise; empty where none did. */
  exporterOptions(): Readonly<Record<string, { readonly values: readonly unknown[]; readonly set: unknown }>>;
  /** Compares the reference with a specimen of the candidate on all samples, by the rules that failed it. */
  judge(specimen: Specimen): Promise<Judged>;
  /** Runs the conversion with one thing changed. */
  otherwise(change: Otherwise): Promise<Judged>;
  /** Keeps a specimen's file beside the report; gives back where, relative to the run folder. */
  keep(specimen: Specimen, kept: Kept): void;
  /** Seconds left. */
  secondsLeft(): number;
  /** Tells what is being done, for people who watch. */
  say(text: string): void;
}

/** Thrown by every question once the budget is spent or the user interrupted; what was found until then is kept. */
export class BudgetSpent extends Error {
  override readonly name = 'BudgetSpent';
  readonly interrupted: boolean;
  constructor(interrupted: boolean) {
    super(interrupted ? 'interrupted' : 'the time for the investigation is spent');
    this.interrupted = interrupted;
  }
}

export type { NamedTensors, Tensor };
