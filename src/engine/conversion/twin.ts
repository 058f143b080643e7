import type { RuntimeInfo } from '../../records/catalogue.ts';
import { catalogue } from '../catalogue.ts';
import type { ObservedSide } from './side.ts';

/** The runtime that evaluates a side in float64: its own where that can, else one of the same format that can. */
export function twinOf(deployed: RuntimeInfo, { model }: Pick<ObservedSide, 'model'>): RuntimeInfo | null {
  if (deployed.variants?.includes('float64') === true) return deployed;
  const { format } = model.ref;
  return (
    catalogue().runtimes.find((r) => r.formats.includes(format) && r.variants?.includes('float64') === true) ?? null
  );
}
