import type { ImageChoice } from '../records/images.ts';
import type { JudgementRule } from '../records/rules.ts';
import type { Sequence } from '../records/sequence.ts';
import type { InputSetting } from './schema.ts';

/** Which samples a case takes. */
export interface SampleChoice {
  /** How many of the portfolio: null = all, 0 = none. */
  readonly portfolio: number | null;
  /** Also samples with NaN, infinities and denormal numbers. */
  readonly special: boolean;
  /** Absolute paths of the user's data. */
  readonly files: readonly string[];
  /** Folders of pictures. */
  readonly images: readonly ImageChoice[];
}

export interface RuntimeChoice {
  readonly runtime: string;
  /** Distinguishes two option sets of one runtime in ids. */
  readonly name?: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly optional: boolean;
}

export interface CommandExporter {
  readonly command: readonly string[];
  readonly toolchain?: string;
  /** Files that belong to it beside those that the command names. */
  readonly files?: readonly string[];
  readonly name?: string;
}

/** One link as a suite or the command line names it. */
export interface ChainLink {
  readonly exporter: string | CommandExporter;
  /** Null: what the exporter writes. */
  readonly to: string | null;
  readonly options: Readonly<Record<string, unknown>>;
  /** Null: the conversion's own. */
  readonly tolerances: Readonly<Record<string, JudgementRule>> | null;
}

export interface ConvertChoice {
  readonly name?: string;
  /** Target format; null with `artifact` and `chain`. */
  readonly to: string | null;
  readonly artifact: string | null;
  /** Exporters one behind the other, in place of one; planning makes a conversion of each. */
  readonly chain?: readonly ChainLink[];
  readonly exporter: string | CommandExporter | null;
  readonly options: Readonly<Record<string, unknown>>;
  /** Empty: the default runtime of the format. */
  readonly runs: readonly RuntimeChoice[];
  readonly tolerances: Readonly<Record<string, JudgementRule>>;
  readonly mapInputs: Readonly<Record<string, string>>;
  readonly mapOutputs: Readonly<Record<string, string>>;
  readonly samples: SampleChoice | null;
  readonly expect: { readonly fail: string; readonly until?: string; readonly owner?: string } | null;
  readonly optional: boolean;
  readonly python: string | null;
  readonly tags: readonly string[];
}

/** An input of a stage that is an output of an earlier one. */
export interface Joint {
  readonly input: string;
  readonly stage: string;
  readonly output: string;
}

/** Where a case stands in a pipeline. */
export interface Stage {
  readonly pipeline: string;
  readonly name: string;
  readonly joints: readonly Joint[];
}

export interface Case {
  /** Set for a stage of a pipeline, whose id is then `<pipeline>/<stage>`. */
  readonly stage: Stage | null;
  /** Folder of the suite (or of an ad-hoc model): on the import path of the model's code, and where `.venv` is looked for. */
  readonly root: string;
  readonly id: string;
  /** As the user wrote it; the format is found when planning. */
  readonly source: string;
  readonly weights: string | null;
  readonly inputs: Readonly<Record<string, InputSetting>>;
  readonly dims: Readonly<Record<string, readonly number[]>>;
  /** Inputs and dimensions that the command line set for many cases alike: a case that lacks one is not wrong. */
  readonly loose: readonly string[];
  readonly samples: SampleChoice;
  /** Tensors and columns of the data that are no inputs. */
  readonly labels: readonly string[];
  /** Null: the model keeps no state from one run to the next. */
  readonly state: Sequence | null;
  readonly conversions: readonly ConvertChoice[];
  readonly reference: { readonly runtime: string | null; readonly options: Readonly<Record<string, unknown>> };
  readonly ties: Readonly<Record<string, string>>;
  readonly dynamic: readonly string[] | null;
  readonly python: string | null;
  readonly requirements: string | null;
  readonly trust: boolean;
  readonly network: boolean;
  readonly timeoutMs: number;
  readonly tags: readonly string[];
}

/** A suite with defaults filled in and paths made absolute: the same shape whether it came from a file or from arguments. */
export interface Suite {
  readonly title: string;
  /** Null for an ad-hoc suite. */
  readonly file: string | null;
  /** Folder against which relative paths were resolved; the store `.onpar/` lies in it. */
  readonly root: string;
  readonly seed: number;
  readonly cases: readonly Case[];
  /** Where tolerances came from, for the report. */
  readonly rulesFrom: 'suite' | 'command line';
  /** Slower checks too: model processes started afresh. In a suite file unless `--no-deep`, on the command line with `--deep`. */
  readonly deep: boolean;
  /** Toolchains, runtimes and exporters from outside: absolute paths, or names of modules. */
  readonly plugins?: readonly string[];
  /** Reporters that the suite asks for; null: the usual ones. */
  readonly reporters: readonly string[] | null;
}

/** Seconds an export or an observation may take unless a case says otherwise. */
export const DEFAULT_TIMEOUT_MS = 600_000;
