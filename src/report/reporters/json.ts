import type { Report } from '../../records/report.ts';
import type { Reporter } from '../reporter.ts';

/** The report as text: records are canonical already, one space of indent keeps diffs readable and files small. */
export const reportJson = (report: Report): string => `${JSON.stringify(report, null, 1)}\n`;

/** Writes report.json. */
export const createJson = (): Reporter => ({
  name: 'json',
  async onRunEnd(report, ctx) {
    await ctx.write('report.json', reportJson(report));
  },
});
