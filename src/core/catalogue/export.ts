import { type CatalogueEntry, entry } from './entry.ts';

/** Findings on what exporters did beside exporting. */
export const EXPORT = {
  'precision-without-effect': entry(
    'warning',
    'No weight of the artifact is stored in the precision that was asked for, so it was judged as float32. Dynamic-range quantisation leaves small weights alone: use int8 with calibration data.',
    (_w, a) =>
      `asked for ${String(a.precision)}, but no weight is stored so${a.minimum === undefined ? '' : `: the largest has ${String(a.largest)} elements, and weights under ${String(a.minimum)} stay as they are`}`,
  ),
  'exporter-warning': entry('warning', 'The exporter printed a warning.', (_w, a) => `exporter: ${String(a.message)}`),
  'opset-changed': entry(
    'warning',
    'The exporter wrote another opset than was asked for.',
    (_w, a) => `asked for opset ${String(a.asked)}, the exporter wrote ${String(a.written)}`,
  ),
} as const satisfies Record<string, CatalogueEntry>;
