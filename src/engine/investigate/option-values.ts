import type { Lab } from '../../investigate/lab.ts';
import type { RuntimeInfo } from '../../records/catalogue.ts';

type OptionValues = ReturnType<Lab['exporterOptions']>;

/** Options with the values that they can take and the one that is set; none are listed for numbers and texts. */
export const optionValues = (specs: RuntimeInfo['options'], given: Readonly<Record<string, unknown>>): OptionValues =>
  Object.fromEntries(
    Object.entries(specs).map(([name, spec]) => [
      name,
      { values: spec.enum ?? (spec.type === 'boolean' ? [true, false] : []), set: given[name] ?? spec.default ?? null },
    ]),
  );
