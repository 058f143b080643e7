import type { PageVerbs } from '../answers.ts';

/**
 * What pages use of a browser's globals. Declared here and not with the DOM's library, which would make `document` known to
 * all of onpar.
 */
interface PageGlobals {
  onpar: PageVerbs;
  readonly document: {
    getElementById(id: string): { readonly files: ArrayLike<File> } | null;
    createElement(tag: 'a'): { href: string; download: string; click(): void };
    createElement(tag: 'script'): {
      src: string;
      onload: () => void;
      onerror: () => void;
    };
    readonly head: { append(element: object): void };
  };
  readonly navigator: { readonly userAgent: string };
  readonly crossOriginIsolated: boolean;
}

export const page: PageGlobals = globalThis as unknown as PageGlobals;
