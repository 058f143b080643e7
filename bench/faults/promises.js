// What the benchmark has to hold to mean anything, counted anew in every whole run.

/** `[what, counted, least]`; a healthy pair that is bit-identical or that no habit alarms tests little. */
export function promises({ rows, bases }) {
  const faulty = rows.filter(({ kind }) => kind === 'faulty');
  const healthy = rows.filter(({ kind }) => kind === 'healthy');
  const used = new Set(rows.map(({ base }) => base));
  const depths = [...used].map((name) => bases[name].layers ?? 0);
  return [
    ['faulty pairs', faulty.length, 200],
    ['classes of faults', new Set(faulty.map((row) => row.class)).size, 50],
    ['healthy pairs', healthy.length, 200],
    ['base models', used.size, 15],
    ['layers of the deepest', Math.max(...depths), 50],
    ['healthy pairs that are not bit-identical', healthy.filter(({ identical }) => identical === false).length, 100],
    ['healthy pairs that make np.allclose alarm', healthy.filter(({ allclose }) => allclose === true).length, 40],
  ];
}

/** Those that are not kept, as sentences. */
export const broken = (all) =>
  all
    .filter(([, counted, least]) => counted < least)
    .map(([what, counted, least]) => `${what}: ${counted}, not ${least}`);
