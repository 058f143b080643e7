import type { CaseFacts } from '../lab.ts';

/** Outputs and inputs as the comparison paired them: the surest pairs there are. */
export const byOutput = ({ inputs, outputs }: Pick<CaseFacts, 'inputs' | 'outputs'>): Map<string, string> =>
  new Map([...inputs, ...outputs].map(({ reference, candidate }) => [reference, candidate]));
