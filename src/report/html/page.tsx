import { createHash } from 'node:crypto';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { Report } from '../../records/report.ts';
import { visible } from '../escape.ts';
import { verdictSentence } from '../words.ts';
import { WhatBroke } from './broken.tsx';
import { AllConversions } from './case-list.tsx';
import { CLIENT_SCRIPT } from './client.ts';
import { Glossary } from './glossary.tsx';
import { Environment } from './run.tsx';
import { STYLES } from './styles.ts';
import { Masthead } from './summary.tsx';

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * What the page may do: its own style and script by hash, its icon, nothing else. Whatever slipped through the escaping
 * of a model's names could neither run nor load anything.
 */
const contentPolicy = (): string =>
  [
    `default-src 'none'`,
    `script-src ${hash(CLIENT_SCRIPT)}`,
    `style-src ${hash(STYLES)}`,
    'img-src data:',
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');

/** The whole of index.html. */
export const renderPage = (report: Report): string => `<!doctype html>\n${renderToString(<Page report={report} />)}\n`;

function Page({ report }: { report: Report }): VNode {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content={contentPolicy()} />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="referrer" content="no-referrer" />
        <meta name="generator" content={`onpar ${visible(report.tool.version)}`} />
        <title>{`${report.run.exitCode === 0 ? '✓' : '✗'} ${verdictSentence(report)} · ${visible(report.run.title)}`}</title>
        <link rel="icon" href={icon(report.run.exitCode === 0)} />
        <style dangerouslySetInnerHTML={{ __html: STYLES }} />
        <script dangerouslySetInnerHTML={{ __html: CLIENT_SCRIPT }} />
      </head>
      <body>
        <main>
          <Masthead report={report} />
          <WhatBroke report={report} />
          <AllConversions report={report} />
          <Glossary report={report} />
          <Environment report={report} />
        </main>
      </body>
    </html>
  );
}

/** The verdict in the tab: a bar for parity, a cross for none. */
function icon(good: boolean): string {
  const mark = good ? 'M4 6h8M4 10h8' : 'M4 4l8 8M12 4l-8 8';
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="${mark}" stroke="${good ? '#3d6a92' : '#c2142b'}" stroke-width="2.4" stroke-linecap="round"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
