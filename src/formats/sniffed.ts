import type { Format } from './known.ts';

/** What a file's content says it is. */
export interface Sniffed {
  readonly format: Format;
  /** Reading it runs the code it holds, as a pickle does. */
  readonly pickle?: boolean;
}
