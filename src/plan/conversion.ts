import type { Format } from '../formats/known.ts';
import type { ExporterInfo, RuntimeInfo } from '../records/catalogue.ts';
import type { CompareRules } from '../records/rules.ts';
import type { Case, CommandExporter, ConvertChoice, SampleChoice } from '../suite/suite.ts';

/** A model that exists: found, its format known from its content. */
export interface ModelSource {
  /** As the user wrote it. */
  readonly spec: string;
  readonly format: Format;
  /** Absolute. */
  readonly path: string;
  readonly callable?: string;
}

/** Where in a chain of exporters a conversion stands. */
export interface ChainPlace {
  /** What the whole chain is called. */
  readonly name: string;
  /** From 1 on. */
  readonly link: number;
  /** All links of the chain. */
  readonly labels: readonly { readonly exporter: string; readonly from: string; readonly to: string }[];
  /** The links before this one, first to last: each is exported from what the one before it wrote, the first from the source. */
  readonly earlier: readonly Conversion[];
}

/** One export path and one runtime: what a line of the report is about. */
export interface Conversion {
  /** `<case>/<candidate>`, unique, accepted wherever a command takes a CASE. */
  readonly id: string;
  readonly case: Case;
  readonly convert: ConvertChoice;
  readonly source: ModelSource;
  readonly reference: { readonly runtime: RuntimeInfo; readonly options: Readonly<Record<string, unknown>> };
  readonly exporter: ExporterInfo | CommandExporter | null;
  /** Set where the exporter takes what other exporters wrote. */
  readonly chain?: ChainPlace;
  /** Set with `artifact:`: an existing model that no exporter of ours made. */
  readonly existing: ModelSource | null;
  readonly candidate: {
    readonly format: string;
    readonly runtime: RuntimeInfo;
    readonly options: Readonly<Record<string, unknown>>;
  };
  readonly samples: SampleChoice;
  readonly rules: CompareRules;
  /** Slower checks of fitness too: in a suite file, or asked for. */
  readonly deep: boolean;
  readonly optional: boolean;
  readonly tags: readonly string[];
  /** Set for the end of a pipeline: the conversions of its stages, in order, that are run as one chain. */
  readonly stages?: readonly Conversion[];
}

export interface Plan {
  readonly title: string;
  /** Folder of the suite. */
  readonly root: string;
  readonly file: string | null;
  readonly seed: number;
  /** Two runs with the same digest may be resumed and merged. */
  readonly digest: string;
  readonly conversions: readonly Conversion[];
  /** Also those that were not selected: what one conversion of a case tells about its inputs holds for all, run or not. */
  readonly planned: readonly Conversion[];
  readonly reporters: readonly string[] | null;
  readonly shard: { readonly index: number; readonly count: number } | null;
}
