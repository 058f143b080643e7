import type { TaskGate } from '../../records/rules.ts';
import { isFloat } from '../../tensor/dtype.ts';
import { reader } from '../../tensor/values.ts';
import { isQuantised } from '../values/dequantise.ts';
import { sameShape } from '../values/shapes.ts';
import { percent } from '../values/text.ts';
import { type Gate, type GateInput, type GateSide, Unjudgeable } from './gate.ts';
import { type ClassName, labelClasses } from './labels.ts';
import { type Rows, rowsAlong } from './rows.ts';
import { bestOf, realOf } from './scores.ts';

type Rule = Extract<TaskGate, { name: 'accuracy' }>;

/**
 * The candidate's accuracy on labelled samples as a share of the reference's. MLPerf Inference asks for 99 % or 99.9 % of
 * the accuracy of the float32 reference (https://github.com/mlcommons/inference_policies, inference_rules.adoc, "Benchmarks").
 */
export const accuracyGate: Gate<Rule> = {
  asked: ({ share, labels }) => `accuracy on labels ${labels} is at least ${percent(share)} of the reference's`,
  nothing: ({ labels }) =>
    `no sample has labels \`${labels}\`: give data files (\`samples:\` or --inputs) that hold a tensor or column of that name`,
  tally(rule, input) {
    const labels = input.labels(rule.labels);
    if (labels === undefined) return null;
    const { reference, candidate } = input;
    if (!sameShape(reference.tensor.shape, candidate.tensor.shape)) return null;
    const predicted = predictions(rule, input);
    if (predicted instanceof Unjudgeable) return predicted;
    const { rows } = predicted;
    const truth = labelClasses(labels.tensor, rule.labels, rows, reference.tensor.shape);
    if (truth instanceof Unjudgeable) return truth;
    const misfit = unknownClass(truth, predicted);
    if (misfit !== null)
      return new Unjudgeable(`labels \`${rule.labels}\` hold ${JSON.stringify(misfit)}, ${predicted.allowed}`);
    const name = namesOf(truth, reference);
    let [right, got, counted] = [0, 0, 0];
    let lost: number | null = null;
    for (let row = 0; row < rows.count; row++) {
      // Labels run along the first axis of what the model answers.
      const [at = 0] = rows.indexOf(row);
      if (at < labels.from) continue;
      counted++;
      const [r, c] = [name(predicted.reference(row)) === truth[row], name(predicted.candidate(row)) === truth[row]];
      if (r) right++;
      if (c) got++;
      else if (r) lost ??= row;
    }
    return {
      got,
      of: right,
      counted,
      worst:
        lost === null
          ? null
          : {
              row: rows.indexOf(lost),
              what: `the label is ${truth[lost]}, candidate answers ${name(predicted.candidate(lost))}, reference ${name(predicted.reference(lost))}`,
            },
    };
  },
};

interface Predictions {
  readonly rows: Rows;
  readonly reference: (row: number) => ClassName;
  readonly candidate: (row: number) => ClassName;
  /** How many classes there can be; null where the output names its classes itself. */
  readonly classes: number | null;
  readonly allowed: string;
}

/** Labels are answered as they are; scores by the best of a row, or, where there is one score only, by a threshold. */
function predictions({ axis, threshold }: Rule, { reference, candidate }: GateInput): Predictions | Unjudgeable {
  const { tensor, spec } = reference;
  const isScores = isFloat(tensor.dtype) || isQuantised(tensor, spec.quantization);
  const flat = rowsAlong([...tensor.shape, 1], -1);
  if (flat instanceof Unjudgeable) return flat;
  if (!isScores) {
    const answer = ({ tensor: own }: GateSide) => {
      const read = reader(own);
      return (row: number): ClassName => {
        const value = read(row);
        return typeof value === 'string' ? value : Number(value);
      };
    };
    const rows = { ...flat, shape: tensor.shape };
    return { rows, reference: answer(reference), candidate: answer(candidate), classes: null, allowed: '' };
  }
  if (candidate.tensor.dtype === 'string') return new Unjudgeable('the candidate answers texts, the reference numbers');
  const [r, c] = [realOf(reference), realOf(candidate)];
  const along = rowsAlong(tensor.shape, axis);
  if (threshold !== null) {
    const above = (values: Float64Array) => (row: number) => Number((values[row] as number) > threshold);
    return {
      rows: flat,
      reference: above(r),
      candidate: above(c),
      classes: 2,
      allowed: 'but a threshold tells 0 from 1',
    };
  }
  if (along instanceof Unjudgeable || along.columns < 2)
    return new Unjudgeable(
      `it has one score a row, shape [${tensor.shape.join(', ')}]; say from which on it is class 1: \`threshold: 0.5\` for probabilities, \`threshold: 0\` for logits`,
    );
  const { columns, step } = along;
  const pick = (values: Float64Array) => (row: number) => bestOf(values, along.start(row), step, columns);
  return {
    rows: along,
    reference: pick(r),
    candidate: pick(c),
    classes: columns,
    allowed: `but the output has the classes 0 to ${columns - 1}`,
  };
}

/** A label that the model cannot answer makes every count wrong: most often classes that are counted from 1. */
function unknownClass(truth: readonly ClassName[], { classes }: Predictions): ClassName | null {
  if (classes === null) return null;
  return truth.find((label) => typeof label === 'number' && (label < 0 || label >= classes)) ?? null;
}

/** Text labels are compared with the names that the contract gives to the classes. */
function namesOf(truth: readonly ClassName[], { spec }: GateSide): (answer: ClassName) => ClassName {
  const { classes } = spec;
  if (typeof truth[0] !== 'string') return (answer) => (typeof answer === 'string' ? Number(answer) : answer);
  return (answer) => (typeof answer === 'string' ? answer : String(classes?.[answer] ?? answer));
}
