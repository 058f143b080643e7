import { CATALOGUE, type FindingCode } from '../../src/core/finding-catalogue.ts';
import { sentence } from '../../src/core/findings.ts';
import type { Histogram, OutputComparison, SampleComparison } from '../../src/records/comparison.ts';
import type { TensorSpec } from '../../src/records/contract.ts';
import type { Finding } from '../../src/records/finding.ts';
import { type Report, type ReportCase, report as reportSchema, type Side } from '../../src/records/report.ts';
import type { Grade, Verdict } from '../../src/records/verdict.ts';

/** Deterministic noise, so that stories and screenshots never move by themselves. */
export function random(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const hex = (seed: number): string => {
  const next = random(seed);
  return Array.from({ length: 64 }, () => Math.floor(next() * 16).toString(16)).join('');
};
export const digest = (text: string): string =>
  `sha256:${hex([...text].reduce((h, c) => Math.imul(h, 31) + c.charCodeAt(0), 7))}`;

/** A finding of the catalogue. With `message` a story keeps its words when the catalogue changes its own. */
export function finding(
  code: FindingCode,
  where: string,
  args: Record<string, unknown> = {},
  message: string = sentence({ code, where, args }),
): Finding {
  return { code, severity: CATALOGUE[code].severity, where, args, message };
}

export const spec = (name: string, dtype: TensorSpec['dtype'], shape: TensorSpec['shape']): TensorSpec => ({
  name,
  dtype,
  shape,
});

export const SAMPLES: readonly (readonly [id: string, generator: string, batch: number])[] = [
  ['zeros-1', 'zeros', 1],
  ['ones-1', 'ones', 1],
  ['ramp-1', 'ramp', 1],
  ['normal-1', 'normal', 1],
  ['normal-2', 'normal', 2],
  ['uniform-3', 'uniform', 3],
  ['large-1', 'large', 1],
  ['small-1', 'small', 1],
  ['negative-2', 'negative', 2],
  ['impulse-1', 'impulse', 1],
  ['extreme-1', 'extreme', 1],
  ['batch-17', 'normal', 17],
];

/** Bins shaped like rounding noise around `peak`, log-normal, so that the histogram looks like a real one. */
export function histogramAround(peak: number, elements: number, extra: Partial<Histogram> = {}): Histogram {
  const centre = Math.log10(peak);
  const from = Math.floor((centre - 2.5) * 4) / 4;
  const counts = Array.from({ length: 14 }, (_, i) =>
    Math.round(elements * 0.16 * Math.exp(-((from + i * 0.25 - centre + 0.6) ** 2) / 0.5)),
  );
  return { from, step: 0.25, counts, zeros: Math.round(elements * 0.2), nonFinite: 0, ...extra };
}

export interface OutputInit {
  readonly name?: string;
  readonly error?: number;
  readonly scale?: number;
  readonly grade?: Grade | null;
  readonly verdict?: Verdict;
  readonly seed?: number;
  readonly more?: Partial<OutputComparison>;
}

export function output({
  name = 'logits',
  error = 2.4e-7,
  scale = 1.7,
  grade = 'equivalent',
  verdict = 'pass',
  seed = 1,
  more = {},
}: OutputInit): OutputComparison {
  const next = random(seed);
  const exact = error === 0;
  const failing = verdict === 'fail';
  const samples = SAMPLES.map(([sample], i): SampleComparison => {
    const maxAbs = exact ? 0 : i === 6 ? error : error * 10 ** (-2 * next() - 0.05);
    const bad = failing && maxAbs > 1e-5 * scale;
    return {
      sample,
      maxAbs,
      scaled: maxAbs / scale,
      mismatchFraction: bad ? 0.2 + 0.3 * next() : 0,
      floor: null,
      ratio: null,
      verdict: bad ? 'fail' : 'pass',
      grade: bad || !failing ? grade : 'equivalent',
    };
  });
  const places = [0, 1, 2, 3, 4].map((i) => {
    const reference = scale * (1 + i * 0.13);
    return { sample: 'large-1', index: [0, (i * 3 + 2) % 10], reference, candidate: reference + error * 0.97 ** i };
  });
  return {
    name,
    candidateName: name,
    pairedBy: 'name',
    referenceDtype: 'float32',
    candidateDtype: 'float32',
    verdict,
    grade,
    tolerance: { atol: 1e-5, rtol: 1.3e-6, source: 'dtype-table' },
    noiseFloor: null,
    metrics: {
      maxAbs: error,
      maxRel: exact ? 0 : error * 1.9,
      meanAbs: error / 9,
      rmse: error / 6,
      scaled: error / scale,
      cosine: exact ? 1 : Math.max(0.4, 1 - (error / scale) ** 2),
      sqnrDb: exact ? 'Infinity' : -20 * Math.log10(error / 6 / scale),
      mismatchFraction: failing ? 0.331 : 0,
      scale,
      argmaxAgreement: failing ? 0.875 : 1,
      elements: 320,
      nanMismatches: 0,
      infMismatches: 0,
      ties: 0,
    },
    histogram: exact ? { from: -8, step: 0.25, counts: [], zeros: 320, nonFinite: 0 } : histogramAround(error / 4, 320),
    worst: exact ? null : places[0]!,
    worstElements: exact ? [] : places,
    samples,
    ...more,
  };
}

const PACKAGES: Record<string, Record<string, string>> = {
  pytorch: { torch: '2.9.1', numpy: '2.3.5' },
  keras: { tensorflow: '2.20.0', keras: '3.12.0', numpy: '2.3.5' },
  sklearn: { 'scikit-learn': '1.8.0', numpy: '2.3.5' },
  onnx: { onnx: '1.20.0', onnxruntime: '1.30.0' },
};

export function side(format: string, runtime: string, more: Partial<Side> = {}): Side {
  return {
    format,
    path: `models/${format}`,
    digest: digest(format + runtime),
    exporter: null,
    exporterVersion: null,
    exporterOptions: {},
    runtime,
    runtimeVersion: '1.30.0',
    options: {},
    environment: runtime === 'onnxruntime-node' ? 'node' : `${format} (managed)`,
    packages: PACKAGES[format] ?? {},
    facts: {},
    openMilliseconds: 41.2,
    runMilliseconds: 12.6,
    peakMemoryBytes: 231_000_000,
    log: '',
    ...more,
  };
}

export interface CaseInit {
  readonly case: string;
  readonly source?: string;
  readonly to?: string;
  readonly exporter?: string;
  readonly runtime?: string;
  readonly outputs?: OutputComparison[];
  readonly more?: Partial<ReportCase>;
}

export function conversion({
  case: name,
  source = 'pytorch',
  to = 'onnx',
  exporter = 'torch-onnx',
  runtime = 'onnxruntime-node',
  outputs = [output({})],
  more = {},
}: CaseInit): ReportCase {
  const native: Record<string, string> = { pytorch: 'torch', keras: 'keras', sklearn: 'sklearn' };
  const id = `${name}/${to}@${runtime}`;
  const grades: (Grade | null)[] = ['identical', 'equivalent', 'close', 'different', 'broken'];
  const worst = outputs.map((o) => o.grade).sort((a, b) => grades.indexOf(b) - grades.indexOf(a))[0] ?? null;
  return {
    id,
    case: name,
    tags: ['demo'],
    optional: false,
    reference: side(source, native[source] ?? source, {
      path: `models/${name}.py:build`,
      runtimeVersion: '2.9.1',
      facts: { training: false },
    }),
    candidate: side(to, runtime, {
      path: `artifacts/${name}/model.${to}`,
      exporter,
      exporterVersion: '0.5.7',
      exporterOptions: to === 'onnx' ? { opset: 20, dynamo: true } : {},
      log: 'session: CPUExecutionProvider\n',
    }),
    verdict: outputs.some((o) => o.verdict === 'fail') ? 'fail' : 'pass',
    grade: worst,
    findings: [],
    contract: [
      {
        side: 'input',
        reference: spec('image', 'float32', ['batch', 1, 8, 8]),
        candidate: spec('image', 'float32', ['batch', 1, 8, 8]),
        pairedBy: 'name',
        differences: [],
      },
      ...outputs.map((o): ReportCase['contract'][number] => ({
        side: 'output',
        reference: spec(o.name, o.referenceDtype, ['batch', 10]),
        candidate: spec(o.candidateName ?? o.name, o.candidateDtype, ['batch', 10]),
        pairedBy: o.pairedBy,
        differences: [],
      })),
    ],
    outputs,
    samples: SAMPLES.map(([sample, generator, batch], i) => ({
      id: sample,
      generator,
      shape: [[batch, 1, 8, 8]],
      inputs: [{ name: 'image', dtype: 'float32', shape: [batch, 1, 8, 8] }],
      digest: digest(sample),
      seed: 7 + i,
      verdict: outputs.some((o) => o.samples[i]?.verdict === 'fail') ? 'fail' : 'pass',
    })),
    diagnoses: [],
    firstDivergence: null,
    artifact: {
      format: to,
      path: `artifacts/${name}/model.${to}`,
      digest: digest(id),
      bytes: 48_213,
      facts: to === 'onnx' ? { opset: 20, irVersion: 10, nodes: 37 } : {},
      milliseconds: 2310,
      log: `[${exporter}] exported ${name}\n`,
      precision: 'float32',
      declared: [],
    },
    reproduce: [
      { title: 'this conversion', command: `onpar run onpar.yaml --case ${id}` },
      { title: 'its worst sample', command: `onpar run onpar.yaml --case ${id} --sample large-1` },
    ],
    tensors: {
      sample: 'large-1',
      inputs: `tensors/${name}/inputs.safetensors`,
      reference: `tensors/${name}/reference.safetensors`,
      candidate: `tensors/${name}/candidate.safetensors`,
    },
    steps: { total: 5, cached: 0 },
    ...more,
  };
}

/** Totals and exit code follow from the cases as the engine would count them; the schema proves the rest. */
export function makeReport(cases: ReportCase[], more: Partial<Report['run']> = {}): Report {
  const totals = { pass: 0, fail: 0, unverifiable: 0, error: 0, skipped: 0, expectedFail: 0 };
  let exitCode = 0;
  for (const c of cases) {
    if (c.expected?.met === true && c.verdict !== 'pass') totals.expectedFail += 1;
    else {
      totals[c.verdict] += 1;
      if (c.verdict !== 'pass' && !(c.verdict === 'skipped' && c.optional)) exitCode = 1;
    }
  }
  return reportSchema.parse({
    schemaVersion: 1,
    tool: { name: 'onpar', version: '0.1.0' },
    run: {
      id: '20261120-140212-7c1e',
      title: 'onpar.yaml',
      startedAt: '2026-11-20T14:02:12.000Z',
      durationMs: 38_400,
      exitCode,
      seed: 7,
      plan: digest('plan'),
      shard: null,
      partial: false,
      findings: [],
      ...more,
    },
    environment: {
      os: 'Linux 6.8.0',
      arch: 'x64',
      cpu: 'AMD EPYC 7763 64-Core Processor',
      cores: 4,
      memoryBytes: 16_777_216_000,
      node: 'v22.21.1',
      toolchains: {
        pytorch: {
          python: '3.12.12',
          packages: { torch: '2.9.1+cpu', onnx: '1.20.0', onnxscript: '0.5.7', numpy: '2.3.5' },
        },
        tensorflow: { python: '3.12.12', packages: { tensorflow: '2.20.0', keras: '3.12.0', numpy: '2.3.5' } },
        sklearn: { python: '3.12.12', packages: { 'scikit-learn': '1.8.0', skl2onnx: '1.20.0', numpy: '2.3.5' } },
      },
    },
    totals,
    cases,
  });
}
