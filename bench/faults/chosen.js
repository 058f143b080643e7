// Some of the faulty pairs: by class, by base, or a seeded sample.
import { createHash } from 'node:crypto';

const drawn = (seed, id) => createHash('sha256').update(`${seed} ${id}`).digest('hex');

/** Names that no pair has are an error: a slip of the pen must not measure nothing. */
function among(pairs, key, asked) {
  if (asked === undefined) return pairs;
  const names = asked.split(',');
  const unknown = names.find((name) => pairs.every((pair) => pair[key] !== name));
  if (unknown !== undefined) throw new Error(`no faulty pair has the ${key} \`${unknown}\``);
  return pairs.filter((pair) => names.includes(pair[key]));
}

/** `sample`: `N` or `N/seed`. The order stays that of the benchmark. */
export function chosen(all, { class: classes, base, sample }) {
  const faulty = all.filter(({ kind }) => kind === 'faulty');
  const pairs = among(among(faulty, 'class', classes), 'base', base);
  if (sample === undefined) return pairs;
  const [size, seed = '0'] = sample.split('/');
  if (!/^[1-9]\d*$/.test(size)) throw new Error(`--sample ${sample} is not N or N/seed`);
  const first = [...pairs].sort((a, b) => (drawn(seed, a.id) < drawn(seed, b.id) ? -1 : 1)).slice(0, Number(size));
  const ids = new Set(first.map(({ id }) => id));
  return pairs.filter(({ id }) => ids.has(id));
}
