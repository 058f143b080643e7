import type { Lab } from '../lab.ts';
import type { Notebook } from '../notebook.ts';
import type { BisectionKind, Wishes } from '../wishes.ts';
import { bisectOptions } from './options.ts';
import { bisectPrecision } from './precision.ts';
import { bisectVersions } from './versions.ts';

/** Every bisection that is wished for, in the order of the wishes; one that has nothing to choose from is told as such. */
export async function bisect(lab: Lab, notebook: Notebook, wishes: Wishes): Promise<void> {
  for (const kind of wishes.bisect) {
    const found = await one(lab, kind, wishes);
    if (found === null) notebook.note(`${kind}: there is nothing to choose from`);
    else notebook.bisections.push(found);
  }
}

function one(lab: Lab, kind: BisectionKind, { versions }: Wishes) {
  if (kind === 'runtime') return bisectOptions(lab, 'runtime-option');
  if (kind === 'exporter') return bisectOptions(lab, 'exporter-option');
  if (kind === 'versions') return bisectVersions(lab, versions);
  return lab.candidate === null ? null : bisectPrecision(lab, lab.candidate);
}
