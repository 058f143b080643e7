import { failureError, OnparError } from '../../core/errors.ts';
import { parseSafetensors, readSafetensors } from '../../tensor/safetensors.ts';
import type { NamedTensors } from '../../tensor/tensor.ts';
import type { Opened, PageAnswer, PageRequest, Ran } from './answers.ts';
import type { Browser, BrowserContext, Page } from './playwright.ts';
import { answer, ORIGIN, type Site } from './serve.ts';

/** One page with one model, in a context, and so in a process, of its own. */
export class Tab {
  readonly #context: BrowserContext;
  readonly #page: Page;
  #crashed = false;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.#page = page;
    page.on('crash', () => {
      this.#crashed = true;
    });
    page.on('console', (m) => void process.stderr.write(`[page] ${m.type()}: ${m.text()}\n`));
    page.on('pageerror', (error) => void process.stderr.write(`[page] uncaught: ${error.message}\n`));
    page.on('dialog', (dialog) => void dialog.dismiss());
  }

  static async open(browser: Browser, site: Site): Promise<Tab> {
    const context = await browser.newContext({ acceptDownloads: true });
    // The engine's deadline is the only one.
    context.setDefaultTimeout(0);
    await context.route('**/*', (route) => answer(route, site));
    const tab = new Tab(context, await context.newPage());
    await tab.#page.goto(`${ORIGIN}/`);
    return tab;
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  /** Files travel as paths: the browser reads them itself. */
  async load(files: readonly string[], request: PageRequest): Promise<Opened> {
    return this.#guarded(async () => {
      await this.#page.setInputFiles('#model', files);
      return this.#ask<Opened>(`onpar.open(${JSON.stringify(request)})`);
    });
  }

  /** Runs the tensors of a safetensors file. Large outputs come back as a download, which no protocol wraps into text. */
  async run(file: string): Promise<{ readonly outputs: NamedTensors; readonly milliseconds: number }> {
    return this.#guarded(async () => {
      await this.#page.setInputFiles('#sample', [file]);
      const { milliseconds, text } = await this.#ask<Ran>('onpar.run()');
      if (text !== null) return { outputs: parseSafetensors(Buffer.from(text, 'base64'), 'outputs'), milliseconds };
      const [download] = await Promise.all([
        this.#page.waitForEvent('download', { timeout: 0 }),
        this.#page.evaluate('onpar.hand()'),
      ]);
      const outputs = readSafetensors(await download.path());
      await download.delete();
      return { outputs, milliseconds };
    });
  }

  async close(): Promise<void> {
    await this.#context.close().catch(() => {});
  }

  async #ask<T>(expression: string): Promise<T> {
    const answered = (await this.#page.evaluate(expression)) as PageAnswer<T>;
    if (answered.ok) return answered.result;
    throw failureError(answered.error);
  }

  /** A page that dies takes what waited for it along, with words of the browser's driver: told as what it is. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof OnparError) throw error;
      if (!this.#crashed && !/crashed|closed/i.test((error as Error).message)) throw error;
      this.#crashed = true;
      throw new OnparError({
        code: 'page-crashed',
        message: 'the browser’s page crashed while it ran the model (“Aw, Snap!”), most likely for lack of memory',
        fix: 'use smaller sizes (--dim), fewer --jobs, or a machine with more memory',
        exitCode: 1,
        cause: error,
      });
    }
  }
}
