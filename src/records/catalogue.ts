import type { VariantKind } from './variant.ts';

/** What toolchains and Node runtimes offer; read from data, so that planning starts no process. */
export interface OptionSpec {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
}

export interface ExporterInfo {
  readonly name: string;
  readonly from: readonly string[];
  readonly to: string;
  readonly toolchain: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Taken when a suite says only `to:`. */
  readonly isDefault: boolean;
  /** Of a plug-in: the command line that exports, instead of a toolchain. */
  readonly byCommand?: ExporterCommand;
}

/** Any command line as an exporter. */
export interface ExporterCommand {
  readonly command: readonly string[];
  /** The toolchain whose Python `{python}` stands for. */
  readonly toolchain?: string;
  /** Files that belong to it, wherever they lie. */
  readonly files: readonly string[];
}

export interface RuntimeInfo {
  readonly name: string;
  readonly formats: readonly string[];
  /** `node` for runtimes of the Node host. */
  readonly toolchain: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** The format's own framework: it defines the truth when the model is the source. */
  readonly isReference: boolean;
  /** The distribution on PyPI or npm that its version is the version of; missing: it has none that could be chosen. */
  readonly package?: string;
  /** The version that the suite asks for (`onnxruntime@1.30.0`); missing: the toolchain's own. */
  readonly version?: string;
  /** How it can run a model otherwise than deployed; missing: not at all. */
  readonly variants?: readonly VariantKind[];
  /** It can say what a model computes and give out intermediate values. ONNX files are tapped in the file: their runtimes need not. */
  readonly taps?: boolean;
  /** Options that switch its optimiser off; missing: it has none, or none that can be switched off. */
  readonly unoptimised?: Readonly<Record<string, unknown>>;
  /** The model runs elsewhere: its worker may use the network, and what it answered is never taken from the store. */
  readonly remote?: boolean;
  /** Options that are not listed are its own and are handed on. */
  readonly takesAnyOption?: boolean;
}

export interface Catalogue {
  readonly exporters: readonly ExporterInfo[];
  readonly runtimes: readonly RuntimeInfo[];
}
