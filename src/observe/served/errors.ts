import { OnparError } from '../../core/errors.ts';

/** What a server does wrong, or what keeps us from it; each code stands in the finding catalogue. */
export type ServedCode =
  | 'served-address'
  | 'served-unreachable'
  | 'served-timeout'
  | 'served-not-ready'
  | 'served-model-unknown'
  | 'served-refused'
  | 'served-failed'
  | 'served-garbage'
  | 'served-redirected'
  | 'served-oversized'
  | 'served-value-lost'
  | 'signature-unknown';

export const servedError = (code: ServedCode, message: string, fix?: string, detail?: string): OnparError =>
  new OnparError({
    code,
    message,
    ...(fix === undefined ? {} : { fix }),
    ...(detail === undefined || detail === '' ? {} : { detail }),
    exitCode: 1,
  });
