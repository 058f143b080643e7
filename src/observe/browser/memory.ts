import { readFileSync } from 'node:fs';
import type { Browser } from './playwright.ts';

/**
 * Bytes that the browser's processes held at most, all together: their peaks (VmHWM of /proc, Linux only) need not have
 * been at the same time. Null where the system does not tell.
 */
export async function peakMemory(browser: Browser): Promise<number | null> {
  if (process.platform !== 'linux' || !browser.isConnected()) return null;
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = (await session.send('SystemInfo.getProcessInfo')) as { processInfo: { id: number }[] };
    return processInfo.reduce((sum, { id }) => sum + peakOf(id), 0);
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
