import { type CatalogueEntry, entry } from './entry.ts';
import { list } from './words.ts';

/** Where a task gate fails most: `. Worst in sample a, row [3]: candidate picks class 1, reference 2`. */
const worstRow = ({ sample, row, what }: Readonly<Record<string, unknown>>): string =>
  sample === null || sample === undefined
    ? ''
    : `. Worst in sample ${String(sample)}${Array.isArray(row) && row.length > 0 ? `, row [${list(row)}]` : ''}: ${String(what)}`;

/** Findings on what a task asks for beside numbers. */
export const GATES = {
  'argmax-disagrees': entry(
    'error',
    'Fewer rows than the suite asks for have the same best class on both sides.',
    (w, a) =>
      `${w}: the best class agrees in ${String(a.value)} of ${String(a.counted)} rows, ${String(a.limit)} is asked${worstRow(a)}`,
  ),
  'top-k-disagrees': entry(
    'error',
    'The best of a row overlap less than the suite asks for.',
    (w, a) =>
      `${w}: the ${String(a.k)} best overlap by ${String(a.value)} on average over ${String(a.counted)} rows, ${String(a.limit)} is asked${worstRow(a)}`,
  ),
  'accuracy-lost': entry(
    'error',
    'On labelled samples the candidate keeps less of the reference’s accuracy than the suite asks for.',
    (w, a) =>
      `${w}: the candidate is right in ${String(a.candidate)} of ${String(a.counted)} labels, the reference in ${String(a.reference)}: ${String(a.value)} of its accuracy is kept, ${String(a.limit)} is asked${worstRow(a)}`,
  ),
  'boxes-differ': entry(
    'error',
    'Fewer boxes than the suite asks for have a partner on the other side.',
    (w, a) =>
      `${w}: ${String(a.value)} of ${String(a.counted)} boxes have a partner with IoU ≥ ${String(a.iou)}, ${String(a.limit)} is asked${worstRow(a)}`,
  ),
  'gate-undefined': entry(
    'error',
    'A task gate of the suite (argmax, topK, accuracy, iou) cannot be asked of this output, so nothing is proven about it. Give it another tolerance, or what the gate needs.',
    (w, a) => `${w}: \`${String(a.gate)}\` cannot be judged: ${String(a.why)}`,
  ),
} as const satisfies Record<string, CatalogueEntry>;
