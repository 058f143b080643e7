import type { OpNode } from '../../records/graph.ts';
import { elementCount } from '../../tensor/tensor.ts';
import { toFloat64 } from '../../tensor/values.ts';
import { distanceOf, explainedShare, wrongness } from '../measure.ts';
import type { Evidence, Hypothesis, Question } from '../scene.ts';
import { EXPLAINS } from './operators/choose.ts';
import { placeOf } from './operators/where.ts';
import { batchNormOf } from './weights/layer-of.ts';

/** A sample with fewer values to a channel has statistics that are mostly chance. */
const ENOUGH = 4;

/**
 * Batch normalisation in training mode, whatever the candidate's operators: its value is the reference's input, normalised
 * by that input's own mean and variance instead of the stored ones (Ioffe and Szegedy 2015, algorithms 1 and 2). Computed
 * here from the values alone.
 */
export const batchStatistics: Hypothesis = {
  name: 'batch-statistics',
  codes: ['batchnorm-training'],
  applies: (question) => question.divergence?.candidate != null && normalisation(question) !== undefined,
  test: async (question) => {
    const { reference, candidate, tolerance } = question.scene;
    const { divergence } = question;
    const node = normalisation(question);
    const norm = node === undefined || reference === null ? undefined : batchNormOf(reference, node);
    const x = reference?.values.get(node?.inputs[0] ?? '');
    const right = reference?.values.get(divergence?.reference.tensor ?? '');
    const got = candidate?.values.get(divergence?.candidate?.tensor ?? '');
    if (node === undefined || norm === undefined || x === undefined || right === undefined || got === undefined)
      return undefined;
    if (x.dtype === 'string' || right.dtype === 'string' || got.dtype === 'string') return undefined;
    if (x.shape.join() !== right.shape.join() || right.shape.join() !== got.shape.join()) return undefined;
    const axis = channelAxis(node, x.shape, norm.mean.length);
    if (axis === undefined || elementCount(x.shape) / norm.mean.length < ENOUGH) return undefined;
    const values = toFloat64(x);
    const channel = channelOf(x.shape, axis);
    const own = statistics(values, channel, norm.mean.length);
    const by = (mean: Float64Array, variance: Float64Array) =>
      values.map((v, i) => {
        const c = channel(i);
        return (
          ((v - (mean[c] as number)) / Math.sqrt((variance[c] as number) + norm.epsilon)) * (norm.gamma?.[c] ?? 1) +
          (norm.beta?.[c] ?? 0)
        );
      });
    const [r, c] = [toFloat64(right), toFloat64(got)];
    const before = wrongness(distanceOf(r, c));
    if (wrongness(distanceOf(r, by(norm.mean, norm.variance))) > Math.max(tolerance, (1 - EXPLAINS) * before))
      return undefined;
    const after = wrongness(distanceOf(c, by(own.mean, own.variance)));
    const explained = explainedShare(before, after, tolerance);
    return explained < EXPLAINS ? undefined : evidence(question, { before, after, explained });
  },
};

const normalisation = ({ scene: { reference }, divergence }: Question): OpNode | undefined => {
  const places = new Set([divergence?.reference.node, ...(divergence?.region.reference ?? [])]);
  return reference?.graph.nodes.find((node) => places.has(node.id) && /batch_?norm/i.test(node.op));
};

/** Keras names it; ATen and ONNX have channels second. */
function channelAxis({ op, attributes }: OpNode, shape: readonly number[], channels: number): number | undefined {
  const named = Array.isArray(attributes.axis) ? attributes.axis[0] : attributes.axis;
  const axis =
    typeof named === 'number'
      ? (named + shape.length) % shape.length
      : /^aten|^BatchNormalization$/.test(op) && shape[1] === channels
        ? 1
        : shape.length - 1;
  return shape[axis] === channels ? axis : undefined;
}

function channelOf(shape: readonly number[], axis: number): (index: number) => number {
  const inner = elementCount(shape.slice(axis + 1));
  const count = shape[axis] as number;
  return (index) => Math.floor(index / inner) % count;
}

function statistics(values: Float64Array, channel: (index: number) => number, count: number) {
  const mean = new Float64Array(count);
  const variance = new Float64Array(count);
  const each = values.length / count;
  for (const [i, v] of values.entries()) mean[channel(i)] = (mean[channel(i)] as number) + v / each;
  for (const [i, v] of values.entries()) {
    const c = channel(i);
    variance[c] = (variance[c] as number) + (v - (mean[c] as number)) ** 2 / each;
  }
  return { mean, variance };
}

function evidence(question: Question, outcome: Pick<Evidence, 'before' | 'after' | 'explained'>): Evidence {
  const node = question.scene.candidate?.graph.nodes.find((n) => n.id === question.divergence?.candidate?.node);
  return {
    code: 'batchnorm-training',
    where: node === undefined ? '' : placeOf(question, node),
    args: { from: 'stored statistics', to: 'statistics of the batch' },
    experiment: 'normalised by the statistics of this very batch',
    ...outcome,
  };
}
