import { answered, type CatalogueEntry, entry } from './entry.ts';
import { more } from './words.ts';

/** Findings on what was not compared. */
export const ACCOUNTING = {
  'no-sample-compared': entry(
    'error',
    'Nothing was compared, so nothing is proven.',
    (w) => `${w}: not one sample was compared`,
  ),
  'fewer-samples': entry(
    'error',
    'Some planned samples were not compared.',
    (w, a) => `${w}: ${String(a.compared)} of ${String(a.planned)} samples were compared`,
  ),
  'sample-not-run': answered('A planned sample has no observation.'),
  'empty-output': entry(
    'error',
    'A tensor without elements proves nothing. A warning where other samples of the output have elements.',
    (w, a) => `${w} has no elements in sample ${String(a.sample)}${more(a.count)}`,
  ),
  'no-finite-reference': entry(
    'error',
    'The reference gave no finite value in any sample.',
    (w) => `${w} has no finite reference value in any sample`,
  ),
  'reference-failed': entry(
    'error',
    'The reference could not run a sample, so the candidate cannot be judged on it. Correct the sample (`range:`, `values:`, `dims:`) if it is not a legal input.',
    (w, a) => `${w}: the reference failed on sample ${String(a.sample)}${more(a.count)}: ${String(a.message)}`,
  ),
  'candidate-failed': entry(
    'error',
    'The candidate could not run a sample that the reference runs.',
    (w, a) => `${w}: the candidate failed on sample ${String(a.sample)}${more(a.count)}: ${String(a.message)}`,
  ),
  'runtime-unavailable': entry(
    'error',
    'The runtime cannot be used on this machine.',
    (w, a) => `${w} is not available: ${String(a.reason ?? a.message)}`,
  ),
} as const satisfies Record<string, CatalogueEntry>;
