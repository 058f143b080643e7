import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { isInside, packageRoot } from '../../core/paths.ts';
import type { Packages } from '../runtime.ts';
import type { Route } from './playwright.ts';

/** A secure context without a certificate; no socket is opened for it. */
export const ORIGIN = 'http://localhost';

/** What makes a page cross-origin isolated, so that it gets SharedArrayBuffer and with it threads. */
const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

export interface Site {
  /** The page's script below `dist/browser`. */
  readonly script: string;
  readonly packages: Packages;
  /** Bare imports inside packages: name → path below `/packages/`. */
  readonly imports: Readonly<Record<string, string>>;
}

/** Tensors and models come in through file inputs: the browser reads the files itself. */
const html = ({ script, imports }: Site): string => `<!doctype html>
<meta charset="utf-8"><title>onpar</title>
<input id="model" type="file" multiple><input id="sample" type="file">
<script type="importmap">${JSON.stringify({ imports: Object.fromEntries(Object.entries(imports).map(([name, path]) => [name, `/packages/${path}`])) })}</script>
<script type="module" src="/onpar/${script}.js"></script>
`;

/** The file behind an address, or null: a script of ours, or a file of a package that the toolchain installed. */
function fileAt(path: string, packages: Packages): string | null {
  const own = /^\/onpar\/([a-z-]+\.js)$/.exec(path)?.[1];
  if (own !== undefined) return join(packageRoot, 'dist', 'browser', own);
  const [, name, rest] = /^\/packages\/((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(path) ?? [];
  if (name === undefined || rest === undefined) return null;
  const folder = packages.folder(name);
  const file = join(folder, rest);
  return isInside(folder, file) ? file : null;
}

/** Answers every request of a page from disk. Other hosts do not exist for it. */
export async function answer(route: Route, site: Site): Promise<void> {
  const url = new URL(route.request().url());
  if (url.origin !== ORIGIN) {
    process.stderr.write(`[page] refused a request to ${url.origin}\n`);
    await route.abort();
    return;
  }
  if (url.pathname === '/') {
    await route.fulfill({ status: 200, headers: { ...HEADERS, 'content-type': 'text/html' }, body: html(site) });
    return;
  }
  let body: Buffer | null = null;
  let file: string | null = null;
  try {
    file = fileAt(decodeURIComponent(url.pathname), site.packages);
    body = file === null ? null : readFileSync(file);
  } catch {
    // No such package or file.
  }
  const type = TYPES[extname(file ?? '')] ?? 'application/octet-stream';
  await (body === null
    ? route.fulfill({ status: 404, headers: HEADERS, body: '' })
    : route.fulfill({ status: 200, headers: { ...HEADERS, 'content-type': type }, body }));
}
