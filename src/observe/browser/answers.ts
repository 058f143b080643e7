import type { Failure } from '../../core/errors.ts';
import type { IoContract } from '../../records/contract.ts';

/** What a page is asked to open; its files lie in the input `model`, in the order of `names`. */
export interface PageRequest {
  /** As errors call the model. */
  readonly path: string;
  /** The files relative to the model's folder, the model itself first. */
  readonly names: readonly string[];
  readonly version: string;
  readonly options: Readonly<Record<string, unknown>>;
}

export interface Opened {
  readonly contract: IoContract;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** What a page answers: plain data, since errors lose their fields on the way. */
export type PageAnswer<T> = { readonly ok: true; readonly result: T } | { readonly ok: false; readonly error: Failure };

/** The functions that a page offers, as `onpar` among its globals. */
export interface PageVerbs {
  open(request: PageRequest): Promise<PageAnswer<Opened>>;
  /** Runs the sample in the input `sample`. */
  run(): Promise<PageAnswer<Ran>>;
  /** Downloads the outputs of the last run. */
  hand(): Promise<void>;
}

export interface Ran {
  /** Of the run alone. */
  readonly milliseconds: number;
  /** The outputs as a safetensors file in base64 where they are small; null: they wait for `hand`. */
  readonly text: string | null;
}
