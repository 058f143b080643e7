import type { DiagnosisCode } from '../../../core/diagnosis-catalogue.ts';
import { tensorFrom } from '../../../tensor/build.ts';
import { isFloat, isInteger } from '../../../tensor/dtype.ts';
import { dtypeLimits } from '../../../tensor/limits.ts';
import { elementCount, type NamedTensors, type Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { asNumbers, tensorOf } from '../../localize/view.ts';
import { distance, explainedShare, wrongness } from '../../measure.ts';
import type { Hypothesis, Question, Scene, View } from '../../scene.ts';
import { plain } from './numbers.ts';
import { otherSamples, placesOf } from './places.ts';
import { LEAST } from './support.ts';

/** The real numbers at the ends of what integers of one scale hold. */
interface Range {
  readonly low: number;
  readonly high: number;
}

/** An outcome of the reference whose values were held as the candidate holds them. */
interface Held {
  readonly before: number;
  readonly after: number;
  /** Elements of inputs and outcome that lay beyond their range, of all of them. */
  readonly share: number;
}

/**
 * The candidate stores inputs and results as integers. The reference is fed with inputs cut to the ranges that the candidate
 * declares, and its result is cut likewise: if that is what the candidate gives, its values saturate. Where nobody declared
 * integers, storing them at all is the cause.
 */
export const storedIntegers: Hypothesis = {
  name: 'stored-integers',
  codes: ['saturation', 'dtype-narrowed'],
  applies: ({ scene, divergence }) => {
    const tensor = divergence?.candidate?.tensor;
    return tensor !== undefined && scene.candidate !== null && rangeOf(scene.candidate, tensor) !== null;
  },
  async test(question) {
    const { scene } = question;
    const [place] = placesOf(question);
    const here = await held(question, scene.sample);
    if (place === undefined || here === undefined || here.before <= scene.tolerance || here.share === 0)
      return undefined;
    let explained = explainedShare(here.before, here.after, scene.tolerance);
    for (const sample of otherSamples(question)) {
      const there = await held(question, sample);
      // Where nothing is cut another sample neither confirms nor refutes it.
      if (there === undefined || there.share === 0 || there.before <= scene.tolerance) continue;
      explained = Math.min(explained, explainedShare(there.before, there.after, scene.tolerance));
    }
    if (explained < LEAST) return undefined;
    const declared = scene.lab.facts.declared === 'int8';
    const code: DiagnosisCode = declared ? 'saturation' : 'dtype-narrowed';
    const stored = scene.candidate?.graph.tensors[question.divergence?.candidate?.tensor ?? '']?.dtype;
    return {
      code,
      where: place.where,
      args: declared ? { share: `${plain(100 * here.share)} %` } : { dtype: stored ?? 'int8' },
      experiment: "with the reference's values cut at the ends of the ranges that the candidate stores",
      before: here.before,
      after: here.after,
      explained,
    };
  },
};

async function held({ scene, divergence }: Question, sample: string): Promise<Held | undefined> {
  const { lab, reference, candidate } = scene;
  if (reference === null || candidate === null || divergence?.candidate == null) return undefined;
  const [mine, theirs] = [divergence.reference.tensor, divergence.candidate.tensor];
  const range = rangeOf(candidate, theirs);
  const how = { ...scene.how, sample };
  const given = lab.inputs(sample);
  const fed = new Map([...given].map(([name, tensor]) => [name, cut(tensor, inputRange(scene, name))]));
  const [plainly, cutting, answer] = [
    await lab.tap(reference.specimen, [mine], how),
    await lab.tap(reference.specimen, [mine], { ...how, sample: fed as NamedTensors }),
    await lab.tap(candidate.specimen, [theirs], how),
  ];
  if (!plainly.ok || !cutting.ok || !answer.ok || range === null) return undefined;
  const [truth, changed, raw] = [plainly.taps.get(mine), cutting.taps.get(mine), answer.taps.get(theirs)];
  if (truth === undefined || changed === undefined || raw === undefined) return undefined;
  const there = asNumbers(candidate.graph, theirs, raw);
  const pairs = [...given].map(([name, tensor]) => [tensor, fed.get(name) as Tensor] as const);
  const outcome = cut(changed, range);
  return {
    before: wrongness(distance(truth, there)),
    after: wrongness(distance(outcome, there)),
    share: shareOf([...pairs, [changed, outcome]]),
  };
}

/** Ends of what a tensor can hold; null: it is not stored as integers of one scale. */
function rangeOf({ graph }: View, tensor: string): Range | null {
  const { dtype, quantization } = graph.tensors[tensor] ?? {};
  if (dtype == null || dtype === 'string' || !isInteger(dtype) || quantization?.scales.length !== 1) return null;
  const [scale = 1, zero = 0] = [quantization.scales[0], quantization.zeroPoints[0]];
  const [low, high] = dtypeLimits(dtype);
  return { low: scale * (low - zero), high: scale * (high - zero) };
}

/** The range of an input, or of what its only reader makes of it where that merely stores it. */
function inputRange({ lab, candidate }: Scene, name: string): Range | null {
  if (candidate === null) return null;
  const { graph } = candidate;
  const at = lab.facts.inputs.findIndex((input) => input.reference === name);
  const tensor = tensorOf(graph, graph.inputs, lab.facts.inputs[at]?.candidate ?? name, at);
  if (tensor === undefined) return null;
  const own = rangeOf(candidate, tensor);
  const [reader, ...others] = graph.nodes.filter(({ inputs }) => inputs.includes(tensor));
  if (own !== null || reader === undefined || others.length > 0 || !STORES.test(reader.op)) return own;
  return rangeOf(candidate, reader.outputs[0] ?? '');
}

/** Operators that write reals as integers, in the words of their formats. */
const STORES = /^quantize/i;

function cut(tensor: Tensor, range: Range | null): Tensor {
  if (range === null || tensor.dtype === 'string' || !isFloat(tensor.dtype)) return tensor;
  const values = toFloat64(tensor).map((x) => Math.min(Math.max(x, range.low), range.high));
  return tensorFrom(tensor.dtype, tensor.shape, values);
}

function shareOf(pairs: readonly (readonly [before: Tensor, after: Tensor])[]): number {
  let [changed, all] = [0, 0];
  for (const [a, b] of pairs) {
    if (a === b) continue;
    const [x, y] = [toFloat64(a), toFloat64(b)];
    changed += x.reduce((n, value, i) => n + (value === y[i] || Number.isNaN(value) ? 0 : 1), 0);
    all += elementCount(a.shape);
  }
  return all === 0 ? 0 : changed / all;
}
