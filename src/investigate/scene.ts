import type { DiagnosisCode } from '../core/diagnosis-catalogue.ts';
import type { ModelEdit } from '../records/edit.ts';
import type { OpGraph } from '../records/graph.ts';
import type { Divergence, TensorMatch } from '../records/investigation.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import type { How, Lab, Specimen } from './lab.ts';

/** One side of a scene: its graph and the values that its tensors took. */
export interface View {
  readonly specimen: Specimen;
  readonly graph: OpGraph;
  /** Values by tensor name: inputs, outputs, constants and everything that could be tapped. Read from disk when asked for. */
  readonly values: NamedTensors;
  /** Tensors without a value, with the reason. */
  readonly untapped: ReadonlyMap<string, string>;
}

/** Which tensors of the two sides are the same quantity. */
export interface Alignment {
  readonly matches: readonly TensorMatch[];
  /** Best first. A tensor without one is not wrong: it may have been fused or folded away. */
  readonly ofReference: (tensor: string) => readonly TensorMatch[];
  readonly ofCandidate: (tensor: string) => readonly TensorMatch[];
}

/** Both sides on one sample in one precision: what localisation looks at and hypotheses experiment with. */
export interface Scene {
  readonly lab: Lab;
  readonly sample: string;
  readonly precision: 'float64' | 'deployed';
  /** How both sides were run to get the values. */
  readonly how: How;
  /** Null: that side cannot be looked into (its outputs may still be known: `lab.observed`). */
  readonly reference: View | null;
  readonly candidate: View | null;
  readonly alignment: Alignment | null;
  /** Relative to rms of the reference's tensor: below it, two values of one quantity agree. */
  readonly tolerance: number;
}

/** What an experiment showed. */
export interface Evidence {
  readonly code: DiagnosisCode;
  /** In words, for people: `Conv conv1 (layer features.0, model.py:31)`, `input image`, `output logits`. */
  readonly where: string;
  /** Numbers and names for the sentence (core/diagnoses) and for programs. */
  readonly args: Readonly<Record<string, unknown>>;
  /** What was done, as a sentence: "with the epsilon of the reference". */
  readonly experiment: string;
  /** Error before and after it, relative to rms of the reference. */
  readonly before: number;
  readonly after: number;
  /** 1 − after/before, at least 0; 1 where what is left is rounding. The confidence follows from it. */
  readonly explained: number;
  /** Mends the candidate, where the experiment was an edit of it: what `onpar repair` writes. */
  readonly mend?: readonly ModelEdit[];
}

/** What a hypothesis may look at: the scene, and the divergence that is to be explained. */
export interface Question {
  readonly scene: Scene;
  /** Null: nothing could be localised; hypotheses about inputs, outputs and runs still apply. */
  readonly divergence: Divergence | null;
}

/**
 * A cause that can be tested. One file each, one line in the registry beside it. It stays silent (undefined) unless its
 * experiment explains most of the error: a wrong diagnosis costs its reader more than none.
 */
export interface Hypothesis {
  readonly name: string;
  /** Codes that it can give. */
  readonly codes: readonly DiagnosisCode[];
  /** Without running anything: whether testing it makes sense here. */
  applies(question: Question): boolean;
  test(question: Question): Promise<Evidence | undefined>;
}
