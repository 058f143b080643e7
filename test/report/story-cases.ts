import type { GateResult, OutputComparison, Rounding } from '../../src/records/comparison.ts';
import type { Divergence } from '../../src/records/investigation.ts';
import type { ReportCase } from '../../src/records/report.ts';
import { conversion, digest, finding, histogramAround, output, side, spec } from './build.ts';

const int64Labels = (): ReturnType<typeof output> =>
  output({
    name: 'label',
    error: 0,
    grade: 'identical',
    more: { referenceDtype: 'int64', candidateDtype: 'int64', tolerance: { atol: 0, rtol: 0, source: 'exact' } },
  });

/** 14 conversions as in the demo: three sources, three targets, everything holds. */
export function demoCases(): ReportCase[] {
  const torch = (name: string, error: number, seed: number): ReportCase[] => [
    conversion({ case: name, outputs: [output({ error, seed })] }),
    conversion({ case: name, runtime: 'onnxruntime', outputs: [output({ error: error * 1.1, seed: seed + 1 })] }),
    conversion({
      case: name,
      to: 'torchscript',
      exporter: 'torch-jit',
      runtime: 'torch',
      outputs: [output({ error: 0, grade: 'identical' })],
    }),
  ];
  const keras = (name: string, error: number, seed: number): ReportCase[] => [
    conversion({
      case: name,
      source: 'keras',
      exporter: 'keras-onnx',
      outputs: [output({ error, seed, name: 'dense_2' })],
    }),
    conversion({
      case: name,
      source: 'keras',
      to: 'tflite',
      exporter: 'tflite',
      runtime: 'litert',
      outputs: [output({ error: error * 0.8, seed: seed + 1, name: 'dense_2' })],
    }),
  ];
  return [
    ...torch('digits', 2.38e-7, 11),
    ...torch('text-encoder', 1.9e-6, 21),
    conversion({
      case: 'segmenter',
      outputs: [
        output({ name: 'mask', error: 4.8e-6, seed: 31 }),
        output({ name: 'score', error: 6e-8, scale: 0.4, seed: 32 }),
      ],
    }),
    ...keras('mnist-keras', 1.2e-7, 41),
    ...keras('keras-lstm', 8.9e-7, 51),
    conversion({
      case: 'iris-forest',
      source: 'sklearn',
      exporter: 'skl2onnx',
      outputs: [int64Labels(), output({ name: 'probabilities', error: 5.9e-8, scale: 0.31, seed: 61 })],
    }),
    conversion({
      case: 'iris-logreg',
      source: 'sklearn',
      exporter: 'skl2onnx',
      outputs: [int64Labels(), output({ name: 'probabilities', error: 1.2e-7, scale: 0.4, seed: 62 })],
    }),
    conversion({
      case: 'house-prices',
      source: 'sklearn',
      exporter: 'skl2onnx',
      outputs: [output({ name: 'variable', error: 0.0156, scale: 214_000, seed: 63 })],
    }),
  ];
}

/** A place where two models part, with the line it was written in. */
const divergence = (node: string, opType: string, tensor: string, line: number, text: string): Divergence => ({
  reference: { tensor, node, opType, module: ['bn1'], source: { file: 'model.py', line, text } },
  candidate: { tensor, node, opType },
  region: { reference: [node], candidate: [node] },
  local: 6.1e-4,
  accumulated: 6.1e-4,
  explained: 0.93,
  sample: 'normal',
  precision: 'float64',
});

/** A 0.04 % error: loads, runs, looks right, is not rounding. */
export const subtle = (): ReportCase =>
  conversion({
    case: 'normaliser',
    outputs: [
      output({ name: 'features', error: 6.9e-4, grade: 'close', verdict: 'fail', seed: 71 }),
      output({ name: 'pooled', error: 1.1e-7, seed: 72 }),
    ],
    more: {
      findings: [
        finding(
          'values-close',
          'output features',
          {
            scaled: '4.06e-4',
            accept: 'tolerance: { features: { relative: 0.1% } }',
          },
          'output features: 4.06e-4 of the output’s scale is more than rounding. To accept it, write `tolerance: { features: { relative: 0.1% } }`',
        ),
        finding('opset-changed', 'exporter', { asked: 21, written: 20 }, 'asked for opset 21, the exporter wrote 20'),
        finding('range-assumed', 'input image', { low: 0, high: 16 }),
      ],
      diagnoses: [
        {
          code: 'epsilon-differs',
          confidence: 0.93,
          where: 'BatchNormalization bn1',
          message: 'BatchNormalization bn1 has another epsilon (0.00001 in the reference, 0.001 in the candidate)',
          title: 'another epsilon',
          next: 'Pass the epsilon explicitly in the source; defaults differ between frameworks.',
          evidence: { experiment: 'with the epsilon of the reference', before: 6.9e-4, after: 2.4e-7 },
        },
      ],
      investigation: {
        status: 'partial',
        reason: 'the time for the investigation is spent (30 s); `onpar investigate` takes more with --budget',
        milliseconds: 30_000,
        experiments: 41,
        samples: ['normal'],
        alignment: { referenceTensors: 16, candidateTensors: 15, matched: { output: 2, metadata: 12 }, reason: null },
        divergences: [
          divergence(
            '/bn1/BatchNormalization',
            'BatchNormalization',
            'bn1',
            31,
            'self.bn1 = nn.BatchNorm2d(8, eps=1e-5)',
          ),
          divergence('/head/Gemm', 'Gemm', 'features', 44, 'return self.head(x)'),
        ],
        nodes: Array.from({ length: 16 }, (_, i) => ({
          node:
            i === 5
              ? '/bn1/BatchNormalization'
              : i === 13
                ? '/head/Gemm'
                : `/layer${i}/Conv_with_a_name_that_is_long_${i}`,
          opType: i === 5 ? 'BatchNormalization' : i === 13 ? 'Gemm' : 'Conv',
          tensor: `t${i}`,
          match: null,
          local: i === 5 ? 6.1e-4 : i === 13 ? 'NaN' : i % 3 === 0 ? null : 0,
          accumulated: i < 5 ? 0 : i < 13 ? 6.1e-4 / (i - 4) : 2.2e-3,
        })),
        bisections: [
          {
            over: 'runtime-option',
            trials: [{ choice: 'graphOptimizationLevel=disabled', verdict: 'differs', error: 6.9e-4 }],
            culprit: null,
            complete: true,
          },
        ],
        files: [
          {
            kind: 'repair',
            path: 'artifacts/normaliser/onnx/repair/model.onnx',
            about: 'passes with BatchNormalization bn1 (epsilon-differs) mended',
            changes: ['@@ node bn1', '- epsilon = 0.001', '+ epsilon = 0.00001'],
          },
        ],
        notes: ['values are compared as deployed: not both sides can be evaluated in float64'],
      },
      firstDivergence: {
        tensor: 'bn1',
        node: '/bn1/BatchNormalization',
        opType: 'BatchNormalization',
        source: 'model.py:31',
      },
    },
  });

export const broken = (): ReportCase =>
  conversion({
    case: 'digits',
    source: 'keras',
    to: 'tflite',
    exporter: 'tflite',
    runtime: 'litert',
    outputs: [
      output({
        error: 8.31,
        grade: 'broken',
        verdict: 'fail',
        seed: 81,
        more: {
          candidateName: 'StatefulPartitionedCall:0',
          pairedBy: 'position',
          tolerance: { atol: 1e-5, rtol: 1.3e-6, source: 'dtype-table' },
        },
      }),
    ],
    more: {
      id: 'digits/tflite-int8@litert',
      reproduce: [{ title: 'this conversion', command: 'onpar run onpar.yaml --case digits/tflite-int8@litert' }],
      artifact: {
        format: 'tflite',
        path: 'artifacts/digits/model.tflite',
        digest: digest('int8'),
        bytes: 13_104,
        facts: { schema: 3 },
        milliseconds: 5120,
        log: 'W0000 calibration ran with 8 batches\n',
        precision: 'int8',
        declared: [{ side: 'input', name: 'image', dtype: 'int8', reason: 'full integer quantisation' }],
      },
      findings: [
        finding(
          'values-differ',
          'output logits',
          {
            percent: '33.1 %',
            maxAbs: '8.31',
            sample: 'large-1',
            index: [0, 2],
            candidate: '10',
            reference: '1.7',
          },
          'output logits: 33.1 % of the elements lie outside the tolerance; the worst in sample large-1 at [0, 2]: candidate 10, reference 1.7',
        ),
        finding(
          'dim-frozen',
          'input image',
          { axis: 0, reference: 'batch', candidate: 1 },
          'input image: dimension 0 (batch) is frozen to 1 in the candidate',
        ),
        finding('dtype-declared', 'input image', {
          reference: 'float32',
          candidate: 'int8',
          reason: 'full integer quantisation',
        }),
      ],
      contract: [
        {
          side: 'input',
          reference: spec('image', 'float32', ['batch', 1, 8, 8]),
          candidate: {
            ...spec('serving_default_image:0', 'int8', [1, 1, 8, 8]),
            quantization: { scales: [0.00392], zeroPoints: [-128] },
          },
          pairedBy: 'declared',
          differences: ['dtype', 'shape'],
        },
        {
          side: 'output',
          reference: spec('logits', 'float32', ['batch', 10]),
          candidate: spec('StatefulPartitionedCall:0', 'float32', [1, 10]),
          pairedBy: 'position',
          differences: ['shape'],
        },
        {
          side: 'output',
          reference: spec('hidden', 'float32', ['batch', 64]),
          candidate: null,
          pairedBy: 'none',
          differences: ['missing'],
        },
      ],
      diagnoses: [
        {
          code: 'saturation',
          confidence: 0.97,
          where: 'dense_1',
          message:
            'the first Dense saturates (63 % of values at +127): calibrated on 0…1, fed 0…16. If the input is divided by 16: error 8.31 → 0.04',
          evidence: { saturated: 0.63 },
        },
      ],
      firstDivergence: { tensor: 'dense_1/BiasAdd', node: 'dense_1', opType: 'FULLY_CONNECTED', source: 'model.py:31' },
    },
  });

const withBadSample = (c: ReportCase, id: string): ReportCase => ({
  ...c,
  samples: c.samples.map((s) => (s.id === id ? { ...s, verdict: 'fail' } : s)),
  outputs: c.outputs.map((o) => ({
    ...o,
    samples: o.samples.map((s) =>
      s.sample === id
        ? { ...s, maxAbs: 'NaN', scaled: 'NaN', verdict: 'fail', grade: 'broken' }
        : { ...s, verdict: 'pass', grade: 'equivalent' },
    ),
  })),
});

export const notFinite = (): ReportCase =>
  withBadSample(
    conversion({
      case: 'log-softmax',
      outputs: [
        output({
          name: 'log_probs',
          error: 3.1e-7,
          grade: 'broken',
          verdict: 'fail',
          more: {
            metrics: {
              maxAbs: 'NaN',
              maxRel: 'Infinity',
              meanAbs: 'NaN',
              rmse: 'NaN',
              scaled: 'NaN',
              cosine: null,
              sqnrDb: '-Infinity',
              mismatchFraction: 0.0125,
              scale: 3.2,
              argmaxAgreement: null,
              elements: 320,
              nanMismatches: 3,
              infMismatches: 1,
              ties: 0,
            },
            histogram: histogramAround(1e-7, 316, { nonFinite: 4 }),
            worst: { sample: 'extreme-1', index: [0, 7], reference: '-Infinity', candidate: 'NaN' },
            worstElements: [
              { sample: 'extreme-1', index: [0, 7], reference: '-Infinity', candidate: 'NaN' },
              { sample: 'extreme-1', index: [0, 3], reference: -88.722839, candidate: '-Infinity' },
              { sample: 'extreme-1', index: [0, 1], reference: 1, candidate: 1.0000001 },
            ],
          },
        }),
      ],
      more: {
        findings: [
          finding('nan-differs', 'output log_probs', { count: 3, sample: 'extreme-1' }),
          finding('inf-differs', 'output log_probs', { count: 1, sample: 'extreme-1' }),
        ],
      },
    }),
    'extreme-1',
  );

export const expectedFailure = (): ReportCase => {
  const outputs = [output({ name: 'quantile', error: 0.021, grade: 'different', verdict: 'fail', seed: 91 })];
  return conversion({
    case: 'legacy-scaler',
    source: 'sklearn',
    exporter: 'skl2onnx',
    outputs,
    more: {
      expected: { reason: 'skl2onnx casts quantiles to float32 (issue 1187)', until: '2027-03-01', met: true },
      findings: [
        finding('values-differ', 'output quantile', {
          percent: '33.1 %',
          maxAbs: '0.021',
          sample: 'large-1',
          index: [0, 2],
          candidate: '1.721',
          reference: '1.7',
        }),
      ],
    },
  });
};

const nothingRan: Pick<ReportCase, 'outputs' | 'grade' | 'tensors'> = { outputs: [], grade: null, tensors: null };

export const crashed = (): ReportCase => {
  const base = conversion({ case: 'detector', runtime: 'onnxruntime' });
  return {
    ...base,
    ...nothingRan,
    verdict: 'error',
    candidate: side('onnx', 'onnxruntime', {
      path: 'artifacts/detector/model.onnx',
      exporter: 'torch-onnx',
      exporterVersion: '0.5.7',
      log: 'Loading model\n\u001b[31mFatal\u001b[0m: NonMaxSuppression: invalid box count\nSegmentation fault (core dumped)\n',
      failure: {
        code: 'worker-crashed',
        message: 'the onnxruntime worker died of SIGSEGV while running sample extreme-1',
        fix: 'Run with --jobs 1 to rule out memory pressure; onpar investigate reduces the model to the node that crashes.',
        detail:
          'Thread 0 "python" received signal SIGSEGV\n  #0 onnxruntime::NonMaxSuppression::Compute\n  #1 onnxruntime::ExecuteKernel\n::error::this line must not become a workflow command',
      },
    }),
    findings: [
      finding('candidate-failed', 'output boxes', { sample: 'extreme-1', message: 'worker died of SIGSEGV' }),
      finding('no-sample-compared', 'candidate'),
    ],
    samples: base.samples.map((s) => ({
      ...s,
      verdict: 'error' as const,
      ...(s.id === 'extreme-1' ? { failure: { code: 'worker-crashed', message: 'SIGSEGV' } } : {}),
    })),
  };
};

export const skipped = (): ReportCase => ({
  ...conversion({ case: 'digits', runtime: 'openvino' }),
  ...nothingRan,
  id: 'digits/onnx@openvino',
  verdict: 'skipped',
  optional: true,
  artifact: null,
  samples: [],
  findings: [
    finding(
      'runtime-unavailable',
      'runtime openvino',
      { reason: 'this processor has no AVX2' },
      'runtime openvino is not available: this processor has no AVX2',
    ),
  ],
});

export const unverifiable = (): ReportCase => ({
  ...conversion({ case: 'dropout-net' }),
  outputs: [],
  grade: null,
  verdict: 'unverifiable',
  findings: [finding('reference-training', 'reference', { modules: 'dropout1, bn2' })],
});

/** Rounding as it was measured, healthy unless more is said. */
export const rounding = (more: Partial<Rounding> = {}): Rounding => ({
  instrument: 'noise-floor',
  step: 'float32',
  reach: 'weights',
  ratio: 0.82,
  limit: 8,
  function: null,
  computation: null,
  worst: { sample: 'large-1', axis: 1, index: 2 },
  unstable: 0,
  informative: 12,
  samples: 12,
  horizon: null,
  ...more,
});

/** An output with its floor and the ratios that follow from it. */
const floored = (init: Parameters<typeof output>[0], floor: number, judgement: Rounding | null) => {
  const o = output(init);
  return {
    ...o,
    tolerance: { ...o.tolerance, source: 'rounding' },
    noiseFloor: floor,
    rounding: judgement,
    samples: o.samples.map((s, i) => {
      const own = floor * (0.4 + 0.6 * ((i * 7) % 12 ? ((i * 7) % 12) / 12 : 1));
      return { ...s, floor: own, ratio: Number(s.maxAbs) / own };
    }),
  };
};

const same = { distance: 3.1e-8, spread: 1.2e-7, ratio: 0.26, limit: 25 };
const well = { candidate: 2.6e-7, reference: 2.1e-7, bound: 4.4e-6, ratio: 1.24, limit: 8 };

/** Every instrument, and each way in which one of them can answer. */
export function judgedCases(): ReportCase[] {
  const differs = finding('values-differ', 'output logits', {
    percent: '33.1 %',
    maxAbs: 3.2e-4,
    sample: 'large-1',
    index: [0, 2],
    candidate: 1.70032,
    reference: 1.7,
  });
  const fail = { error: 3.2e-4, grade: 'close', verdict: 'fail' } as const;
  const float64 = rounding({ instrument: 'float64', function: same, computation: well });
  return [
    conversion({ case: 'float64-agrees', outputs: [floored({ error: 2.6e-7 }, 3.2e-7, float64)] }),
    conversion({
      case: 'float64-differs',
      outputs: [
        floored(
          fail,
          1.5e-6,
          rounding({
            instrument: 'float64',
            ratio: 213,
            function: { distance: 3.2e-4, spread: 1.2e-7, ratio: 2670, limit: 25 },
            computation: well,
          }),
        ),
      ],
      more: { findings: [differs] },
    }),
    conversion({
      case: 'computed-badly',
      outputs: [
        floored(
          fail,
          1.5e-6,
          rounding({
            instrument: 'float64',
            ratio: 213,
            function: same,
            computation: { candidate: 3.2e-4, reference: 2.1e-7, bound: 4.4e-6, ratio: 1520, limit: 8 },
          }),
        ),
      ],
      more: { findings: [differs] },
    }),
    conversion({
      case: 'any-order',
      outputs: [
        floored(
          { error: 4e-6 },
          4e-7,
          rounding({
            instrument: 'float64',
            ratio: 10,
            function: same,
            computation: { candidate: 4e-6, reference: 2e-7, bound: 4.4e-6, ratio: 20, limit: 8 },
          }),
        ),
      ],
    }),
    conversion({ case: 'floor-weights', outputs: [floored({ error: 2.6e-7 }, 3.2e-7, rounding())] }),
    conversion({
      case: 'floor-inputs',
      outputs: [floored(fail, 1.5e-6, rounding({ reach: 'inputs', ratio: 213, limit: 32 }))],
      more: { findings: [differs] },
    }),
    conversion({
      case: 'int8-floor',
      outputs: [floored({ error: 0.02 }, 0.03, rounding({ step: 'int8', ratio: 0.7, limit: 3, unstable: 0.012 }))],
    }),
    conversion({
      case: 'chaotic-rnn',
      outputs: [
        floored(
          { error: 3.1e-5 },
          2.2e-5,
          rounding({ ratio: 1.4, informative: 7, horizon: { axis: 1, index: 41 }, unstable: 0.031 }),
        ),
      ],
    }),
    {
      ...conversion({
        case: 'uninformative',
        outputs: [floored({ error: 0.3, grade: 'broken', verdict: 'unverifiable' }, 0.4, rounding({ informative: 0 }))],
      }),
      verdict: 'unverifiable',
      findings: [finding('no-sample-compared', 'output logits', { planned: 12 })],
    },
    conversion({
      case: 'nothing-measured',
      outputs: [
        output({
          more: {
            rounding: rounding({ instrument: 'dtype-table', reach: null, ratio: null, limit: null, worst: null }),
          },
        }),
      ],
    }),
  ];
}

/** Outputs that are judged by their task. */
export function gatedCases(): ReportCase[] {
  const gate = (more: Partial<GateResult>): GateResult => ({
    name: 'accuracy',
    asked: "accuracy on labels y is at least 99 % of the reference's",
    value: 0.9969,
    limit: 0.99,
    holds: true,
    counted: 10_000,
    samples: 40,
    accuracy: { reference: 0.9612, candidate: 0.9582 },
    worst: {
      sample: 'user:test.npz#3',
      value: 0.957,
      row: [17],
      what: 'the label is 3, candidate answers 5, reference 3',
    },
    ...more,
  });
  const by = (result: GateResult): Partial<OutputComparison> => ({
    gate: result,
    tolerance: { atol: 1e-5, rtol: 1.3e-6, source: 'suite', expression: result.asked },
  });
  const boxes = gate({
    name: 'iou',
    asked: 'every box scored 0.5 or more matched by IoU ≥ 0.9',
    value: 0.982,
    limit: 1,
    holds: false,
    counted: 1_214,
    samples: 12,
    worst: {
      sample: 'large-1',
      value: 0.875,
      row: [0],
      what: "1 of the reference's boxes without a partner, first (12, 20.5, 80, 96)",
    },
  });
  delete (boxes as { accuracy?: unknown }).accuracy;
  return [
    conversion({ case: 'mnist-int8', outputs: [output({ error: 0.21, grade: 'broken', more: by(gate({})) })] }),
    conversion({
      case: 'detector',
      outputs: [output({ name: 'boxes', error: 3.1, grade: 'broken', verdict: 'fail', more: by(boxes) })],
      more: {
        findings: [
          finding('boxes-differ', 'output boxes', {
            value: '98.2 %',
            limit: '100 %',
            counted: 1214,
            iou: 0.9,
            sample: 'large-1',
            row: [0],
            what: "1 of the reference's boxes without a partner, first (12, 20.5, 80, 96)",
          }),
        ],
      },
    }),
  ];
}
