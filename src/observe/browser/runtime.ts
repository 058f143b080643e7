import { existsSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { Format } from '../../formats/known.ts';
import { missingFile } from '../../formats/missing.ts';
import { modelFiles } from '../../formats/model-files.ts';
import { writeSafetensors } from '../../tensor/safetensors.ts';
import type { NamedTensors } from '../../tensor/tensor.ts';
import type { NodeRuntime, NodeSession, Packages } from '../runtime.ts';
import { chooseGraphics, type GraphicsNeed } from './graphics.ts';
import { browserWith } from './launch.ts';
import { peakMemory } from './memory.ts';
import type { Site } from './serve.ts';
import { Tab } from './tab.ts';

/** A runtime that executes models in a page: what differs between libraries. */
export interface BrowserLibrary {
  /** Of the runtime. */
  readonly name: string;
  /** The npm package whose version is the runtime's. */
  readonly library: string;
  readonly format: Format;
  /** The page's script: `page/<script>.ts`. */
  readonly script: string;
  readonly imports?: Readonly<Record<string, string>>;
  /** Refuses a model whose files are not whole, before a page gets them. */
  readonly check?: (path: string) => void;
  /** What the options ask of the machine's graphics. */
  readonly graphics: (options: Readonly<Record<string, unknown>>) => GraphicsNeed;
}

let counter = 0;

/** The Node side of a browser runtime: starts the browser, opens pages, feeds them, replaces those that crash. */
export function browserRuntime(library: BrowserLibrary): (packages: Packages) => Promise<NodeRuntime> {
  return async (packages) => {
    const version = packages.version(library.library);
    return { name: library.name, version, open: (path, options) => open(library, version, packages, path, options) };
  };
}

async function open(
  { name, format, script, imports = {}, check, graphics }: BrowserLibrary,
  version: string,
  packages: Packages,
  path: string,
  { adapter = 'auto', ...options }: Readonly<Record<string, unknown>>,
): Promise<NodeSession> {
  if (!existsSync(path)) throw missingFile(path, path);
  check?.(path);
  const files = modelFiles(path, format);
  const names = files.map((file) => relative(dirname(path), file).split(sep).join('/'));
  const site: Site = { script, packages, imports };
  const chosen = await chooseGraphics(graphics(options), String(adapter), name, packages);
  const load = async () => {
    const browser = await browserWith(chosen.graphics, name, packages);
    const tab = await Tab.open(browser, site);
    try {
      return { browser, tab, opened: await tab.load(files, { path, names, version, options }) };
    } catch (error) {
      await tab.close();
      throw error;
    }
  };
  let current = await load();
  const { contract, facts } = current.opened;
  let milliseconds: number | undefined;
  return {
    contract,
    facts: { ...facts, ...chosen.facts, browser: `Chromium ${current.browser.version()}` },
    async run(inputs: NamedTensors): Promise<NamedTensors> {
      // A crash is the result of the sample that was running. The next one gets a new page.
      if (current.tab.crashed) {
        await current.tab.close();
        current = await load();
      }
      const file = join(process.cwd(), `sample-${counter++}.safetensors`);
      writeSafetensors(file, inputs);
      try {
        const ran = await current.tab.run(file);
        milliseconds = ran.milliseconds;
        return ran.outputs;
      } finally {
        rmSync(file);
      }
    },
    lastMilliseconds: () => milliseconds,
    peakMemoryBytes: () => peakMemory(current.browser),
    close: () => current.tab.close(),
  };
}
