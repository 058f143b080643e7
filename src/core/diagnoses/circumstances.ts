import { cause, change, type DiagnosisEntry } from './entry.ts';

/** Not the model but how and where it is run. */
export const CIRCUMSTANCES = {
  'optimiser-induced': cause(
    'made by the runtime’s optimiser',
    'With the optimiser off (or one of its passes) the difference is gone.',
    'Disable the named pass in production, and report it to the runtime.',
    (where, a) =>
      `${where}: the difference is gone with the optimiser${a.option === undefined ? ' off' : ` at ${String(a.option)}`}`,
  ),
  'thread-dependent': cause(
    'depends on the number of threads',
    'With one thread the difference is gone.',
    'Run with one thread where it matters, and report it to the runtime.',
    'the difference is gone with one thread',
  ),
  'version-dependent': cause(
    'depends on the version',
    'Another version of the exporter or runtime does not show the difference.',
    'Pin the version that works, and report the regression with the reduced model.',
    (where, a) => `${where}: another version does not show the difference${change(a)}`,
  ),
  randomness: cause(
    'random at inference',
    'The model answers differently each time: dropout is on, or it draws random numbers.',
    'Call `model.eval()` before the export; fix the seed of what is meant to be random.',
    'it answers differently each time',
  ),
  'contract-differs': cause(
    'another contract',
    'Names, order, dtypes, ranks or numbers of inputs or outputs differ; the values themselves do not, or cannot be compared for it.',
    'Map what was renamed in the suite, or export with the names and types of the source.',
    (where, a) => `${where}: the contract differs${change(a)}`,
  ),
  unknown: cause(
    'not explained',
    'No experiment explains the difference.',
    'Send the reduced model upstream (`onpar investigate --reduce`): it shows the failure in a few nodes.',
    (where, a) =>
      typeof a.tried === 'number' && a.tried > 0
        ? `unknown: none of ${a.tried} experiments at ${where} explains the difference`
        : `unknown: there is no experiment for ${where}`,
  ),
} as const satisfies Record<string, DiagnosisEntry>;
