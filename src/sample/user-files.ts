import { basename } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { makeFinding, type RawFinding } from '../core/findings.ts';
import { random } from '../core/random.ts';
import type { SamplePlan } from '../records/rules.ts';
import { range, takeRows } from '../tensor/rows.ts';
import type { NamedTensors, Tensor } from '../tensor/tensor.ts';
import type { Axes } from './axes.ts';
import { extraTensors, type Pair, pairInputs } from './fit.ts';
import type { Candidate } from './portfolio.ts';
import { readUserFile } from './table.ts';

/** Rows of a file that make one sample: enough for statistics, small enough to name one row of a wide model. */
const ROWS_PER_SAMPLE = 256;

export interface UserSamples {
  readonly candidates: readonly Candidate[];
  /** What the files hold beside the model's inputs and the labels that the suite names. */
  readonly findings: readonly RawFinding[];
}

/** The user's data as samples, in the order of the files: first all rows, then, of the first file, the swept batch sizes. */
export function userSamples(plan: SamplePlan, axes: Axes): UserSamples {
  const labels = uniqueLabels(plan.files.map(({ path }) => basename(path)));
  const findings: RawFinding[] = [];
  const candidates = plan.files.flatMap(({ path }, i) => {
    const label = `user:${labels[i]}`;
    const tensors = new Map(readUserFile(path, plan.inputs, plan.labels));
    const truth = takeLabels(tensors, plan);
    const pairs = pairInputs(tensors, plan.inputs, basename(path));
    const ignored = extraTensors(tensors, plan.inputs);
    if (ignored.length > 0) findings.push(makeFinding('data-ignored', `samples ${basename(path)}`, { names: ignored }));
    const split = splitByBatch(pairs, axes, basename(path));
    const known = labelRows(truth, split, basename(path));
    // Swept sizes repeat rows that are here already: with labels they would be counted twice.
    const chunks = split.chunks.map((rows, n) => {
      const plain = candidate(`${label}#${n}`, () => split.take(rows));
      return known.size === 0 ? plain : { ...plain, labels: () => labelsAt(known, rows, split.chunks[n - 1]) };
    });
    const batch = axes.all.find(({ isBatch }) => isBatch);
    if (i > 0 || batch === undefined || !split.isDynamic) return chunks;
    const sizes = [batch.base, ...batch.sweep].sort((a, b) => a - b);
    const sweep = sizes.map((size) => {
      const id = `${label}[${batch.label}=${size}]`;
      const pick = random('rows', plan.seed, size);
      return candidate(id, () => split.take(range(0, size).map(() => pick.integer(0, split.count - 1))));
    });
    return [...chunks, ...sweep];
  });
  return { candidates, findings };
}

/** Takes the labels that the suite names out of a file's tensors; a tensor that is an input stays one. */
function takeLabels(tensors: Map<string, Tensor>, { labels, inputs }: SamplePlan): Map<string, Tensor> {
  const truth = new Map<string, Tensor>();
  for (const name of labels) {
    const tensor = tensors.get(name);
    if (tensor === undefined || inputs.some((input) => input.name === name)) continue;
    truth.set(name, tensor);
    tensors.delete(name);
  }
  return truth;
}

/** Labels have a row for each row of the inputs. OnparError `input-mismatch` names file, tensor and both counts. */
function labelRows(truth: ReadonlyMap<string, Tensor>, { count }: Split, file: string): ReadonlyMap<string, Tensor> {
  for (const [name, { shape }] of truth) {
    if (shape[0] !== count)
      throw mismatch(
        `${file}: labels ${name} hold ${shape[0] ?? 'no'} rows, the inputs ${count}`,
        'save one label (or row of labels) for every row',
      );
  }
  return truth;
}

/** A batch of a fixed size is filled up with rows that the sample before has too, at its beginning. */
function labelsAt(
  truth: ReadonlyMap<string, Tensor>,
  rows: readonly number[],
  before: readonly number[] = [],
): { readonly tensors: NamedTensors; readonly from: number } {
  const from = rows.filter((row) => before.includes(row)).length;
  return { tensors: new Map([...truth].map(([name, tensor]) => [name, takeRows(tensor, 0, rows)])), from };
}

const candidate = (id: string, make: () => NamedTensors): Candidate => ({ id, generator: 'file', make });

interface Split {
  readonly count: number;
  /** Whether the model takes any number of rows. */
  readonly isDynamic: boolean;
  readonly chunks: readonly (readonly number[])[];
  readonly take: (rows: readonly number[]) => NamedTensors;
}

/**
 * Finds the axis along which a file holds many samples: the batch where it is dynamic, else a leading axis of a fixed size
 * that the file exceeds. Checks every other size. OnparError `input-mismatch` names file, tensor and axis.
 */
function splitByBatch(pairs: readonly Pair[], axes: Axes, file: string): Split {
  const batch = new Set(axes.all.filter(({ isBatch }) => isBatch).map(({ key }) => key));
  const seen = new Map<string, { size: number; where: string }>();
  const rows = pairs.map((pair): { axis: number; fixed: number | null } | null => {
    const keys = axes.keysOf(pair.input);
    let axis = keys.findIndex((key) => key !== null && batch.has(key));
    if (axis < 0 && batch.size === 0 && exceeds(pair)) axis = 0;
    checkSizes(pair, keys, axis, seen, file);
    return axis < 0 ? null : { axis, fixed: keys[axis] === null ? (pair.input.shape[axis] as number) : null };
  });
  const counts = pairs.flatMap(({ tensor }, i) => (rows[i] == null ? [] : [tensor.shape[rows[i].axis] as number]));
  const count = counts[0] ?? 1;
  if (counts.some((other) => other !== count)) {
    const text = pairs.map(({ input, tensor }) => `${input.name} ${tensor.shape[0]}`).join(', ');
    throw mismatch(
      `${file}: its tensors hold different numbers of rows (${text})`,
      'save one row of each for every sample',
    );
  }
  if (count === 0) throw mismatch(`${file} holds no rows`, 'save at least one');
  const fixed = rows.find((r) => r?.fixed != null)?.fixed ?? null;
  return {
    count,
    isDynamic: counts.length > 0 && fixed === null,
    chunks: counts.length === 0 ? [[0]] : chunk(count, fixed),
    take: (picked) =>
      new Map(
        pairs.map(({ input, tensor }, i) => [
          input.name,
          rows[i] == null ? tensor : takeRows(tensor, rows[i].axis, picked),
        ]),
      ),
  };
}

const exceeds = ({ input, tensor }: Pair): boolean => {
  const [size] = input.shape;
  return typeof size === 'number' && size > 0 && (tensor.shape[0] ?? 0) > size;
};

function checkSizes(
  { input, tensor }: Pair,
  keys: readonly (string | null)[],
  rowAxis: number,
  seen: Map<string, { size: number; where: string }>,
  file: string,
): void {
  tensor.shape.forEach((size, axis) => {
    const [expected, key] = [input.shape[axis], keys[axis]];
    if (axis === rowAxis) return;
    if (typeof expected === 'number' && expected !== size) {
      throw mismatch(
        `${file}: axis ${axis} of ${input.name} has size ${size}, the model takes ${expected}`,
        'reshape the data',
      );
    }
    if (key == null) return;
    const before = seen.get(key);
    if (before !== undefined && before.size !== size) {
      throw mismatch(
        `${file}: dimension ${typeof expected === 'string' ? expected : axis} is ${size} in ${input.name} but ${before.size} in ${before.where}`,
        'the same name must have the same size',
      );
    }
    seen.set(key, { size, where: input.name });
  });
}

/** Row numbers sample by sample. A fixed batch that does not divide the rows gets its last sample filled from the rows before. */
function chunk(count: number, fixed: number | null): number[][] {
  const size = fixed ?? ROWS_PER_SAMPLE;
  const starts = range(0, Math.max(1, Math.ceil(count / size)));
  return starts.map((i) =>
    fixed === null
      ? range(i * size, Math.min((i + 1) * size, count))
      : range(0, size).map((k) => Math.min(i * size, count - size) + k),
  );
}

/** Two files of the same name in two folders: the second becomes `name(2)`. */
function uniqueLabels(names: readonly string[]): string[] {
  const times = new Map<string, number>();
  return names.map((name) => {
    const n = (times.get(name) ?? 0) + 1;
    times.set(name, n);
    return n === 1 ? name : `${name}(${n})`;
  });
}

const mismatch = (message: string, fix: string): OnparError => new OnparError({ code: 'input-mismatch', message, fix });
