// The benchmark as one suite of onpar: a case for each reference model, a conversion for each pair.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a user of the model knows and would write down: legal ranges where they matter, sizes of dynamic dimensions. */
function inputsOf({ inputs, source }) {
  // Code and pickles do not say what they take.
  if (source !== undefined && inputs.length > 0)
    return Object.fromEntries(inputs.map(({ name, dtype, shape }) => [name, { dtype, shape }]));
  const told = inputs.filter(({ hint, range }) => hint && range !== null);
  return Object.fromEntries(told.map(({ name, range }) => [name, { range }]));
}

const tolerance = ({ precision }) => (precision === 'float32' ? {} : { tolerance: precision });

function conversion(pair) {
  return {
    artifact: pair.candidate,
    name: pair.id.slice(pair.base.length + 2),
    run: [pair.runtime ?? 'onnxruntime-node'],
    ...tolerance(pair),
  };
}

export function writeSuite(folder, { bases, pairs }) {
  const cases = {};
  for (const [name, base] of Object.entries(bases)) {
    const mine = pairs.filter((pair) => pair.base === name);
    if (mine.length === 0) continue;
    const inputs = inputsOf(base);
    cases[name] = {
      source: base.source ?? mine[0].reference,
      ...(base.reference === undefined ? {} : { reference: { runtime: base.reference } }),
      ...(base.trust ? { trust: true } : {}),
      ...(Object.keys(inputs).length > 0 ? { inputs } : {}),
      dims: base.dims,
      ...(Object.keys(base.ties ?? {}).length > 0 ? { ties: base.ties } : {}),
      convert: mine.map(conversion),
    };
  }
  const file = join(folder, 'onpar.json');
  writeFileSync(file, `${JSON.stringify({ python: 'managed', cases }, null, 1)}\n`);
  return file;
}
