import { relative } from 'node:path';
import { visible } from '../escape.ts';
import type { Reporter, ReporterContext } from '../reporter.ts';
import { closing, conversionLine } from '../terminal/lines.ts';
import { createStatus, type Status } from '../terminal/status.ts';
import { palette } from '../terminal/style.ts';

/** Progress on stderr, one quiet line a conversion and what broke on stdout. */
export function createTerminal(): Reporter {
  let status: Status | undefined;
  const print = (ctx: ReporterContext, lines: readonly string[]): void => {
    status?.clear();
    ctx.stdout.write(`${lines.join('\n')}\n`);
    status?.draw();
  };
  return {
    name: 'terminal',
    endsLast: true,
    onRunStart(info, ctx) {
      const p = palette(ctx.colour);
      const what = `${info.conversions} conversion${info.conversions === 1 ? '' : 's'}`;
      print(ctx, [
        `${p.bold(`onpar ${visible(info.version)}`)}  ${p.dim(`${visible(info.title)} · ${what} · seed ${info.seed}`)}`,
        '',
      ]);
      status = createStatus(ctx, info.conversions);
    },
    onEvent(event) {
      status?.event(event);
    },
    onCase(reportCase, ctx) {
      print(ctx, [conversionLine(reportCase, palette(ctx.colour), ctx.columns)]);
    },
    onRunEnd(report, ctx) {
      status?.stop();
      status = undefined;
      const p = palette(ctx.colour);
      print(ctx, [...closing(report, p, ctx.columns), p.dim(`report: ${visible(whereToLook(ctx))}`)]);
    },
  };
}

/** The page if there is one, else the folder; short when it lies below the current folder. */
function whereToLook(ctx: ReporterContext): string {
  const path = ctx.written.find((file) => file.endsWith('index.html')) ?? ctx.outDir;
  const short = relative(ctx.cwd, path);
  return short !== '' && !short.startsWith('..') ? short : path;
}
