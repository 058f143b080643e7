import { OnparError } from '../core/errors.ts';
import { allowedValues } from '../core/nearest.ts';
import type { Conversion } from './conversion.ts';

/** Which conversions of a suite to run; everything when nothing is set. */
export interface Selection {
  /** Globs over case ids and conversion ids. */
  readonly cases?: readonly string[];
  readonly tags?: readonly string[];
  readonly shard?: { readonly index: number; readonly count: number };
}

/** `*` matches anything but `/`, `**` anything; a pattern without `/` also matches the case alone. */
export function globMatches(pattern: string, id: string): boolean {
  const source = pattern
    .split(/(\*\*|\*|\?)/)
    .map((part) =>
      part === '**'
        ? '.*'
        : part === '*'
          ? '[^/]*'
          : part === '?'
            ? '[^/]'
            : part.replaceAll(/[\\^$.|+()[\]{}]/g, '\\$&'),
    )
    .join('');
  const regex = new RegExp(`^${source}$`);
  return regex.test(id) || (!pattern.includes('/') && regex.test(id.split('/')[0] ?? ''));
}

/** Applies globs, tags and the shard, in suite order. Throws when a pattern selects nothing. */
export function select(all: readonly Conversion[], { cases = [], tags = [], shard }: Selection): Conversion[] {
  for (const pattern of cases) {
    if (!all.some((c) => globMatches(pattern, c.id))) {
      throw new OnparError({
        code: 'no-such-case',
        message: `--case \`${pattern}\` matches no conversion`,
        fix: allowedValues(
          pattern,
          all.map((c) => c.id),
        ),
      });
    }
  }
  const known = [...new Set(all.flatMap((c) => c.tags))];
  for (const tag of tags) {
    if (!known.includes(tag))
      throw new OnparError({
        code: 'no-such-tag',
        message: `--tag \`${tag}\` matches no conversion`,
        fix: known.length === 0 ? 'the suite has no `tags:`' : allowedValues(tag, known),
      });
  }
  const chosen = all
    .filter((c) => cases.length === 0 || cases.some((pattern) => globMatches(pattern, c.id)))
    .filter((c) => tags.length === 0 || tags.some((tag) => c.tags.includes(tag)));
  // A chain without its earlier links could not tell which of them broke.
  const links = new Set(chosen.flatMap((c) => c.chain?.earlier.map(({ id }) => id) ?? []));
  const whole = all.filter((c) => chosen.includes(c) || links.has(c.id));
  if (shard === undefined) return whole;
  // Whole cases stay together, so that a reference is run in one shard only.
  const ids = [...new Set(whole.map((c) => c.case.id))];
  return whole.filter((c) => ids.indexOf(c.case.id) % shard.count === shard.index - 1);
}
