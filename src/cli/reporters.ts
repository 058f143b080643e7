import { packageVersion } from '../core/paths.ts';
import type { RunEvent } from '../records/event.ts';
import type { Report, ReportCase } from '../records/report.ts';
import { createContext } from '../report/context.ts';
import { createHub } from '../report/hub.ts';
import { loadReporter } from '../report/registry.ts';
import type { Reporter, ReporterContext, RunInfo } from '../report/reporter.ts';

/** The hub as a run uses it: hooks may be called without waiting, and keep their order. */
export interface QueuedHub {
  runStart(info: Omit<RunInfo, 'version'>): Promise<void>;
  event(event: RunEvent): void;
  case(reportCase: ReportCase): void;
  /** Waits for everything before it. */
  runEnd(report: Report): Promise<void>;
  readonly failed: readonly string[];
}

/** Under `--json` stdout belongs to the report alone: reporters then print to stderr. */
export const reporterContext = (outDir: string, json: boolean): ReporterContext =>
  createContext({ outDir, ...(json ? { stdout: process.stderr } : {}) });

export const loadReporters = (names: readonly string[], base: string): Promise<Reporter[]> =>
  Promise.all(names.map((name) => loadReporter(name, base)));

export async function loadReporterHub(
  names: readonly string[],
  { outDir, json, base }: { outDir: string; json: boolean; base: string },
): Promise<QueuedHub> {
  const hub = createHub(await loadReporters(names, base), reporterContext(outDir, json));
  let tail: Promise<void> = Promise.resolve();
  const queue = (task: () => Promise<void>): Promise<void> => {
    tail = tail.then(task);
    return tail;
  };
  return {
    get failed() {
      return hub.failed;
    },
    runStart: (info) => queue(() => hub.runStart({ ...info, version: packageVersion })),
    event: (event) => void queue(() => hub.event(event)),
    case: (reportCase) => void queue(() => hub.case(reportCase)),
    runEnd: (report) => queue(() => hub.runEnd(report)),
  };
}
