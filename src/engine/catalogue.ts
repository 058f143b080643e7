import { OWN_RUNTIMES } from '../observe/registry.ts';
import type { Catalogue, RuntimeInfo } from '../records/catalogue.ts';
import { toolchains } from '../workers/toolchains/manifest.ts';
import { OWN_HOST } from './own-host.ts';

/** Recorded tensors stand on both sides of `onpar compare a.npy b.npy`; nothing is executed. */
const RECORDED: RuntimeInfo = {
  name: 'recorded',
  formats: ['tensors'],
  toolchain: 'none',
  options: {},
  isReference: true,
};

/** Everything that can be asked for: Node runtimes first, then what each toolchain's toolchain.json declares. */
export function catalogue(): Catalogue {
  return {
    exporters: toolchains().flatMap((t) => t.exporters),
    runtimes: [...OWN_RUNTIMES, ...toolchains().flatMap((t) => t.runtimes), OWN_HOST, RECORDED],
  };
}
