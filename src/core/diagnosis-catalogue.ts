import { CIRCUMSTANCES } from './diagnoses/circumstances.ts';
import type { DiagnosisEntry } from './diagnoses/entry.ts';
import { FUNCTIONS } from './diagnoses/functions.ts';
import { ORDER } from './diagnoses/order.ts';
import { SEQUENCES } from './diagnoses/sequences.ts';
import { VALUES } from './diagnoses/values.ts';

/** Every cause that an investigation can name, by code. Stages give codes and arguments; the words are here. */
export const DIAGNOSES = {
  ...ORDER,
  ...FUNCTIONS,
  ...SEQUENCES,
  ...VALUES,
  ...CIRCUMSTANCES,
} as const satisfies Record<string, DiagnosisEntry>;
export type DiagnosisCode = keyof typeof DIAGNOSES;
