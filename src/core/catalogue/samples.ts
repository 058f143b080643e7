import { type CatalogueEntry, entry } from './entry.ts';
import { list, some } from './words.ts';

/** Findings on the inputs that models were asked with. */
export const SAMPLES = {
  'range-assumed': entry(
    'info',
    'The suite gives no range for an integer input, so a small one was assumed.',
    (w, a) =>
      `${w} has no declared range; integers from ${String(a.low)} to ${String(a.high)} were assumed (set \`range:\` or --range)`,
  ),
  'input-role': entry(
    'info',
    'What an input means was read from how the ONNX graph uses it. `range:`, `values:` or `role:` in the suite override it.',
    (w, a) =>
      `${w} is taken as ${String(a.role)}${Array.isArray(a.range) ? ` from ${String(a.range[0])} to ${String(a.range[1])}` : ''}: ${String(a.because)}`,
  ),
  'images-prepared': entry(
    'info',
    'Pictures were decoded and prepared for an input as the sentence tells. The keys beside `images:` in the suite change it.',
    (w, a) =>
      `${w} got ${String(a.count)}${a.count === a.of ? '' : ` of ${String(a.of)}`} picture${a.of === 1 ? '' : 's'} of ${String(a.folder)}: ${String(a.preparation)} (${String(a.decoder)})`,
  ),
  'data-ignored': entry(
    'info',
    'A data file holds tensors or columns that the model does not take. Name them in `labels:` if they are meant to be there.',
    (w, a) =>
      `${w}: ${list(a.names)} ${Array.isArray(a.names) && a.names.length > 1 ? 'are' : 'is'} no input of the model and was left aside`,
  ),
  'output-constant': entry(
    'warning',
    'An output came back the same from every sample, so its comparison proves little. Give samples that reach it (`range:`, your own data), or leave it out if it is a constant by design.',
    (w, a) => `${w} never moved over ${String(a.samples)} samples`,
  ),
  'activation-dead': entry(
    'warning',
    'Activations inside the model never left one value over all samples, so a fault before them cannot be seen in any output. Give samples that reach them (`range:`, your own data). An info where they only do not depend on the inputs.',
    (w, a) =>
      `${w}: ${Array.isArray(a.names) ? a.names.length : 0} of ${String(a.of)} activations ${a.state === 'still' ? 'came back the same from every sample' : a.value === 0 ? 'never left zero' : 'never moved'}: ${some(a.names)}`,
  ),
  'activations-unread': entry(
    'info',
    'Which activations inside the model the samples moved was not measured, for the reason given.',
    (w, a) => `${w}: which activations moved was not measured: ${String(a.reason)}`,
  ),
  'size-refused': entry(
    'warning',
    'The original itself refuses a size of the default sweep, so it was left out. Set the sizes to try with `dims:` or `--dim`.',
    (w, a) => `${w}: the original refuses this size, so it was left out (${String(a.message)})`,
  ),
} as const satisfies Record<string, CatalogueEntry>;
