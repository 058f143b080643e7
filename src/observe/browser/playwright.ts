/** What is used of playwright-core, which is a package of the toolchain, not of onpar: loaded when a page is first needed. */
export interface Playwright {
  readonly chromium: { launch(options: object): Promise<Browser> };
}

export interface Browser {
  version(): string;
  isConnected(): boolean;
  newContext(options: object): Promise<BrowserContext>;
  newBrowserCDPSession(): Promise<CdpSession>;
  close(): Promise<void>;
  on(event: 'disconnected', listener: () => void): void;
}

/** The DevTools protocol itself. */
export interface CdpSession {
  send(method: string): Promise<unknown>;
  detach(): Promise<void>;
}

export interface BrowserContext {
  newPage(): Promise<Page>;
  setDefaultTimeout(milliseconds: number): void;
  route(url: string, handler: (route: Route) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface Page {
  goto(url: string): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
  setInputFiles(selector: string, files: readonly string[]): Promise<void>;
  waitForEvent(event: 'download', options: { timeout: number }): Promise<Download>;
  on(event: 'crash', listener: () => void): void;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  on(event: 'dialog', listener: (dialog: { dismiss(): Promise<void> }) => void): void;
}

export interface Download {
  path(): Promise<string>;
  delete(): Promise<void>;
}

export interface Route {
  request(): { url(): string };
  fulfill(response: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body: string | Buffer;
  }): Promise<void>;
  abort(): Promise<void>;
}
