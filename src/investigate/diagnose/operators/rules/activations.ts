import type { AttributeValue } from '../../../../records/graph.ts';
import type { Alternative, Fit, Rule } from '../alternative.ts';
import { attribute } from '../changes.ts';
import type { Site } from '../site.ts';

interface Form {
  readonly op: string;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** Activations as single operators of ONNX; parameters are those that some framework has as its default. */
const FORMS: readonly Form[] = [
  { op: 'Relu' },
  { op: 'LeakyRelu', attributes: { alpha: 0.01 } },
  { op: 'LeakyRelu', attributes: { alpha: 0.2 } },
  { op: 'LeakyRelu', attributes: { alpha: 0.3 } },
  { op: 'Elu', attributes: { alpha: 1 } },
  { op: 'Selu' },
  { op: 'Celu', attributes: { alpha: 1 } },
  { op: 'Softplus' },
  { op: 'Softsign' },
  { op: 'Sigmoid' },
  { op: 'HardSigmoid', attributes: { alpha: 0.2, beta: 0.5 } },
  { op: 'HardSigmoid', attributes: { alpha: 1 / 6, beta: 0.5 } },
  { op: 'Tanh' },
  { op: 'Erf' },
  { op: 'HardSwish' },
  { op: 'Mish' },
  { op: 'Gelu', attributes: { approximate: 'none' } },
  { op: 'Gelu', attributes: { approximate: 'tanh' } },
];
const OPS = [...new Set(FORMS.map(({ op }) => op))];

/** Another activation in the place of this one, and none. */
export const activation: Rule = {
  name: 'activation',
  codes: ['activation-variant', 'activation-added'],
  ops: [
    ...OPS,
    'ThresholdedRelu',
    'Softmax',
    'LogSoftmax',
    'Hardmax',
    'com.microsoft::QuickGelu',
    'com.microsoft::Gelu',
    'com.microsoft::FastGelu',
  ],
  alternatives: function* (site) {
    const { node } = site;
    yield {
      code: 'activation-added',
      node,
      edits: [{ edit: 'bypass', node: node.id, index: 0 }],
      args: { activation: node.op },
      experiment: `without ${node.op}`,
      cost: 2,
    };
    if (node.op.endsWith('Softmax')) {
      const op = node.op === 'Softmax' ? 'LogSoftmax' : 'Softmax';
      yield variant(site, { op }, 1);
      return;
    }
    for (const form of FORMS) {
      const same = form.op === node.op;
      if (same && Object.entries(form.attributes ?? {}).every(([name, value]) => node.attributes[name] === value))
        continue;
      yield variant(site, form, same ? 1 : 2);
    }
  },
  fits: function* (site) {
    const { node } = site;
    const range = FITTED[node.op];
    if (range !== undefined)
      yield {
        ...range,
        logarithmic: true,
        at: (alpha: number) => variant(site, { op: node.op, attributes: { alpha: alpha } }, 1),
      } satisfies Fit;
  },
};

const FITTED: Readonly<Record<string, { low: number; high: number }>> = {
  LeakyRelu: { low: 1e-4, high: 2 },
  Elu: { low: 1e-3, high: 10 },
  Celu: { low: 1e-3, high: 10 },
  HardSigmoid: { low: 1e-2, high: 2 },
  ThresholdedRelu: { low: 1e-3, high: 10 },
};

function variant(site: Site, { op, attributes = {} }: Form, cost: number): Alternative {
  const { node } = site;
  const words = (of: string, with_: Readonly<Record<string, AttributeValue>>) =>
    [of, ...Object.entries(with_).map(([k, v]) => `${k} ${typeof v === 'number' ? Number(v.toPrecision(4)) : v}`)].join(
      ' ',
    );
  const told = [...site.told('slope'), ...site.told('approximate')];
  const now = Object.fromEntries(
    Object.entries(node.attributes).filter(([k]) => k in attributes || k === 'approximate'),
  );
  return {
    code: 'activation-variant',
    node,
    edits: [
      ...(op === node.op ? [] : [{ edit: 'operator', node: node.id, op } as const]),
      ...Object.entries(attributes).map(([name, value]) => attribute(node, name, value)),
    ],
    args: { from: words(op, attributes), to: words(node.op, now) },
    experiment: `as ${words(op, attributes)}`,
    cost,
    ...(op === node.op && Object.values(attributes).some((v) => told.includes(v)) ? { told: true } : {}),
  };
}
