import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import type { CaseFacts } from '../../lab.ts';
import type { Evidence, Hypothesis } from '../../scene.ts';
import { answersOf } from './answers.ts';

type Finding = CaseFacts['findings'][number];

/** What a problem of stored quantisation parameters (formats/onnx/quantisation-findings.ts) is the cause called. */
const QUANTISATION: Readonly<Record<string, DiagnosisCode>> = {
  'scale-invalid': 'quantisation-parameters',
  'zero-point-asymmetric': 'quantisation-parameters',
  'zero-point-shared': 'quantisation-parameters',
  'weight-clipped': 'saturation',
  'scale-coarse': 'quantisation-coarse',
  'grid-of-four-bits': 'quantisation-coarse',
  'scale-shared': 'quantisation-coarse',
  'channel-lost': 'channel-corrupted',
  'weights-differ': 'weights-differ',
};

/**
 * Failing findings that were proven while the case was judged and name a cause by themselves: the check was the experiment.
 * Those that only say how values differ are not among them.
 */
const CAUSES: Readonly<Record<string, (finding: Finding) => Pick<Evidence, 'code' | 'args' | 'experiment'> | null>> = {
  'outputs-permuted': ({ args }) => ({
    code: 'output-order',
    args: { pairs: args.pairs },
    experiment: 'with the outputs paired by their values',
  }),
  'state-not-reset': () => ({ code: 'initial-state', args: {}, experiment: 'with the same sequence run again' }),
  'precision-lower': ({ args }) => {
    const facts = Array.isArray(args.facts) ? args.facts.join('; ') : '';
    const dtype = /b?float16/.exec(facts)?.[0];
    return { code: 'dtype-narrowed', args: dtype === undefined ? {} : { dtype }, experiment: `with ${facts}` };
  },
  'quantisation-odd': ({ args }) => {
    const code = QUANTISATION[String(args.problem)];
    if (code === undefined) return null;
    const channels =
      Array.isArray(args.channels) && args.channels.length > 0 ? { channels: args.channels.join(', ') } : {};
    return { code, args: { tensor: args.tensor, ...channels }, experiment: 'with its scales held against the weights' };
  },
};

export const toldByFindings: Hypothesis = {
  name: 'told-by-findings',
  codes: ['output-order', 'initial-state', 'dtype-narrowed', ...new Set(Object.values(QUANTISATION))],
  applies: ({ scene: { lab } }) => lab.facts.findings.some(telling),
  test(question) {
    const { facts } = question.scene.lab;
    const before = answersOf(question)?.before ?? 1;
    const causes = facts.findings.filter(telling).flatMap((finding) => {
      const cause = CAUSES[finding.code]?.(finding);
      return cause == null ? [] : [{ ...cause, where: placeOf(finding) }];
    });
    // Several findings of other causes are several faults, or one that shows in two places: nothing tells which.
    const [first] = causes;
    if (first === undefined || causes.some(({ code }) => code !== first.code)) return Promise.resolve(undefined);
    return Promise.resolve({ ...first, before, after: 0, explained: 1 });
  },
};

const telling = ({ code, severity, where }: Finding): boolean =>
  severity === 'error' && Object.hasOwn(CAUSES, code) && where !== 'reference';

const placeOf = ({ where, args }: Finding): string => (typeof args.tensor === 'string' ? args.tensor : where);
