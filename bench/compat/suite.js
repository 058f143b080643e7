// The zoo as suites of onpar: one conversion for each exporter, mode and runtime that fit a model's format.
import { CALIBRATED, CHAINS, MODES, RUNTIME_OPTIONS, SAMPLES, VERSIONS, WHOLE } from './zoo.js';

/**
 * Runtimes of a format: all of them for the plain mode of the first models; otherwise one by turns, and the first one too for
 * further modes and for every second model that becomes ONNX.
 */
function runtimesOf(catalogue, format, index, mode = 0) {
  const fitting = catalogue.runtimes.filter(({ formats }) => formats.includes(format)).map(({ name }) => name);
  if (index < WHOLE && mode === 0) return fitting;
  const [first, ...others] = fitting;
  const turn = Math.floor(index / 2) + mode;
  if (mode > 0 || (format === 'onnx' && index % 2 === 0)) return [first, others[turn % others.length]].filter(Boolean);
  return [fitting[index % fitting.length]];
}

/** A model in its own framework is asked as its reference is. */
function runOf(runtime, own) {
  const options = { ...own, ...RUNTIME_OPTIONS[runtime] };
  return Object.keys(options).length === 0 ? { runtime } : { runtime, options };
}

function conversionsOf(catalogue, model, index) {
  const conversions = [];
  const add = (exporter, mode, to, runtimes) => {
    const name = [exporter ?? 'same', mode.name].filter(Boolean).join('-');
    const options = { ...mode.options, ...(mode.calibrated ? { calibration: model.data } : {}) };
    conversions.push({
      exporter,
      mode: mode.name ?? null,
      to,
      runtimes,
      setting: {
        to: exporter === null ? 'same' : to,
        name,
        ...(exporter === null ? {} : { exporter }),
        ...(Object.keys(options).length > 0 ? { options } : {}),
        run: runtimes.map((each) => runOf(each, exporter === null ? model.case.reference?.options : {})),
        ...(mode.lower ? { tolerance: mode.lower } : {}),
        ...(mode.calibrated ? { samples: model.data, tolerance: CALIBRATED } : {}),
        optional: true,
      },
    });
  };
  const many = catalogue.runtimes.filter(({ formats }) => formats.includes(model.format)).length > 1;
  if (!model.fixed && (index < WHOLE || many))
    add(null, {}, model.format, runtimesOf(catalogue, model.format, model.whole ? 0 : index));
  for (const { name, from, to, isDefault } of catalogue.exporters.filter((each) => each.from.includes(model.format))) {
    // A second exporter to a format that has one: every fourth of the other models.
    if (!isDefault && index >= WHOLE && index % 4 !== 0) continue;
    for (const [number, mode] of (MODES[name] ?? [{}]).entries()) {
      if ((mode.fixed ?? false) !== (model.fixed ?? false)) continue;
      if (mode.calibrated && model.data === undefined) continue;
      if (mode.images && model.case.inputs.x.shape.length !== 4) continue;
      if (model.fixed) {
        add(name, mode, to, runtimesOf(catalogue, to, 0));
        continue;
      }
      if (number > 0 && index >= WHOLE) break;
      if ((mode.only ?? model.format) !== model.format) continue;
      // From ONNX to ONNX nothing but the first models: fifty graphs would tell the same.
      if (from.includes(to) && index >= WHOLE) break;
      add(name, mode, to, runtimesOf(catalogue, to, index, number));
    }
  }
  return conversions;
}

/** What stands beside the matrix: chains of exporters, and the same model in other versions of its runtimes. */
function extrasOf(id) {
  return [
    ...(CHAINS[id] ?? []).map(({ chain, to, runtime }) => ({
      exporter: 'chain',
      mode: chain.join('-'),
      to,
      runtimes: [runtime],
      extra: chain.map((each) => `\`${each}\``).join(' → '),
      setting: { chain, name: `chain-${chain.join('-')}`, run: [runOf(runtime)], optional: true },
    })),
    ...(VERSIONS[id] ?? []).map((runtime) => ({
      exporter: null,
      mode: runtime,
      to: 'same',
      runtimes: [runtime],
      extra: 'the same model',
      setting: { to: 'same', name: `version-${runtime.replace('@', '-')}`, run: [runOf(runtime)], optional: true },
    })),
  ];
}

/** `{suite, planned}`: the suite's text, and what each id stands for. */
export function suiteOf(catalogue, models) {
  const counts = new Map();
  const planned = [];
  const cases = {};
  for (const [id, model] of Object.entries(models)) {
    const index = counts.get(model.format) ?? 0;
    counts.set(model.format, index + 1);
    const conversions = [...conversionsOf(catalogue, model, index), ...extrasOf(id)];
    const reference = RUNTIME_OPTIONS[model.format] ? { reference: { options: RUNTIME_OPTIONS[model.format] } } : {};
    cases[id] = {
      samples: SAMPLES,
      ...reference,
      ...model.case,
      convert: conversions.map(({ setting }) => setting),
    };
    for (const { exporter, mode, to, runtimes, setting, extra } of conversions)
      for (const runtime of runtimes)
        planned.push({
          // A version stands in the id behind a dash.
          id: `${id}/${setting.name}@${runtime.replace('@', '-')}`,
          model: id,
          format: model.format,
          exporter,
          mode,
          to,
          runtime,
          setting: setting.name,
          ...(extra ? { extra } : {}),
        });
  }
  return { suite: { python: 'managed', cases }, planned };
}
