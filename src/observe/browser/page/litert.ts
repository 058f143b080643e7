import type { LiteRtJs } from '../../litertjs/api.ts';
import { type JsOptions, openWithLiteRtJs } from '../../litertjs/session.ts';
import { serve } from './serve.ts';

const PACKAGE = '/packages/@litertjs/core/';

serve(async (files, { path, version, options }) => {
  const api = (await import(`${PACKAGE}dist/index.js`)) as LiteRtJs;
  await api.loadLiteRt(`${PACKAGE}wasm/`, { threads: false });
  const [model] = files.values();
  const bytes = new Uint8Array(await (model as File).arrayBuffer());
  const session = await openWithLiteRtJs(api, { name: 'litertjs-browser', version }, bytes, path, options as JsOptions);
  return { contract: session.contract, facts: session.facts, run: session.run };
});
