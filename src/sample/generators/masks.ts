import type { Generator } from './generator.ts';

/** Every position counts: what a model without padding sees. */
export const maskFull: Generator = { name: 'mask-full', mask: 'full' };

/** One position of each row counts: softmax and means over a single element. */
export const maskSingle: Generator = { name: 'mask-single', mask: 'single' };

/** One row is padding from end to end: softmax over nothing, a mean divided by zero. */
export const maskEmptyRow: Generator = { name: 'mask-empty-row', mask: 'empty-row' };
