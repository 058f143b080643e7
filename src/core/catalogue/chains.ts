import { type CatalogueEntry, entry } from './entry.ts';
import { list } from './words.ts';

/** Findings on exporters behind each other, and models that feed each other. */
export const CHAINS = {
  'chain-broken-at': entry(
    'error',
    'A link of a chain of exporters is the first whose result no longer agrees with the source, or that wrote none. Look at the conversion of that link: what comes behind it only passes the fault on.',
    (_w, a) => {
      const before = Number(a.link) - 1;
      const held =
        before === 0
          ? 'it is the first'
          : Array.isArray(a.unchecked) && a.unchecked.length > 0
            ? `not checked before it: ${list(a.unchecked)}`
            : `${before === 1 ? 'the link' : before === 2 ? 'both links' : `all ${before} links`} before it held`;
      return `${a.verdict === 'error' ? 'the chain broke off' : 'parity broke'} at link ${String(a.link)} of ${String(a.of)}, ${String(a.exporter)} (${String(a.from)} → ${String(a.to)}): ${held}${a.id == null ? '' : `; see ${String(a.id)}`}`;
    },
  ),
  'chain-recovered': entry(
    'warning',
    'An earlier link of a chain did not agree with the source, and a later one does: a fault of that link’s runtime, or two faults that cancel out.',
    (_w, a) =>
      `agrees with the source, though link ${String(a.link)} of ${String(a.of)}, ${String(a.exporter)}, did not: see ${String(a.id)}`,
  ),
  'chain-link-unchecked': entry(
    'warning',
    'What a link of a chain wrote could not be judged (no runtime executes its format, it was skipped, or it is unverifiable), so a fault of it is only seen behind a later link.',
    (_w, a) =>
      `link ${String(a.link)} of ${String(a.of)}, ${String(a.exporter)} (${String(a.from)} → ${String(a.to)}), was not checked: ${String(a.because)}`,
  ),
} as const satisfies Record<string, CatalogueEntry>;
