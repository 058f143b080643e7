import type { CaseFacts } from '../../lab.ts';
import type { Hypothesis } from '../../scene.ts';
import { answersOf } from './answers.ts';

type Finding = CaseFacts['findings'][number];

/** What the contract check finds (src/core/catalogue/contract.ts). */
const CONTRACT = new Set([
  'output-missing',
  'output-extra',
  'input-missing',
  'input-extra',
  'name-changed',
  'order-changed',
  'dtype-changed',
  'rank-changed',
  'dim-changed',
]);
/** What says that values are wrong, whatever the contract (src/core/catalogue/values.ts, candidate.ts). */
const VALUES = new Set([
  'nan-differs',
  'inf-differs',
  'values-differ',
  'values-close',
  'function-differs',
  'computed-badly',
  'beyond-noise-floor',
  'precision-lower',
  'quantisation-odd',
  'masked-by-optimiser',
  'candidate-not-deterministic',
  'candidate-mixes-rows',
  'outputs-permuted',
]);

const fails = ({ severity }: Finding): boolean => severity === 'error';

/** Nothing but the contract failed: names, types, ranks and numbers of inputs and outputs. */
export const contractDiffers: Hypothesis = {
  name: 'contract-differs',
  codes: ['contract-differs'],
  applies: ({ scene: { lab }, divergence }) =>
    divergence === null && lab.facts.findings.some((f) => fails(f) && CONTRACT.has(f.code)),
  test(question) {
    const { facts } = question.scene.lab;
    const errors = facts.findings.filter(fails);
    const [first] = errors.filter(({ code }) => CONTRACT.has(code));
    if (first === undefined || errors.some(({ code }) => VALUES.has(code))) return Promise.resolve(undefined);
    const answers = answersOf(question);
    // Values that were compared after all, and agree, are the experiment.
    const after = answers === null || !Number.isFinite(answers.before) ? 0 : answers.before;
    if (answers !== null && after > answers.tolerance) return Promise.resolve(undefined);
    const { reference: from, candidate: to } = first.args;
    return Promise.resolve({
      code: 'contract-differs',
      where: first.where,
      args: { finding: first.code, ...(from === undefined || to === undefined ? {} : { from, to }) },
      experiment: 'with values compared whatever their names and types',
      before: 1,
      after,
      explained: 1,
    });
  },
};
