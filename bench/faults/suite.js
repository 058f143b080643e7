// Pairs as a suite of onpar: a case for each reference model, a conversion for each candidate.

/** What a user of the model knows and would write down: legal ranges where they matter, sizes of dynamic dimensions. */
function inputsOf({ inputs, source }) {
  // Code and pickles do not say what they take.
  if (source !== undefined && inputs.length > 0)
    return Object.fromEntries(
      inputs.map(({ name, dtype, shape, range }) => [name, { dtype, shape, ...(range ? { range } : {}) }]),
    );
  const told = inputs.filter(({ hint, range }) => hint && range !== null);
  return Object.fromEntries(told.map(({ name, range }) => [name, { range }]));
}

/** The name of a pair's conversion; with its case it is the pair's id. */
export const nameOf = (pair) => pair.id.slice(pair.base.length + 2);

/**
 * An artifact, or an export by onpar itself. A lower precision is declared by its preset; a calibrated candidate brings the
 * data that it was calibrated with, and is judged on them.
 */
function conversion(pair) {
  return {
    ...(pair.convert ?? { artifact: pair.candidate }),
    name: nameOf(pair),
    run: [pair.runtime ?? 'onnxruntime-node'],
    ...(pair.precision === 'float32' ? {} : { tolerance: pair.precision }),
    ...(pair.samples === undefined ? {} : { samples: pair.samples }),
  };
}

const unlessEmpty = (key, value) => (Object.keys(value ?? {}).length > 0 ? { [key]: value } : {});

/** One suite with every pair of these bases. */
export function suiteOf(bases, pairs) {
  const cases = {};
  for (const [name, base] of Object.entries(bases)) {
    const mine = pairs.filter((pair) => pair.base === name);
    if (mine.length === 0) continue;
    cases[name] = {
      source: base.source ?? mine[0].reference,
      ...(base.reference === undefined ? {} : { reference: { runtime: base.reference } }),
      ...(base.trust ? { trust: true } : {}),
      ...unlessEmpty('inputs', inputsOf(base)),
      dims: base.dims,
      ...(base.samples === undefined ? {} : { samples: base.samples }),
      ...unlessEmpty('ties', base.ties),
      convert: mine.map(conversion),
    };
  }
  return { python: 'managed', cases };
}
