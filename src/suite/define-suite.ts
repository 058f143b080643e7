import type { SuiteFile } from './schema.ts';

/** Gives a suite in `onpar.config.ts` its type: `export default defineSuite({ cases: { … } })`. */
export const defineSuite = (suite: SuiteFile): SuiteFile => suite;
