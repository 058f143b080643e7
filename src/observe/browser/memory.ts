import { readFileSync } from 'node:fs';
import type { Browser } from './playwright.ts';

interface ProcessInfo {
  readonly id: number;
  readonly type: string;
}

/**
 * Bytes that the processes of the browser in which models compute, those of pages and of graphics, held at most. Their
 * peaks (VmHWM of /proc, Linux only) need not have been at the same time. Null where the system does not tell.
 */
export async function peakMemory(browser: Browser): Promise<number | null> {
  if (process.platform !== 'linux' || !browser.isConnected()) return null;
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = (await session.send('SystemInfo.getProcessInfo')) as { processInfo: ProcessInfo[] };
    return processInfo
      .filter(({ type }) => type === 'renderer' || type === 'GPU')
      .reduce((sum, { id }) => sum + peakOf(id), 0);
  } finally {
    await session.detach();
  }
}

function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
