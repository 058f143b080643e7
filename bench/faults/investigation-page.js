// docs/investigation-benchmark.md: what investigations found, against the labels, with every miss by name.
const percent = (part, whole) => (whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`);
const count = (rows, key, value) => rows.filter((row) => row[key] === value).length;

/** What the goals are stated for, counted over some rows. */
function measures(rows) {
  const asked = rows.filter(({ investigated }) => investigated);
  const placed = asked.filter(({ location }) => location !== null);
  const exact = count(placed, 'location', 'exact');
  return {
    pairs: rows.length,
    asked: asked.length,
    placed: placed.length,
    exact,
    within: exact + count(placed, 'location', 'near'),
    unplaced: count(placed, 'location', 'none'),
    right: count(asked, 'diagnosis', 'right'),
    wrong: count(asked, 'diagnosis', 'wrong'),
    unknown: count(asked, 'diagnosis', 'unknown'),
    mended: count(asked, 'mended', true),
  };
}

const HEAD = [
  '| | pairs | looked into | node exact | within one node | no node | cause right | wrong | unknown | mended |',
  '| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |',
];

function line(title, rows) {
  const m = measures(rows);
  const of = (part, whole) => `${part} (${percent(part, whole)})`;
  const places = [of(m.exact, m.placed), of(m.within, m.placed), of(m.unplaced, m.placed)];
  const causes = [of(m.right, m.asked), of(m.wrong, m.asked), of(m.unknown, m.asked), of(m.mended, m.asked)];
  return `| ${[title, m.pairs, m.asked, ...places, ...causes].join(' | ')} |`;
}

function summary(rows) {
  const frameworks = [...new Set(rows.map(({ framework }) => framework))];
  const by = frameworks.map((name) =>
    line(
      name,
      rows.filter(({ framework }) => framework === name),
    ),
  );
  return [...HEAD, line('all', rows), ...by];
}

/** The value below which a share of the sorted numbers lies (nearest rank). */
const quantile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];

function times(rows) {
  const sorted = rows
    .flatMap(({ milliseconds }) => (milliseconds === null || milliseconds === undefined ? [] : [milliseconds / 1000]))
    .sort((a, b) => a - b);
  if (sorted.length === 0) return 'No investigation told its time.';
  const [median, p95] = [quantile(sorted, 0.5), quantile(sorted, 0.95)];
  return `Time for one pair: median ${median.toFixed(2)} s, 95 % within ${p95.toFixed(2)} s, at most ${sorted.at(-1).toFixed(2)} s (${sorted.length} investigations).`;
}

const tally = (values) =>
  [...new Set(values)]
    .map((value) => [value, values.filter((other) => other === value).length])
    .sort((a, b) => b[1] - a[1])
    .map(([value, times]) => `${value} ${times}`)
    .join(', ');

/** Label -> what was given instead of it. */
function confusion(rows) {
  const asked = rows.filter(({ investigated }) => investigated);
  const codes = [...new Set(asked.map(({ label }) => label[0]))].sort();
  const lines = codes.map((code) => {
    const mine = asked.filter(({ label }) => label[0] === code);
    const wrong = mine.filter(({ diagnosis }) => diagnosis === 'wrong').map(({ given }) => given);
    const counts = [mine.length, count(mine, 'diagnosis', 'right'), count(mine, 'diagnosis', 'unknown')];
    return `| ${code} | ${counts.join(' | ')} | ${tally(wrong)} |`;
  });
  return ['| label | pairs | right | unknown | given instead |', '| --- | --: | --: | --: | --- |', ...lines];
}

function missed(rows) {
  const lines = rows
    .filter((row) => row.investigated && (row.diagnosis !== 'right' || (row.location ?? 'exact') !== 'exact'))
    .map((row) => {
      const place = row.apart === null ? `${row.location}: ${row.node ?? ''}` : '';
      const wanted = row.apart ?? row.at.slice(0, 6).join(', ');
      const given = row.given === null ? row.status : `${row.given} ${row.confidence?.toFixed(2) ?? ''}`;
      return `| ${[row.id, row.label.join(', '), `${row.diagnosis}: ${given}`, wanted, place].join(' | ')} |`;
    });
  if (lines.length === 0) return ['None.'];
  return [
    '| pair | label | given | where it was made | where it was seen |',
    '| --- | --- | --- | --- | --- |',
    ...lines,
  ];
}

/** Why some were not looked into to the end. */
const incomplete = (rows) =>
  tally(
    rows
      .filter(({ investigated, status }) => investigated && status !== 'complete')
      .map(({ status, reason }) => (reason === null ? status : `${status} (${reason})`.replaceAll('|', '/'))),
  );

const middle = (values) =>
  values.length === 0
    ? NaN
    : quantile(
        [...values].sort((a, b) => a - b),
        0.5,
      );

/** Nodes of the candidate that were edited, or that stand in for an edited one: the reference has none of that name. */
const hits = (nodes, { at }) => (nodes ?? []).filter((name) => at.includes(name) || name.startsWith('x_'));

/** Polygraphy's `debug reduce` beside onpar on the same pairs, as Markdown. */
export function reductions(rows, answers) {
  const mine = rows.filter(({ id }) => answers[id] !== undefined);
  const among = mine.filter((row) => hits(answers[row.id].nodes, row).length > 0);
  const found = among.filter(({ id }) => answers[id].nodes.length === 1).length;
  const theirs = mine.map(({ id }) => answers[id]);
  const sizes = theirs.flatMap(({ nodes }) => (nodes === null ? [] : [nodes.length]));
  const exact = count(mine, 'location', 'exact');
  const own = mine.flatMap(({ milliseconds }) => (milliseconds === null ? [] : [milliseconds / 1000]));
  return [
    '## Beside Polygraphy’s `debug reduce`',
    '',
    `${mine.length} pairs, drawn by a seed: ONNX, float32 as declared, one place. Polygraphy gets the command that a user would have to write (every tensor against the reference’s of that name, on a sample that is legal) and bisects; right is a node that was edited, or that the edit put in. It relies on names that both sides share, names no cause, and cannot look into other frameworks. Tools of the \`onnx\` package cut out what they are told to (\`extract_model\`) and search nothing.`,
    '',
    '| | the right node alone | among those left | nodes left, median | time for one pair, median |',
    '| --- | --: | --: | --: | --: |',
    `| onpar | ${exact}/${mine.length} | – | – | ${middle(own).toFixed(1)} s |`,
    `| Polygraphy | ${found}/${mine.length} | ${among.length}/${mine.length} | ${middle(sizes)} | ${middle(theirs.map(({ seconds }) => seconds)).toFixed(1)} s |`,
    '',
  ];
}

/** The page, as Markdown. */
export function investigationPage(rows, peers) {
  const passed = rows.filter(({ investigated }) => !investigated);
  const apart = tally(rows.flatMap((row) => (row.investigated && row.apart !== null ? [row.apart] : [])));
  return [
    '<!-- Generated by `npm run bench:faults -- --investigate --write`; change the scripts under fixtures/faults/ instead. -->',
    '',
    '# The investigation benchmark',
    '',
    `What \`--investigate\` says about the faulty pairs of the [fault benchmark](fault-benchmark.md): where each goes wrong first, why, and whether the mended copy passes. The right answers stand in \`fixtures/faults/diagnoses.json\` and follow from both graphs (\`fixtures/faults/places.py\`); they were written down before the rules that look for them. ${rows.length} pairs; onpar passes ${passed.length} of them, so that nothing was looked into. Without a node of their own: ${apart || 'none'}.`,
    '',
    ...summary(rows),
    '',
    `The best diagnosis counts, by its code; \`unknown\` and no diagnosis are neither right nor wrong. ${times(rows)} Not complete: ${incomplete(rows) || 'none'}.`,
    '',
    '## Label and diagnosis',
    '',
    ...confusion(rows),
    '',
    ...peers,
    '## Every miss',
    '',
    ...missed(rows),
    '',
    '## Passed by onpar',
    '',
    ...(passed.length === 0 ? ['None.'] : passed.map(({ id }) => `- ${id}`)),
    '',
  ].join('\n');
}

/** What the terminal shows. */
export function investigationBrief(rows) {
  return [
    ...summary(rows),
    '',
    times(rows),
    `not complete: ${incomplete(rows) || 'none'}`,
    '',
    ...confusion(rows),
    '',
    ...missed(rows),
  ].join('\n');
}
