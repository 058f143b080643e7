import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import type { Packages } from '../runtime.ts';
import { BROWSER_FIX, browserMissing, findChromium } from './find.ts';
import type { Browser, Playwright } from './playwright.ts';

/** What pages need of the machine's graphics, and whether Chromium's own software renderer (SwiftShader) stands in for it. */
export type Graphics = 'none' | 'hardware' | 'software';

/** WebGPU is behind a flag on Linux; in software there is no other adapter to choose. */
const FLAGS: Readonly<Record<Graphics, readonly string[]>> = {
  none: [],
  hardware: ['--enable-unsafe-webgpu', '--ignore-gpu-blocklist'],
  software: [
    '--enable-unsafe-webgpu',
    '--use-webgpu-adapter=swiftshader',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
  ],
};

/** How often a worker looks whether the engine that started it still lives. */
const WATCH_MS = 500;

const started = new Map<Graphics, Promise<Browser>>();

/** The browser of this process with these graphics, started when a page is first asked for. */
export function browserWith(graphics: Graphics, runtime: string, packages: Packages): Promise<Browser> {
  let browser = started.get(graphics);
  if (browser === undefined) {
    browser = launch(graphics, runtime, packages);
    started.set(graphics, browser);
    const forget = (): void => void started.delete(graphics);
    browser.then((b) => b.on('disconnected', forget), forget);
  }
  return browser;
}

/**
 * Starts Chromium below the worker's own scratch folder: its profile, its caches and what it takes for its home go with
 * the folder. It is driven through a pipe, so it needs no socket, and ends when this process does, however that ends.
 */
async function launch(graphics: Graphics, runtime: string, packages: Packages): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === null) throw browserMissing(runtime);
  const home = mkdtempSync(join(process.cwd(), 'browser-'));
  const temporary = join(home, 'tmp');
  mkdirSync(temporary);
  const folders = { HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home };
  const temporaries = { TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  // Read by playwright when it makes the profile's folder.
  Object.assign(process.env, temporaries);
  const { chromium } = packages.require('playwright-core') as Playwright;
  try {
    const browser = await chromium.launch({
      executablePath,
      headless: true,
      timeout: 0,
      // Chromium refuses its sandbox to root, which a worker is in a user namespace too.
      chromiumSandbox: process.getuid?.() !== 0,
      downloadsPath: join(home, 'downloads'),
      env: { ...process.env, ...folders, ...temporaries },
      args: [...FLAGS[graphics], '--disable-crash-reporter', '--noerrdialogs'],
    });
    endWithEngine(browser);
    return browser;
  } catch (error) {
    const text = (error as Error).message;
    const sandbox = /No usable sandbox|zygote_host_impl/.test(text);
    throw new OnparError({
      code: 'runtime-unavailable',
      message: `${runtime}: ${executablePath} does not start: ${reason(text)}`,
      fix: sandbox
        ? 'let this user make user namespaces (kernel.unprivileged_userns_clone, AppArmor), which Chromium’s sandbox needs'
        : BROWSER_FIX,
      detail: text.slice(-2000),
      exitCode: 3,
      cause: error,
    });
  }
}

/** The line of the browser's own words that tells most. */
const reason = (text: string): string =>
  (/(?:FATAL|ERROR)[^\n]*\][ :]*([^\n]+)/.exec(text)?.[1] ?? text.split('\n')[0] ?? '').slice(0, 300);

/** An engine that is killed takes nothing back: a page that computes for ever would keep its worker, and the worker the browser. */
function endWithEngine(browser: Browser): void {
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    void browser.close().finally(() => process.exit(1));
    setTimeout(() => process.exit(1), WATCH_MS);
  }, WATCH_MS);
  watch.unref();
  browser.on('disconnected', () => clearInterval(watch));
}
