import type { Report, ReportCase } from '../../src/records/report.ts';
import { conversion, finding, makeReport, output } from './build.ts';
import {
  broken,
  crashed,
  demoCases,
  expectedFailure,
  gatedCases,
  judgedCases,
  notFinite,
  skipped,
  subtle,
  unverifiable,
} from './story-cases.ts';

const passing = (): Report => makeReport(demoCases());

/** Everything that can go wrong, once each, beside what passes. */
const mixed = (): Report =>
  makeReport([
    subtle(),
    broken(),
    notFinite(),
    expectedFailure(),
    crashed(),
    skipped(),
    unverifiable(),
    ...demoCases().slice(2, 9),
  ]);

const EVIL = '</script><script>alert(1)</script><img src=x onerror=alert(2)>"\'`|';

/** Names as a hostile or careless model might carry them. */
function hostile(): Report {
  const rtl = 'مخرجات\u202Egnp.exe\u2066';
  const long = 'StatefulPartitionedCall/functional_1/transformer_encoder_11/'.repeat(6);
  const evil = output({ name: EVIL, error: 0.5, grade: 'broken', verdict: 'fail' });
  const cases: ReportCase[] = [
    conversion({
      case: `evil ${EVIL}`,
      exporter: EVIL,
      runtime: 'a:b,c%0A::error::x',
      outputs: [evil, output({ name: rtl }), output({ name: long, error: 1e-3, verdict: 'fail', grade: 'different' })],
      more: {
        tags: [EVIL, 'javascript:alert(3)'],
        findings: [
          {
            code: EVIL,
            severity: 'error',
            where: EVIL,
            args: {},
            message: `${EVIL}\n::error::injected\n\u001b[2Jcleared @someone http://evil.example/ [x](javascript:alert(4)) ##[add-mask]x`,
          },
          { code: '__proto__', severity: 'warning', where: 'x', args: {}, message: 'an unknown code' },
        ],
        diagnoses: [{ code: EVIL, confidence: 1, where: EVIL, message: EVIL, evidence: { [EVIL]: EVIL } }],
        firstDivergence: { tensor: EVIL, node: EVIL, opType: EVIL, source: `${EVIL}:3` },
        reproduce: [{ title: EVIL, command: `onpar run '${EVIL}' \`id\` | sh` }],
      },
    }),
    conversion({ case: long, outputs: [output({ name: '日本語の出力テンソル名前' })] }),
    conversion({ case: rtl, outputs: [output({ name: 'a' })], more: { id: `${rtl}/onnx` } }),
    conversion({
      case: 'strings',
      outputs: [
        output({
          name: 'tokens',
          error: 0,
          grade: 'broken',
          verdict: 'fail',
          more: {
            worst: { sample: 's', index: [], reference: `${EVIL}\u0000`, candidate: '9007199254740993' },
            worstElements: [{ sample: 's', index: [], reference: `${EVIL}\u0000`, candidate: '9007199254740993' }],
            histogram: null,
          },
        }),
      ],
    }),
  ];
  return makeReport(cases, {
    title: `${EVIL}.yaml`,
    findings: [{ code: 'x', severity: 'warning', where: EVIL, args: {}, message: EVIL }],
  });
}

/** Nothing was run: must never look green. */
const empty = (): Report =>
  makeReport([], {
    exitCode: 3,
    partial: true,
    findings: [
      {
        code: 'toolchain-failed',
        severity: 'error',
        where: 'toolchain pytorch',
        args: { fix: 'Check the network, then run `onpar toolchain install pytorch`.' },
        message: 'toolchain pytorch could not be installed: no route to host',
      },
    ],
  });

/** `count` conversions, every ninth failing, to see what a page of a real fleet costs. */
export const many = (count: number): Report =>
  makeReport(
    Array.from({ length: count }, (_, i) => {
      const bad = i % 9 === 0;
      const base = conversion({
        case: `model-${Math.floor(i / 4)}`,
        runtime: ['onnxruntime-node', 'onnxruntime', 'openvino', 'tensorrt'][i % 4]!,
        outputs: [
          bad ? output({ error: 0.3, grade: 'broken', verdict: 'fail', seed: i + 1 }) : output({ seed: i + 1 }),
        ],
      });
      return bad
        ? {
            ...base,
            findings: [
              finding('values-differ', 'output logits', {
                percent: '33.1 %',
                maxAbs: '0.3',
                sample: 'large-1',
                index: [0, 2],
                candidate: '2',
                reference: '1.7',
              }),
            ],
          }
        : base;
    }),
  );

export const STORIES = {
  passing,
  mixed,
  subtle: () => makeReport([subtle()]),
  broken: () => makeReport([broken()]),
  expected: () => makeReport([expectedFailure()]),
  error: () => makeReport([crashed()]),
  skipped: () => makeReport([skipped()]),
  unverifiable: () => makeReport([unverifiable()]),
  'not-finite': () => makeReport([notFinite()]),
  judged: () => makeReport(judgedCases()),
  gated: () => makeReport(gatedCases()),
  hostile,
  empty,
} as const satisfies Record<string, () => Report>;
export type StoryName = keyof typeof STORIES;
