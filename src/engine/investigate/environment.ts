import { isAbsolute } from 'node:path';
import type { Conversion } from '../../plan/conversion.ts';
import type { BundleEnvironment } from '../../records/bundle.ts';
import type { Trace } from '../conversion/trace.ts';
import { machine } from '../machine.ts';

/** Where a candidate was seen to fail, as far as it came to run. */
export function environmentOf({ candidate }: Conversion, trace: Trace): BundleEnvironment {
  const { os, arch, cpu } = machine();
  const seen = trace.candidate?.value;
  return {
    runtime: candidate.runtime.name,
    version: seen?.version ?? candidate.runtime.version ?? null,
    options: Object.fromEntries(Object.entries(candidate.options).filter(([, value]) => !isPlace(value))),
    packages: { ...seen?.packages },
    os,
    arch,
    cpu,
  };
}

/** Files of the user's machine are nothing that others have. */
const isPlace = (value: unknown): boolean => typeof value === 'string' && isAbsolute(value);
