import { OnparError } from '../../core/errors.ts';
import type { Packages } from '../runtime.ts';
import { browserWith, type Graphics } from './launch.ts';
import { ORIGIN } from './serve.ts';

export type GraphicsNeed = 'none' | 'webgl' | 'webgpu';

/** What a page sees of the machine's graphics. `precision`: bits of the mantissa of `highp` floats in a fragment shader; 23 is float32. */
interface Seen {
  readonly adapter: string | null;
  readonly software: boolean;
}

/** Asked in a page: the name of what would compute, and whether that is a processor in disguise. */
const PROBES: Readonly<Record<Exclude<GraphicsNeed, 'none'>, string>> = {
  webgl: `(() => {
    const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
    const named = gl?.getExtension('WEBGL_debug_renderer_info');
    const adapter = gl ? String(gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER)) : null;
    return { adapter, software: /swiftshader|llvmpipe|software|basic render/i.test(adapter ?? '') };
  })()`,
  webgpu: `(async () => {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) return { adapter: null, software: false };
    const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
    const name = [vendor, architecture, device, description].filter(Boolean).join(' ');
    return { adapter: name, software: isFallbackAdapter === true || /swiftshader|llvmpipe/i.test(name) };
  })()`,
};

const seen = new Map<string, Promise<Seen>>();

/** What a browser with these graphics offers; asked once. */
function look(need: Exclude<GraphicsNeed, 'none'>, graphics: Graphics, runtime: string, packages: Packages) {
  const key = `${need} ${graphics}`;
  let found = seen.get(key);
  if (found === undefined) {
    found = ask(need, graphics, runtime, packages);
    seen.set(key, found);
    found.catch(() => seen.delete(key));
  }
  return found;
}

async function ask(
  need: Exclude<GraphicsNeed, 'none'>,
  graphics: Graphics,
  runtime: string,
  packages: Packages,
): Promise<Seen> {
  const browser = await browserWith(graphics, runtime, packages);
  const context = await browser.newContext({});
  try {
    await context.route('**/*', (route) =>
      route.fulfill({ status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html>' }),
    );
    const page = await context.newPage();
    await page.goto(`${ORIGIN}/`);
    return (await page.evaluate(PROBES[need])) as Seen;
  } finally {
    await context.close();
  }
}

const API = { webgl: 'WebGL 2', webgpu: 'WebGPU' } as const;

/**
 * The browser to start for what a runtime needs and which adapter the user wants: `hardware`, `software` (Chromium's own
 * renderer on the processor), or `auto`, hardware where there is any. Which one it became is a fact of the observation.
 * OnparError `runtime-unavailable` where there is none.
 */
export async function chooseGraphics(
  need: GraphicsNeed,
  wanted: string,
  runtime: string,
  packages: Packages,
): Promise<{ readonly graphics: Graphics; readonly facts: Readonly<Record<string, unknown>> }> {
  if (need === 'none') return { graphics: 'none', facts: {} };
  for (const graphics of wanted === 'auto' ? (['hardware', 'software'] as const) : [wanted as Graphics]) {
    const { adapter, software } = await look(need, graphics, runtime, packages);
    if (adapter === null || (software && graphics === 'hardware')) continue;
    return { graphics, facts: { adapter, adapterKind: software ? 'software' : 'hardware' } };
  }
  throw new OnparError({
    code: 'runtime-unavailable',
    message: `${runtime}: the browser has no ${wanted === 'auto' ? '' : `${wanted} `}adapter for ${API[need]} on this machine`,
    fix:
      wanted === 'hardware'
        ? 'run it on a machine with a GPU, or with `adapter: software`'
        : 'use a Chromium that brings SwiftShader, or a machine with a GPU',
    exitCode: 3,
  });
}
