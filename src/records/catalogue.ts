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
}

export interface RuntimeInfo {
  readonly name: string;
  readonly formats: readonly string[];
  /** `node` for runtimes of the Node host. */
  readonly toolchain: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** The format's own framework: it defines the truth when the model is the source. */
  readonly isReference: boolean;
  /** How it can run a model otherwise than deployed; missing: not at all. */
  readonly variants?: readonly VariantKind[];
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
