import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderPage } from '../../src/report/html/page.tsx';
import { junitXml } from '../../src/report/reporters/junit.ts';
import { STORIES, type StoryName } from './stories.ts';

const CHROMIUM = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];
const NAMES = Object.keys(STORIES) as StoryName[];

interface View {
  readonly width?: number;
  readonly scheme?: 'light' | 'dark';
  readonly hash?: string;
  readonly script?: boolean;
}

// REQUIRE_BROWSER=1 makes a missing browser a failure: CI sets it, so that these tests cannot vanish unseen.
describe.skipIf(!existsSync(CHROMIUM) && process.env.REQUIRE_BROWSER !== '1')('the page in a browser', () => {
  let browser: Browser;
  let folder = '';

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onpar-browser-'));
    for (const name of NAMES) await writeFile(join(folder, `${name}.html`), renderPage(STORIES[name]()));
    browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: FLAGS });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Opens a story and gives the page to `use`; fails on any message, error, violation or request that the page made. */
  async function open(
    story: StoryName,
    { width = 1280, scheme = 'light', hash = '', script = true }: View,
    use: (page: Page) => Promise<void>,
  ): Promise<void> {
    const page = await browser.newPage({
      viewport: { width, height: 800 },
      colorScheme: scheme,
      javaScriptEnabled: script,
    });
    const complaints: string[] = [];
    page.on('console', (m) => complaints.push(m.text()));
    page.on('pageerror', (e) => complaints.push(e.message));
    page.on('dialog', (d) => void complaints.push(d.message()));
    page.on('request', (r) => void (/^(file|data):/.test(r.url()) || complaints.push(r.url())));
    try {
      await page.goto(`${pathToFileURL(join(folder, `${story}.html`)).href}${hash}`);
      await use(page);
      expect(complaints).toEqual([]);
    } finally {
      await page.close();
    }
  }

  const overflow = (page: Page): Promise<number> =>
    page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');

  test.each(NAMES)(
    '%s: no complaint and no sideways scrolling at 320 and 1280, light and dark, all unfolded',
    async (story) => {
      await open(story, {}, async (page) => {
        for (const width of [1280, 320]) {
          await page.setViewportSize({ width, height: 800 });
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.emulateMedia({ colorScheme });
            expect(await overflow(page)).toBe(0);
          }
          await page.evaluate('for (const d of document.querySelectorAll("details")) d.open = !d.open');
          expect(await overflow(page)).toBe(0);
        }
      });
    },
    30_000,
  );

  test('search and filters narrow list and matrix; what matches nothing can be undone', async () => {
    await open('mixed', {}, async (page) => {
      const shown = page.locator('.case:visible');
      expect(await shown.count()).toBe(14);
      await page.fill('#search', 'KERAS litert');
      expect(await shown.count()).toBe(2);
      expect(await page.locator('.cell:not(.dimmed)').count()).toBe(2);
      await page.fill('#search', '');
      await page.click('[data-filter=fail]');
      expect(await shown.count()).toBe(3);
      await page.fill('#search', 'saturation');
      expect(await shown.count()).toBe(1);
      await page.fill('#search', 'no such thing');
      expect(await shown.count()).toBe(0);
      await page.click('#clear');
      expect(await shown.count()).toBe(14);
    });
  });

  test('a deep link opens its conversion, also one that a filter hides, also twice', async () => {
    await open('mixed', { hash: '#mnist-keras/tflite@litert' }, async (page) => {
      const target = page.locator('[id="mnist-keras/tflite@litert"]');
      const isOpen = async (): Promise<boolean> => (await target.getAttribute('open')) !== null;
      expect(await isOpen()).toBe(true);
      await target.locator('> summary').click();
      await page.click('[data-filter=fail]');
      await page.click('.matrix a[href="#mnist-keras/tflite@litert"]');
      expect(await isOpen()).toBe(true);
      expect(await target.isVisible()).toBe(true);
    });
  });

  test('the theme switch turns dark into light, unfolding unfolds, copying copies', async () => {
    await open('broken', { scheme: 'dark' }, async (page) => {
      const ground = (): Promise<string> => page.evaluate('getComputedStyle(document.body).backgroundColor');
      const dark = await ground();
      await page.click('#theme');
      expect(await ground()).toBe('rgb(255, 255, 255)');
      await page.click('#theme');
      expect(await ground()).toBe(dark);
      await page.click('.copy');
      await page.waitForFunction('document.querySelector(".copy").textContent !== "Copy"');
    });
  });

  test('without script the verdict, the failures and every conversion can be read', async () => {
    await open('mixed', { script: false }, async (page) => {
      expect(await page.locator('h1').textContent()).toContain('Parity does not hold');
      expect(await page.locator('.broke li').count()).toBe(5);
      expect(await page.locator('.toolbar').isVisible()).toBe(false);
      await page.locator('.case > summary').first().click();
      expect(await page.locator('.case .findings').first().isVisible()).toBe(true);
    });
  });

  test('paper is light and shows what is folded', async () => {
    await open('passing', { scheme: 'dark' }, async (page) => {
      await page.emulateMedia({ media: 'print' });
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
      expect(await page.locator('.metrics').first().isVisible()).toBe(true);
    });
  });

  test('junit.xml of every story is XML to a real parser', async () => {
    const page = await browser.newPage();
    for (const name of NAMES) {
      const wrong = await page.evaluate(
        `new DOMParser().parseFromString(${JSON.stringify(junitXml(STORIES[name]()))}, 'text/xml').querySelector('parsererror')?.textContent ?? null`,
      );
      expect(wrong).toBeNull();
    }
    await page.close();
  });
});
