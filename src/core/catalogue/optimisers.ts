import { type Args, type CatalogueEntry, entry } from './entry.ts';
import { howFar, number, value } from './words.ts';

const optimiser = ({ runtime, version, level }: Args): string =>
  `the optimiser of ${String(runtime)} ${String(version)}${level == null ? '' : ` (${String(level)})`}`;

/** The optimisers that hide a fault, each once. */
function masks({ optimisers }: Args): string {
  const names = Array.isArray(optimisers) ? [...new Set(optimisers.map((o: Args) => optimiser(o)))] : [];
  return names.length === 0 ? '' : ` (${names.join(' and ')} hides it)`;
}

/** Findings on what a runtime’s optimiser changes. */
export const OPTIMISERS = {
  'masked-by-optimiser': entry(
    'error',
    'The models agree as deployed, but not with the optimisers of their runtimes off: a fault that an optimiser happens to hide, and that shows with another version, runtime or setting.',
    (w, a) =>
      `${w}: agrees as deployed, but not with the runtime’s optimiser off${masks(a)}: in sample ${String(a.sample)} candidate ${value(a.candidate)}, reference ${value(a.reference)}${a.maxAbs === null ? '' : ` (off by ${number(a.maxAbs)})`}`,
  ),
  'optimiser-changes-result': entry(
    'warning',
    'A runtime’s optimiser moves the answers of a model beyond rounding. Both sides still agree; another version, runtime or setting may not.',
    (w, a) => `${w}: ${optimiser(a)} moves output ${String(a.output)} beyond rounding${howFar(a)}`,
  ),
  'optimiser-makes-difference': entry(
    'warning',
    'The models differ as deployed and agree with the optimisers of their runtimes off: the optimiser is the likely fault, not the conversion.',
    (w, a) =>
      `${w}: with the optimiser off the models agree; ${optimiser(a)} moves output ${String(a.output)}${howFar(a)}`,
  ),
  'optimiser-off-refused': entry(
    'info',
    'A runtime does not run the model with its optimiser off, so what the optimiser does to it is not known.',
    (w, a) => `${w}: ${String(a.runtime)} ${String(a.version)} does not run it unoptimised: ${String(a.message)}`,
  ),
} as const satisfies Record<string, CatalogueEntry>;
