import type { RunEvent } from '../records/event.ts';
import type { Report, ReportCase } from '../records/report.ts';

/** What is known before the first conversion runs. */
export interface RunInfo {
  readonly version: string;
  /** The suite's file name, or the command of an ad-hoc run. */
  readonly title: string;
  readonly conversions: number;
  readonly seed: number;
}

/** The part of a writable stream that reporters use, so that tests and `--json` can pass their own. */
export interface TextStream {
  write(text: string): unknown;
}

/** Where a reporter may write, and what it may assume about who reads. */
export interface ReporterContext {
  /** The run folder, absolute. */
  readonly outDir: string;
  /** Writes a file into the run folder (whole or not at all) and gives back its absolute path. */
  write(name: string, text: string): Promise<string>;
  /** Absolute paths of what was written so far. */
  readonly written: readonly string[];
  /** Results. Under `--json` the command line passes stderr here. */
  readonly stdout: TextStream;
  /** Progress. */
  readonly stderr: TextStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Someone watches stderr: a status line may be redrawn. */
  readonly isTTY: boolean;
  readonly columns: number;
  readonly colour: boolean;
  readonly cwd: string;
}

/**
 * A reporter reads records and writes text; it never decides. Every hook is optional. `onCase` comes once a conversion,
 * in the order in which they finish; `onRunEnd` has them all, in suite order.
 */
export interface Reporter {
  readonly name: string;
  /** Its `onRunEnd` comes after that of all others, so that it can say what they wrote. */
  readonly endsLast?: boolean;
  onRunStart?(info: RunInfo, ctx: ReporterContext): void | Promise<void>;
  onEvent?(event: RunEvent, ctx: ReporterContext): void | Promise<void>;
  onCase?(reportCase: ReportCase, ctx: ReporterContext): void | Promise<void>;
  onRunEnd?(report: Report, ctx: ReporterContext): void | Promise<void>;
}

/** What a reporter's file exports: a factory, because some keep state over a run. */
export type ReporterFactory = () => Reporter;
