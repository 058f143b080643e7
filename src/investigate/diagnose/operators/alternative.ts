import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import type { ModelEdit } from '../../../records/edit.ts';
import type { OpNode } from '../../../records/graph.ts';
import type { Site } from './site.ts';

/** One thing that a node could have meant instead of what it does: tried by editing it so. */
export interface Alternative {
  readonly code: DiagnosisCode;
  readonly node: OpNode;
  readonly edits: readonly ModelEdit[];
  /** `from` is what the alternative has (so the reference, if it is right), `to` what the candidate has. */
  readonly args: Readonly<Record<string, unknown>>;
  /** Ends the sentence "agrees …": `with coordinate_transformation_mode half_pixel`. */
  readonly experiment: string;
  /** How much is changed: of two that explain as well, the smaller change is the likelier cause. */
  readonly cost: number;
  /** The reference's own attribute says so. */
  readonly told?: boolean;
  /** The experiment shows the cause, but is no way to write the model. */
  readonly mends?: false;
}

/** A number to be found, where none of the usual ones fits: tried between `low` and `high`. */
export interface Fit {
  readonly low: number;
  readonly high: number;
  /** Steps are factors, not differences: both bounds are above zero. */
  readonly logarithmic: boolean;
  readonly at: (value: number) => Alternative;
}

/** What operators of one kind can have meant instead. One file each, one line in `rules.ts`. */
export interface Rule {
  readonly name: string;
  readonly codes: readonly DiagnosisCode[];
  /** Operators that it knows, in ONNX's words. */
  readonly ops: readonly string[];
  readonly alternatives: (site: Site) => Iterable<Alternative>;
  readonly fits?: (site: Site) => Iterable<Fit>;
}
