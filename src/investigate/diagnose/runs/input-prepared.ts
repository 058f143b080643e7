import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import { tensorFrom } from '../../../tensor/build.ts';
import { isFloat } from '../../../tensor/dtype.ts';
import { takeRows } from '../../../tensor/rows.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import { transpose } from '../../../tensor/transpose.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { errorOf } from '../../experiment.ts';
import { explainedShare } from '../../measure.ts';
import type { Evidence, Hypothesis, Question } from '../../scene.ts';
import { strides } from '../values/numbers.ts';
import { otherSamples } from '../values/places.ts';
import { LEAST } from '../values/support.ts';
import { type Answers, answersOf, apart, candidateRuns } from './answers.ts';

/** What the candidate may want its input to be, other than it is given. */
interface Preparation {
  readonly code: DiagnosisCode;
  readonly args: Readonly<Record<string, unknown>>;
  readonly words: string;
  of(tensor: Tensor): Tensor | null;
}

/**
 * Fed with an input prepared otherwise — axes exchanged, channels reversed, scaled as pictures commonly are — the candidate
 * agrees. Asked where nothing was localised, or the first place that parts reads an input itself; what agrees behind the
 * inputs has them right.
 */
export const inputPrepared: Hypothesis = {
  name: 'input-prepared',
  codes: ['layout-permuted', 'channel-order', 'scaling-differs'],
  applies: (question) => question.scene.lab.candidate !== null && readsInput(question),
  async test(question) {
    const { lab, sample } = question.scene;
    const answers = answersOf(question);
    if (answers === null || !Number.isFinite(answers.before) || answers.before <= answers.tolerance) return undefined;
    let best: { evidence: Evidence; name: string; preparation: Preparation } | undefined;
    for (const [name, tensor] of lab.inputs(sample)) {
      for (const preparation of preparationsOf(tensor)) {
        const after = await errorWith(question, answers, sample, name, preparation);
        const explained = explainedShare(answers.before, after, answers.tolerance);
        if (explained < LEAST || explained <= (best?.evidence.explained ?? 0)) continue;
        const { code, args, words } = preparation;
        const experiment = `with ${name} ${words} for the candidate`;
        const evidence = { code, where: `input ${name}`, args, experiment, before: answers.before, after, explained };
        best = { evidence, name, preparation };
        if (explained === 1) break;
      }
    }
    if (best === undefined) return undefined;
    // One transformation of many may fit one sample by chance; it has to fit another as well.
    for (const other of otherSamples(question)) {
      const there = answersOf(question, other);
      if (there === null || !Number.isFinite(there.before) || there.before <= there.tolerance) continue;
      const after = await errorWith(question, there, other, best.name, best.preparation);
      return explainedShare(there.before, after, there.tolerance) >= LEAST ? best.evidence : undefined;
    }
    return best.evidence.explained === 1 ? best.evidence : undefined;
  },
};

async function errorWith(
  question: Question,
  { expected, given }: Answers,
  sample: string,
  name: string,
  { of, words }: Preparation,
): Promise<number> {
  const inputs = question.scene.lab.inputs(sample);
  const tensor = inputs.get(name);
  const made = tensor === undefined ? null : of(tensor);
  if (made === null) return Number.POSITIVE_INFINITY;
  const ran = await candidateRuns(question, { label: `with ${name} ${words}` }, new Map([...inputs, [name, made]]));
  if (ran?.ok !== true) return Number.POSITIVE_INFINITY;
  // An input that the answer does not hang on proves nothing.
  if (given !== null && apart(given, ran.outputs) === 0) return Number.POSITIVE_INFINITY;
  return errorOf(ran, expected);
}

function readsInput({ scene: { reference }, divergence }: Question): boolean {
  if (divergence === null) return true;
  if (reference === null) return true;
  const inputs = new Set(reference.graph.inputs);
  const nodes = new Set([divergence.reference.node, ...divergence.region.reference]);
  return reference.graph.nodes.some((n) => nodes.has(n.id) && n.inputs.some((name) => inputs.has(name)));
}

function preparationsOf(tensor: Tensor): Preparation[] {
  const { dtype, shape } = tensor;
  if (dtype === 'string' || dtype === 'bool') return [];
  const picture = shape.length >= 3;
  return [...exchanges(shape), ...(picture ? channels(shape) : []), ...(isFloat(dtype) ? scalings(shape) : [])];
}

/** Pairs of axes of one size exchanged (the batch's aside), and memory read as channels last or first. */
function exchanges(shape: readonly number[]): Preparation[] {
  const rank = shape.length;
  const axes = Array.from({ length: rank }, (_, i) => i);
  const prepared = (order: readonly number[], regrouped: boolean): Preparation => ({
    code: 'layout-permuted',
    args: { permutation: order.join(', ') },
    words: `${regrouped ? 'read' : 'laid out'} with its axes in the order ${order.join(', ')}`,
    of: (t) => (t.shape.length === rank ? { ...transpose(t, order), shape: t.shape } : null),
  });
  const pairs = axes.slice(1).flatMap((a) => axes.slice(a + 1).map((b) => [a, b] as const));
  const equal = pairs
    .filter(([a, b]) => shape[a] === shape[b] && (shape[a] as number) > 1)
    .map(([a, b]) =>
      prepared(
        axes.map((i) => (i === a ? b : i === b ? a : i)),
        false,
      ),
    );
  if (rank < 3) return equal;
  const last = [0, ...axes.slice(2), 1];
  const first = [0, rank - 1, ...axes.slice(1, -1)];
  return [...equal, prepared(last, true), prepared(first, true)];
}

/** Red, green and blue in the other order; the axis of three or four is the one of channels. */
const channels = (shape: readonly number[]): Preparation[] =>
  [1, shape.length - 1]
    .filter((axis, i, all) => all.indexOf(axis) === i && (shape[axis] === 3 || shape[axis] === 4))
    .map((axis) => ({
      code: 'channel-order',
      args: { axis, order: 'reversed' },
      words: `with its channels (axis ${axis}) in reverse`,
      of: (t) => {
        const size = t.shape[axis] ?? 0;
        // Of four, the last is opacity.
        const rows = [2, 1, 0, 3].slice(0, size);
        return size === 3 || size === 4 ? takeRows(t, axis, rows) : null;
      },
    }));

/** Constants of ImageNet in RGB order (torchvision.transforms, tf.keras.applications.imagenet_utils). */
const MEAN = [0.485, 0.456, 0.406];
const DEVIATION = [0.229, 0.224, 0.225];

function scalings(shape: readonly number[]): Preparation[] {
  const linear = (factor: number, offset: number, words: string): Preparation => ({
    code: 'scaling-differs',
    args: { factor: Number(factor.toPrecision(6)), offset },
    words,
    of: (t) =>
      tensorFrom(
        t.dtype as 'float32',
        t.shape,
        toFloat64(t).map((x) => factor * x + offset),
      ),
  });
  const plain = [
    linear(1 / 255, 0, 'divided by 255'),
    linear(255, 0, 'times 255'),
    linear(2, -1, 'moved from 0…1 to −1…1'),
    linear(0.5, 0.5, 'moved from −1…1 to 0…1'),
    linear(1 / 127.5, -1, 'moved from 0…255 to −1…1'),
    linear(127.5, 127.5, 'moved from −1…1 to 0…255'),
  ];
  const axis = [1, shape.length - 1].find((a) => shape.length >= 3 && shape[a] === 3);
  if (axis === undefined) return plain;
  const each = (words: string, at: (x: number, channel: number) => number): Preparation => ({
    code: 'scaling-differs',
    args: { mean: MEAN, std: DEVIATION },
    words,
    of: (t) => {
      const [, size, inner] = strides(t.shape, axis);
      return tensorFrom(
        t.dtype as 'float32',
        t.shape,
        toFloat64(t).map((x, i) => at(x, Math.floor(i / inner) % size)),
      );
    },
  });
  const [mean, std] = [(c: number) => MEAN[c] as number, (c: number) => DEVIATION[c] as number];
  return [
    ...plain,
    each('normalised by ImageNet’s mean and deviation', (x, c) => (x - mean(c)) / std(c)),
    each('with ImageNet’s mean and deviation undone', (x, c) => x * std(c) + mean(c)),
    each('scaled to 0…1 and normalised by ImageNet’s mean and deviation', (x, c) => (x / 255 - mean(c)) / std(c)),
  ];
}
