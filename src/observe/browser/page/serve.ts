import { toFailure } from '../../../core/errors.ts';
import { parseSafetensors } from '../../../tensor/safetensors-read.ts';
import { serializeSafetensors } from '../../../tensor/safetensors-write.ts';
import type { NamedTensors } from '../../../tensor/tensor.ts';
import type { Opened, PageAnswer, PageRequest } from '../answers.ts';
import { page } from './globals.ts';

/** A model that a page has open. */
export interface PageModel extends Opened {
  run(inputs: NamedTensors): Promise<NamedTensors>;
}

/** A model's files, as paths relative to its folder → what the browser reads from disk. */
export type ModelFiles = ReadonlyMap<string, File>;

/** How long a download may still be read from its address. */
const KEEP_MS = 60_000;

/** Outputs up to this come back as text: 64 MiB take 24 s so, and 0.5 s as a download, which in turn takes 20 ms at least. */
const TEXT_BYTES = 2 ** 18;

/** What `String.fromCharCode` is given at once: arguments lie on the stack. */
const CHUNK = 2 ** 13;

function base64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.byteLength; i += CHUNK) text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return btoa(text);
}

/** Blink drops, without a word, what a frame downloads beyond ten within a second of the first (LocalFrame, burst downloads). */
const BURST = { count: 10, milliseconds: 1000 };
let burst = { count: 0, begun: 0 };

/** Waits until the next download will not be dropped. */
async function nextDownload(): Promise<void> {
  if (burst.count >= BURST.count) {
    const left = burst.begun + BURST.milliseconds - performance.now();
    // A little more, because the browser reads its own clock.
    if (left > -50) await new Promise((resolve) => setTimeout(resolve, left + 50));
    burst = { count: 0, begun: 0 };
  }
  if (burst.count === 0) burst.begun = performance.now();
  burst.count++;
}

async function answer<T>(code: string, work: () => Promise<T>): Promise<PageAnswer<T>> {
  try {
    return { ok: true, result: await work() };
  } catch (error) {
    const failure = toFailure(error);
    // WebAssembly throws numbers and strings too; where in a bundle they came from helps nobody.
    const { detail: _, ...plain } = failure;
    return {
      ok: false,
      error: failure.code === 'internal-error' ? { ...plain, code } : failure,
    };
  }
}

const files = (input: string): File[] => Array.from(page.document.getElementById(input)?.files ?? []);

/** Offers a library's models to the other side. A page opens one model in its life. */
export function serve(open: (files: ModelFiles, request: PageRequest) => Promise<PageModel>): void {
  let model: PageModel | undefined;
  let outputs: Blob = new Blob();
  page.onpar = {
    open: (request) =>
      answer('model-load-failed', async () => {
        const chosen = files('model');
        model = await open(new Map(request.names.map((name, i) => [name, chosen[i] as File])), request);
        const { userAgent } = page.navigator;
        const facts = { ...model.facts, userAgent, crossOriginIsolated: page.crossOriginIsolated };
        return { contract: model.contract, facts };
      }),
    run: () =>
      answer('run-failed', async () => {
        const [file] = files('sample');
        if (model === undefined || file === undefined) throw new Error('no model is open, or no sample is chosen');
        const inputs = parseSafetensors(new Uint8Array(await file.arrayBuffer()), file.name);
        const begun = performance.now();
        const results = await model.run(inputs);
        const milliseconds = performance.now() - begun;
        const bytes = serializeSafetensors(results) as Uint8Array<ArrayBuffer>;
        if (bytes.byteLength <= TEXT_BYTES) return { milliseconds, text: base64(bytes) };
        outputs = new Blob([bytes]);
        return { milliseconds, text: null };
      }),
    hand: async () => {
      await nextDownload();
      const link = page.document.createElement('a');
      link.href = URL.createObjectURL(outputs);
      link.download = 'outputs.safetensors';
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), KEEP_MS);
    },
  };
}
