import { renderPage } from '../html/page.tsx';
import type { Reporter } from '../reporter.ts';

/** Writes index.html: one file that opens from disk, offline, and reads without its script. */
export const createHtml = (): Reporter => ({
  name: 'html',
  async onRunEnd(report, ctx) {
    await ctx.write('index.html', renderPage(report));
  },
});
