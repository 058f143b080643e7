import { elementCount } from '../../../../tensor/tensor.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import type { Alternative, Rule } from '../alternative.ts';
import { attribute, revalued, scalar } from '../changes.ts';
import type { Site } from '../site.ts';

/** Batch normalisation that uses the statistics of its batch. */
export const batchNormTraining: Rule = {
  name: 'batchnorm-training',
  codes: ['batchnorm-training'],
  ops: ['BatchNormalization'],
  alternatives: function* ({ node, number }) {
    if (number('training_mode', 0) === 0) return;
    yield {
      code: 'batchnorm-training',
      node,
      edits: [attribute(node, 'training_mode', 0)],
      args: { from: 'stored statistics', to: 'statistics of the batch' },
      experiment: 'with the stored statistics',
      cost: 1,
    };
  },
};

/** A deviation where a variance belongs, or the reverse. */
export const batchNormVariance: Rule = {
  name: 'batchnorm-variance',
  codes: ['normalisation-differs'],
  ops: ['BatchNormalization'],
  alternatives: function* (site) {
    const variance = site.constant(4);
    if (variance === undefined) return;
    const values = toFloat64(variance);
    for (const [words, of] of [
      ['its square', (v: number) => v * v],
      ['its root', (v: number) => Math.sqrt(Math.max(0, v))],
    ] as const) {
      const edit = revalued(site, 4, values.map(of));
      if (edit !== undefined) yield formula(site, [edit], `${words} for the variance`);
    }
  },
};

/** Variance by n−1 for n, or the reverse: fused layer normalisations through their gain, written-out ones behind the mean of squares. */
export const unbiasedVariance: Rule = {
  name: 'unbiased-variance',
  codes: ['normalisation-differs'],
  ops: ['LayerNormalization', 'InstanceNormalization', 'ReduceMean', 'ReduceSumSquare', 'ReduceSum'],
  alternatives: function* (site) {
    const { node } = site;
    const out = node.outputs[0] ?? '';
    const count = averaged(site);
    if (count === undefined || count < 2) return;
    if (node.op.startsWith('Reduce')) {
      if (!isVariance(site, out)) return;
      for (const [words, factor] of [
        ['the unbiased variance', count / (count - 1)],
        ['the biased variance', (count - 1) / count],
      ] as const)
        yield formula(site, [{ edit: 'insert', tensor: out, op: 'Mul', operands: [scalar(site, out, factor)] }], words);
      return;
    }
    const gain = site.constant(1);
    if (gain === undefined) return;
    const values = toFloat64(gain);
    for (const [words, factor] of [
      ['the unbiased variance', Math.sqrt((count - 1) / count)],
      ['the biased variance', Math.sqrt(count / (count - 1))],
    ] as const) {
      const edit = revalued(
        site,
        1,
        values.map((v) => v * factor),
      );
      if (edit !== undefined) yield formula(site, [edit], words);
    }
  },
};

/** The mean that is or is not subtracted: layer normalisation against that by the root mean square. */
export const meanSubtracted: Rule = {
  name: 'mean-subtracted',
  codes: ['normalisation-differs'],
  ops: ['Sub', 'RMSNormalization', 'SimplifiedLayerNormalization', 'ReduceMean'],
  alternatives: function* (site) {
    const { node } = site;
    if (node.op === 'Sub') {
      const mean = site.producer(node.inputs[1] ?? '');
      if (mean?.op === 'ReduceMean' && mean.inputs[0] === node.inputs[0])
        yield formula(site, [{ edit: 'bypass', node: node.id, index: 0 }], 'the mean left in');
      return;
    }
    const squared = node.op === 'ReduceMean' ? site.producer(node.inputs[0] ?? '') : node;
    const source = squared?.inputs[0] ?? '';
    if (squared === undefined || source === '' || (squared !== node && !isSquare(squared))) return;
    const shape = site.shape(source);
    const width = shape?.at(-1);
    if (width === undefined || site.producer(source)?.op === 'Sub') return;
    const gain = { ...scalar(site, source, 1), shape: [1] };
    yield {
      ...formula(
        site,
        [
          {
            edit: 'insert',
            tensor: source,
            op: 'LayerNormalization',
            operands: [ones(gain, width)],
            attributes: { axis: -1, epsilon: 0 },
          },
        ],
        'the mean subtracted',
      ),
      mends: false,
    };
  },
};

const ones = (one: ReturnType<typeof scalar>, count: number) => {
  const data = new Uint8Array(one.data.length * count);
  for (let i = 0; i < count; i++) data.set(one.data, i * one.data.length);
  return { dtype: one.dtype, shape: [count], data };
};

const isSquare = ({ op, inputs }: { op: string; inputs: readonly string[] }): boolean =>
  op === 'Pow' || (op === 'Mul' && inputs[0] === inputs[1]);

/** How many elements a mean is taken of. */
function averaged(site: Site): number | undefined {
  const { node } = site;
  const shape = site.shape(node.inputs[0] ?? '');
  if (shape === undefined) return undefined;
  if (node.op === 'InstanceNormalization') return elementCount(shape.slice(2));
  if (node.op === 'LayerNormalization') {
    const axis = site.number('axis', -1);
    return elementCount(shape.slice(axis < 0 ? axis + shape.length : axis));
  }
  const out = site.shape(node.outputs[0] ?? '');
  return out === undefined ? undefined : elementCount(shape) / elementCount(out);
}

/** A reduction of squares whose result goes into a root: a variance. */
function isVariance(site: Site, out: string): boolean {
  const squares =
    site.node.op === 'ReduceSumSquare' ||
    isSquare(site.producer(site.node.inputs[0] ?? '') ?? { op: '', inputs: ['a', 'b'] });
  const reads = (tensor: string, depth: number): boolean =>
    site
      .readers(tensor)
      .some(
        (r) =>
          r.op === 'Sqrt' ||
          r.op === 'Pow' ||
          (depth > 0 &&
            ['Add', 'Div', 'Mul', 'Clip', 'Max', 'Reciprocal'].includes(r.op) &&
            reads(r.outputs[0] ?? '', depth - 1)),
      );
  return squares && reads(out, 3);
}

const formula = (site: Site, edits: Alternative['edits'], words: string): Alternative => ({
  code: 'normalisation-differs',
  node: site.node,
  edits,
  args: { from: words },
  experiment: `with ${words}`,
  cost: 3,
});
