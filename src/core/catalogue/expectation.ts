import { type CatalogueEntry, entry } from './entry.ts';

/** Findings on failures that a suite expects. */
export const EXPECTATION = {
  'expected-failure-passed': entry(
    'warning',
    'A conversion marked as an expected failure passes now: remove the mark.',
    (_w, a) => `expected to fail (${String(a.reason)}), but it passes: remove \`expect: fail\``,
  ),
  'expected-failure-expired': entry(
    'error',
    'The date until which the failure was expected is over.',
    (_w, a) => `the expected failure (${String(a.reason)}) expired on ${String(a.until)}`,
  ),
} as const satisfies Record<string, CatalogueEntry>;
