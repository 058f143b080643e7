import { ACCOUNTING } from './catalogue/accounting.ts';
import { ANSWERS } from './catalogue/answers.ts';
import { CANDIDATE } from './catalogue/candidate.ts';
import { CHAINS } from './catalogue/chains.ts';
import { CONTRACT } from './catalogue/contract.ts';
import type { CatalogueEntry } from './catalogue/entry.ts';
import { EXPECTATION } from './catalogue/expectation.ts';
import { EXPORT } from './catalogue/export.ts';
import { GATES } from './catalogue/gates.ts';
import { OPTIMISERS } from './catalogue/optimisers.ts';
import { REFERENCE } from './catalogue/reference.ts';
import { SAMPLES } from './catalogue/samples.ts';
import { VALUES } from './catalogue/values.ts';

export type { CatalogueEntry, FindingSeverity } from './catalogue/entry.ts';

/** Every code that onpar can report, with its sentence; an area a file. docs/findings.md is generated from here. */
export const CATALOGUE = {
  ...CONTRACT,
  ...ACCOUNTING,
  ...VALUES,
  ...GATES,
  ...ANSWERS,
  ...EXPORT,
  ...SAMPLES,
  ...REFERENCE,
  ...CANDIDATE,
  ...OPTIMISERS,
  ...CHAINS,
  ...EXPECTATION,
} as const satisfies Record<string, CatalogueEntry>;

export type FindingCode = keyof typeof CATALOGUE;
