// What onpar's investigation answers to faulty pairs, held against their labels.
import { existsSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { judge, portions, report } from './judges.js';
import { localised } from './localised.js';

/** A wrong cause is worse than none: `unknown` is no diagnosis. */
function diagnosed(given, codes) {
  if (given === null || given === 'unknown') return 'unknown';
  return codes.includes(given) ? 'right' : 'wrong';
}

/** One row of the result. `investigated` false: onpar passes the pair, so that there was nothing to look into. */
function row(pair, label, c) {
  const { id, framework, base } = pair;
  const named = { id, framework, base, class: pair.class, verdict: c?.verdict ?? 'absent' };
  if (c?.verdict === 'pass') return { ...named, investigated: false };
  // A case that no report knows counts as one that nothing was found out about.
  const { investigation = null, firstDivergence = null, diagnoses = [] } = c ?? {};
  const first = investigation?.divergences?.[0]?.reference ?? firstDivergence;
  const given = diagnoses[0]?.code ?? null;
  return {
    ...named,
    investigated: true,
    status: investigation?.status ?? 'absent',
    reason: investigation?.reason ?? null,
    label: label.codes,
    given,
    diagnosis: diagnosed(given, label.codes),
    confidence: diagnoses[0]?.confidence ?? null,
    apart: label.apart,
    at: label.place.at,
    node: first?.node ?? null,
    location: label.apart === null ? localised(first, label.place, investigation?.nodes ?? []) : null,
    milliseconds: investigation?.milliseconds ?? null,
    experiments: investigation?.experiments ?? null,
    repair: investigation?.files?.find(({ kind }) => kind === 'repair')?.path ?? null,
  };
}

/** Mended copies are judged like any candidate: `mended` true where onpar passes them. */
function verified({ place, bases, pairs }, rows, name) {
  const copies = rows.flatMap(({ id, repair }) =>
    repair ? [{ ...pairs.find((pair) => pair.id === id), candidate: repair, convert: undefined }] : [],
  );
  if (copies.length === 0) return rows;
  const passed = new Map(judge(place, bases, copies, name));
  return rows.map((each) => (each.repair ? { ...each, mended: !passed.get(each.id).alarm } : each));
}

/**
 * Rows of these pairs, in the benchmark's order. Several processes may share the benchmark's folder and its store; `keep`
 * leaves the runs' folders where they are. `known`: pair id -> its label (labels.js).
 */
export async function investigated(benchmark, { known, keep, say }) {
  const { place, bases, pairs } = benchmark;
  const mine = `investigate-${process.pid}`;
  const made = [];
  const started = Date.now();
  let rows = [];
  try {
    for (const [index, portion] of portions(bases, pairs).entries()) {
      const { suite, out, cases } = report(place, bases, portion, `${mine}-${index + 1}`, ['--investigate']);
      made.push(suite, out);
      for (const pair of portion) {
        const each = row(pair, known.get(pair.id), cases.get(pair.id));
        // Of the run's folder, seen from the benchmark's: suites name what lies below them.
        rows.push(each.repair ? { ...each, repair: relative(place, join(out, each.repair)) } : each);
      }
      say(`investigated ${rows.length} of ${pairs.length} pairs, ${((Date.now() - started) / 1000).toFixed(0)} s`);
    }
    made.push(join(place, `${mine}-mended.json`), join(place, 'runs', `${mine}-mended`));
    rows = verified(benchmark, rows, `${mine}-mended`);
  } finally {
    if (keep) say(`kept ${made.filter((path) => existsSync(path) && !path.endsWith('.json')).join(', ')}`);
    else for (const path of made) rmSync(path, { recursive: true, force: true });
  }
  return rows;
}
