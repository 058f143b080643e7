import type { RunEvent } from '../records/event.ts';
import type { Report, ReportCase } from '../records/report.ts';
import { visible } from './escape.ts';
import type { Reporter, ReporterContext, RunInfo } from './reporter.ts';

/** Hands each hook to every reporter in turn. A reporter that throws is told on stderr, dropped, and ends nothing. */
export interface ReporterHub {
  runStart(info: RunInfo): Promise<void>;
  event(event: RunEvent): Promise<void>;
  case(reportCase: ReportCase): Promise<void>;
  runEnd(report: Report): Promise<void>;
  /** Names of reporters that threw: their output is missing or incomplete. */
  readonly failed: readonly string[];
}

/** One hub a run. */
export function createHub(reporters: readonly Reporter[], ctx: ReporterContext): ReporterHub {
  const failed: string[] = [];
  const each = async (hook: (reporter: Reporter) => unknown): Promise<void> => {
    for (const reporter of [...reporters].sort((a, b) => Number(a.endsLast ?? false) - Number(b.endsLast ?? false))) {
      if (failed.includes(reporter.name)) continue;
      try {
        await hook(reporter);
      } catch (error) {
        failed.push(reporter.name);
        ctx.stderr.write(
          `onpar: reporter ${visible(reporter.name)} failed: ${visible(error instanceof Error ? error.message : String(error))}\n`,
        );
      }
    }
  };
  return {
    failed,
    runStart: (info) => each((r) => r.onRunStart?.(info, ctx)),
    event: (event) => each((r) => r.onEvent?.(event, ctx)),
    case: (reportCase) => each((r) => r.onCase?.(reportCase, ctx)),
    runEnd: (report) => each((r) => r.onRunEnd?.(report, ctx)),
  };
}

/** Renders a finished run again: the same hooks in suite order, without events. */
export async function replay(
  report: Report,
  reporters: readonly Reporter[],
  ctx: ReporterContext,
): Promise<readonly string[]> {
  const hub = createHub(reporters, ctx);
  await hub.runStart({
    version: report.tool.version,
    title: report.run.title,
    conversions: report.cases.length,
    seed: report.run.seed,
  });
  for (const reportCase of report.cases) await hub.case(reportCase);
  await hub.runEnd(report);
  return hub.failed;
}
