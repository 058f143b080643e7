import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runInThisContext } from 'node:vm';
import { OnparError } from '../../core/errors.ts';
import type { LiteRtJs } from '../litertjs/api.ts';
import { type JsOptions, openWithLiteRtJs } from '../litertjs/session.ts';
import type { NodeRuntime, Packages } from '../runtime.ts';

const PACKAGE = '@litertjs/core';

/** Runs TFLite models with LiteRT.js's WebAssembly build inside Node: what a browser's CPU would compute. */
export async function litertjs(packages: Packages): Promise<NodeRuntime> {
  const folder = packages.folder(PACKAGE);
  const self = { name: 'litertjs', version: packages.version(PACKAGE) };
  standInForPage(packages.require, join(folder, 'wasm'));
  const api = (await import(pathToFileURL(join(folder, 'dist', 'index.js')).href)) as LiteRtJs;
  // Named as a folder, so that it takes the build for a processor or a V8 without relaxed SIMD (Node 20) where it must.
  await api.loadLiteRt(`${join(folder, 'wasm')}/`, { threads: false });
  return {
    ...self,
    async open(path, options) {
      if (!existsSync(path)) {
        throw new OnparError({
          code: 'model-file-missing',
          message: `the model file ${path} does not exist`,
          exitCode: 1,
        });
      }
      return openWithLiteRtJs(api, self, new Uint8Array(readFileSync(path)), path, options as JsOptions);
    },
  };
}

/** LiteRT.js expects a web worker around it: what it takes from there, in Node's terms. The process is a worker's own. */
function standInForPage(require: Packages['require'], wasm: string): void {
  const pathOf = (address: string | URL): string => {
    const text = String(address);
    return text.startsWith('file:') ? fileURLToPath(text) : text;
  };
  const fromWeb = globalThis.fetch;
  Object.assign(globalThis, {
    self: globalThis,
    require,
    __filename: join(wasm, 'litert_wasm_internal.js'),
    __dirname: wasm,
    importScripts: (script: string) => {
      const file = pathOf(script);
      runInThisContext(readFileSync(file, 'utf8'), { filename: file });
    },
    fetch: async (address: string | URL, init?: RequestInit) =>
      dirname(pathOf(address)) === wasm ? new Response(readFileSync(pathOf(address))) : fromWeb(address, init),
  });
}
