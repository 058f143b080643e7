import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { boxAt, iouOf, matchEdges } from '../../src/compare/gates/boxes.ts';
import type { CompareRules } from '../../src/records/rules.ts';
import type { Sample } from '../../src/records/sample.ts';
import type { ToleranceSetting } from '../../src/suite/tolerance-schema.ts';
import { parseTolerances } from '../../src/suite/tolerance-text.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { type Answer, codes, compareScene, contractOf, errors, f32, i64, sampleOf, says, spec, text } from './scene.ts';

const rules = (setting: ToleranceSetting): CompareRules['tolerances'] => parseTolerances(setting);

const judged = (setting: ToleranceSetting, reference: Answer[], candidate: Answer[], more: object = {}) =>
  compareScene({ reference, candidate, rules: { tolerances: rules(setting) }, ...more });

/** Samples with labels beside them, as the sample stage writes them. */
function labelled(labels: readonly (Tensor | null)[], from = 0): { samples: Sample[]; sampleDir: string } {
  const dir = mkdtempSync(join(tmpdir(), 'onpar-labels-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const samples = labels.map((y, i): Sample => {
    const sample = sampleOf(`s${i}`);
    if (y === null) return sample;
    const file = `s${i}.labels.safetensors`;
    writeSafetensors(join(dir, file), new Map([['y', y]]));
    return {
      ...sample,
      labels: { file, digest: '', tensors: [{ name: 'y', dtype: y.dtype, shape: [...y.shape] }], from },
    };
  });
  return { samples, sampleDir: dir };
}

/** Scores of rows of 3 classes in which the given class wins by 1. */
const picks = (...classes: number[]): Tensor =>
  f32(
    classes.flatMap((best) => [0, 1, 2].map((j) => (j === best ? 2 : 1))),
    [classes.length, 3],
  );

describe('argmax', () => {
  it('counts rows, and its limit is reached by exactly what is asked', async () => {
    const sides = [[{ p: picks(0, 1, 2, 0) }], [{ p: picks(0, 1, 2, 1) }]] as const;
    const passing = await judged({ argmax: 0.75 }, [...sides[0]], [...sides[1]]);
    expect(passing.verdict).toBe('pass');
    expect(passing.outputs[0]).toMatchObject({
      grade: 'broken',
      tolerance: { expression: 'top class agrees in at least 75 % of rows', source: 'suite' },
      gate: { name: 'argmax', value: 0.75, limit: 0.75, holds: true, counted: 4, samples: 1 },
    });
    const failing = await judged({ argmax: '75.1%' }, [...sides[0]], [...sides[1]]);
    expect(failing.verdict).toBe('fail');
    expect(errors(failing)).toEqual(['argmax-disagrees']);
    expect(says(failing, 'argmax-disagrees')).toBe(
      'output p: the best class agrees in 75 % of 4 rows, 75.1 % is asked. Worst in sample s0, row [3]: candidate picks class 1, reference 0',
    );
  });

  it('takes a tie within rounding for agreement, and no more than that', async () => {
    const reference = [{ p: f32([1, 1 + 2 ** -23, 0], [1, 3]) }];
    expect((await judged({ argmax: 1 }, reference, [{ p: f32([1.5, 1, 0], [1, 3]) }])).verdict).toBe('pass');
    const apart = [{ p: f32([1, 1.01, 0], [1, 3]) }];
    expect((await judged({ argmax: 1 }, apart, [{ p: f32([1.02, 1.01, 0], [1, 3]) }])).verdict).toBe('fail');
  });

  it('looks along the axis that it is given', async () => {
    // [classes = 2, pixels = 2]: pixel 0 changes its class, pixel 1 does not.
    const reference = [{ p: f32([3, 1, 1, 3], [1, 2, 2]) }];
    const candidate = [{ p: f32([1, 1, 3, 3], [1, 2, 2]) }];
    const result = await judged({ argmax: 0.5, axis: 1 }, reference, candidate);
    expect(result.outputs[0]?.gate).toMatchObject({ value: 0.5, worst: { row: [0, 0] } });
  });

  it('fails the sample where it shows, not the others', async () => {
    const result = await judged({ argmax: 1 }, [{ p: picks(0) }, { p: picks(1) }], [{ p: picks(0) }, { p: picks(2) }]);
    expect(result.samples.map((s) => s.verdict)).toEqual(['pass', 'fail']);
    expect(result.worstSample).toBe('s1');
  });

  it('does not excuse another shape', async () => {
    const result = await judged(
      { argmax: 1 },
      [{ p: picks(0) }, { p: picks(1) }],
      [{ p: picks(0) }, { p: picks(1, 1) }],
    );
    expect(errors(result)).toEqual(['shape-differs']);
    expect(result.samples.map((s) => s.verdict)).toEqual(['pass', 'fail']);
  });

  it('does not excuse NaN, and leaves labels beside the scores exact', async () => {
    const nan = await judged({ argmax: 0 }, [{ p: picks(0) }], [{ p: f32([Number.NaN, 1, 1], [1, 3]) }]);
    expect(errors(nan)).toEqual(['nan-differs']);
    const labels = await judged({ argmax: 0 }, [{ p: picks(0), y: i64([0]) }], [{ p: picks(1), y: i64([1]) }]);
    expect(labels.outputs.map((o) => [o.name, o.verdict])).toEqual([
      ['p', 'pass'],
      ['y', 'fail'],
    ]);
  });

  it.each([
    [f32([1, 2]), { argmax: 0.9, axis: 1 }, 'has no axis 1'],
    [f32([1, 2], [2, 1]), { argmax: 0.9 }, 'no two classes'],
    [text(['a', 'b']), { argmax: 0.9 }, 'texts'],
  ])('cannot be asked of %o', async (p, setting, why) => {
    const result = await judged({ p: setting }, [{ p }], [{ p }]);
    expect(result.verdict).toBe('unverifiable');
    expect(says(result, 'gate-undefined')).toContain(why);
  });
});

describe('topK', () => {
  it('is the mean overlap of the best, in any order', async () => {
    // The best two of the reference are {0, 1} and {3, 2}; the candidate keeps one of the first, both of the second.
    const reference = [{ p: f32([9, 8, 1, 0, 0, 1, 8, 9], [2, 4]) }];
    const candidate = [{ p: f32([9, 1, 8, 0, 0, 1, 9, 8], [2, 4]) }];
    const result = await judged({ topK: 2, overlap: 0.75 }, reference, candidate);
    expect(result).toMatchObject({ verdict: 'pass' });
    expect(result.outputs[0]?.gate).toMatchObject({ value: 0.75, counted: 2, worst: { row: [0] } });
    const strict = await judged({ topK: 2, overlap: '76%' }, reference, candidate);
    expect(says(strict, 'top-k-disagrees')).toContain(
      "the 2 best overlap by 75 % on average over 2 rows, 76 % is asked. Worst in sample s0, row [0]: the candidate's 2 best hold 2",
    );
  });

  it('lets either of two equal scores at the cut in', async () => {
    const reference = [{ p: f32([9, 5, 5, 0], [1, 4]) }];
    expect((await judged({ topK: 2, overlap: 1 }, reference, [{ p: f32([9, 4, 5, 0], [1, 4]) }])).verdict).toBe('pass');
    expect((await judged({ topK: 2, overlap: 1 }, reference, [{ p: f32([9, 4, 4, 5], [1, 4]) }])).verdict).toBe('fail');
  });

  it('reads indices as they are, and counts one that stands twice once', async () => {
    const reference = [{ p: i64([4, 7, 9], [1, 3]) }];
    const same = await judged({ p: { topK: 3, overlap: 1 } }, reference, [{ p: i64([9, 4, 7], [1, 3]) }]);
    expect(same.verdict).toBe('pass');
    const twice = await judged({ p: { topK: 3, overlap: 0 } }, reference, [{ p: i64([4, 4, 4], [1, 3]) }]);
    expect(twice.outputs[0]?.gate?.value).toBeCloseTo(1 / 3);
  });

  it('needs k columns', async () => {
    const result = await judged({ topK: 5, overlap: 1 }, [{ p: picks(0) }], [{ p: picks(0) }]);
    expect(says(result, 'gate-undefined')).toContain('fewer than the 5');
  });
});

describe('accuracy', () => {
  const reference = [{ p: picks(0, 1, 2, 0, 1) }];
  const candidate = [{ p: picks(0, 1, 0, 0, 2) }];
  // The reference is right in 4 of 5, the candidate in 3: it keeps 75 %.
  const truth = [0, 1, 2, 0, 2];

  it.each([
    ['class indices', i64(truth)],
    ['float class indices in a column', f32(truth, [5, 1])],
    [
      'one-hot rows',
      f32(
        truth.flatMap((c) => [0, 1, 2].map((j) => Number(j === c))),
        [5, 3],
      ),
    ],
  ])('is the share of the reference’s, from %s', async (_, labels) => {
    const ok = await judged({ accuracy: 1, labels: 'y' }, reference, [{ p: picks(0, 1, 2, 0, 2) }], labelled([labels]));
    expect(ok.outputs[0]?.gate).toMatchObject({ value: 1.25, accuracy: { reference: 0.8, candidate: 1 } });
    const result = await judged({ accuracy: '99%', labels: 'y' }, reference, candidate, labelled([labels]));
    expect(result.outputs[0]?.gate).toMatchObject({ value: 1, holds: true, counted: 5 });
  });

  it('fails with both accuracies and the first label that was lost', async () => {
    const worse = [{ p: picks(0, 1, 0, 0, 1) }];
    const result = await judged({ accuracy: '99%', labels: 'y' }, reference, worse, labelled([i64(truth)]));
    expect(errors(result)).toEqual(['accuracy-lost']);
    expect(says(result, 'accuracy-lost')).toBe(
      'output p: the candidate is right in 60 % of 5 labels, the reference in 80 %: 75 % of its accuracy is kept, 99 % is asked. Worst in sample s0, row [2]: the label is 2, candidate answers 0, reference 2',
    );
  });

  it('counts labelled samples only, and no row twice', async () => {
    const two = await judged(
      { accuracy: 1, labels: 'y' },
      [{ p: picks(0) }, { p: picks(1) }],
      [{ p: picks(0) }, { p: picks(2) }],
      labelled([i64([0]), null]),
    );
    expect(two).toMatchObject({ verdict: 'pass' });
    expect(two.outputs[0]?.gate).toMatchObject({ counted: 1, samples: 1 });
    const filled = await judged({ accuracy: 0, labels: 'y' }, reference, candidate, labelled([i64(truth)], 3));
    expect(filled.outputs[0]?.gate).toMatchObject({ counted: 2 });
  });

  it('judges one score a row by a threshold, and a label output as it is', async () => {
    const one = (values: number[]): Answer => ({ p: f32(values, [values.length, 1]) });
    const sides = [[one([0.9, 0.2, 0.6])], [one([0.8, 0.3, 0.4])]] as const;
    const labels = labelled([i64([1, 0, 1])]);
    const result = await judged({ accuracy: 0.6, labels: 'y', threshold: 0.5 }, [...sides[0]], [...sides[1]], labels);
    expect(result.outputs[0]?.gate).toMatchObject({ accuracy: { reference: 1, candidate: 2 / 3 } });
    const open = await judged({ accuracy: 0.6, labels: 'y' }, [...sides[0]], [...sides[1]], labels);
    expect(says(open, 'gate-undefined')).toContain('threshold: 0.5');
    const named = await judged(
      { p: { accuracy: 1, labels: 'y' } },
      [{ p: i64([2, 1]) }],
      [{ p: i64([2, 0]) }],
      labelled([i64([2, 0])]),
    );
    expect(named).toMatchObject({ verdict: 'pass' });
  });

  it('reads text labels through the names of the classes', async () => {
    const contract = contractOf([spec('p', { classes: ['cat', 'dog', 'owl'] })]);
    const result = await compareScene({
      reference: { answers: [{ p: picks(0, 2) }], contract },
      candidate: { answers: [{ p: picks(0, 1) }], contract },
      rules: { tolerances: rules({ accuracy: 1, labels: 'y' }) },
      ...labelled([text(['cat', 'owl'])]),
    });
    expect(says(result, 'accuracy-lost')).toContain('the label is owl, candidate answers dog, reference owl');
  });

  it.each([
    ['regression labels', f32([0.37, 1, 2, 0, 1]), 'accuracy counts classes; give a regression'],
    ['classes counted from 1', i64([1, 2, 3, 1, 2]), 'hold 3, but the output has the classes 0 to 2'],
    ['another number of rows', i64([1, 2]), 'have the shape [2]; class indices of shape [5]'],
    ['rows that are not one-hot', f32(Array(15).fill(1), [5, 3]), 'is not one-hot'],
    ['labels that nobody meets', i64([1, 0, 0, 1, 0]), 'none of the 5 labels'],
  ])('refuses %s', async (_, labels, why) => {
    const result = await judged({ accuracy: 1, labels: 'y' }, reference, candidate, labelled([labels]));
    expect(result.verdict).toBe('unverifiable');
    expect(says(result, 'gate-undefined')).toContain(why);
  });

  it('is unverifiable without labels, but asks none of special values', async () => {
    const none = await judged({ accuracy: 1, labels: 'y' }, reference, candidate, labelled([null]));
    expect(says(none, 'gate-undefined')).toContain('no sample has labels `y`');
    const { samples, sampleDir } = labelled([null]);
    const special = samples.map((s): Sample => ({ ...s, group: 'special' }));
    const apart = await judged({ accuracy: 1, labels: 'y' }, reference, candidate, { samples: special, sampleDir });
    expect(apart.verdict).toBe('pass');
  });
});

describe('boxes', () => {
  it('measures IoU in every format', () => {
    const corners = Float64Array.of(0, 0, 10, 10, 5, 0, 15, 10);
    // Half of each is shared: 50 / (100 + 100 − 50).
    expect(iouOf(boxAt(corners, 0, 'xyxy'), boxAt(corners, 1, 'xyxy'))).toBeCloseTo(1 / 3, 15);
    expect(boxAt(Float64Array.of(5, 0, 10, 10), 0, 'xywh')).toEqual(boxAt(corners, 1, 'xyxy'));
    expect(boxAt(Float64Array.of(10, 5, 10, 10), 0, 'cxcywh')).toEqual(boxAt(corners, 1, 'xyxy'));
    const empty = { x1: 0, y1: 0, x2: 0, y2: 0 };
    expect([iouOf(empty, empty), iouOf(empty, { ...empty, x1: 1, x2: 1 })]).toEqual([1, 0]);
  });

  it('matches as many as there can be, where the greedy choice leaves two alone', () => {
    const edges = [
      { reference: 0, candidate: 0, weight: 0.99 },
      { reference: 0, candidate: 1, weight: 0.8 },
      { reference: 1, candidate: 0, weight: 0.8 },
    ];
    expect([...matchEdges(edges, 2, 2)]).toEqual([1, 0]);
  });

  it('finds a maximum on random graphs, as trying everything does', () => {
    let state = 7;
    const random = (): number => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return state / 2 ** 31;
    };
    const most = (edges: readonly { reference: number; candidate: number }[], at: number, used: number): number => {
      if (at === 5) return 0;
      const own = edges.filter((e) => e.reference === at && (used & (1 << e.candidate)) === 0);
      return Math.max(most(edges, at + 1, used), ...own.map((e) => 1 + most(edges, at + 1, used | (1 << e.candidate))));
    };
    for (let round = 0; round < 200; round++) {
      const edges = Array.from({ length: 25 }, (_, i) => ({
        reference: Math.floor(i / 5),
        candidate: i % 5,
        weight: random(),
      })).filter(() => random() < 0.35);
      const matched = [...matchEdges(edges, 5, 5)].filter((c) => c >= 0);
      expect(new Set(matched).size).toBe(matched.length);
      expect(matched.length).toBe(most(edges, 0, 0));
    }
  });

  const far = [100, 100, 110, 110];
  const a = [0, 0, 10, 10];
  const b = [20, 0, 30, 10];
  const boxes = (...rows: number[][]): Tensor => f32(rows.flat(), [rows.length, 4]);
  const head = (rows: number[][], scores: number[], classes: number[]): Answer => ({
    boxes: boxes(...rows),
    scores: f32(scores),
    classes: i64(classes),
  });
  const gate = { iou: 0.9, scores: 'scores', classes: 'classes' } as const;

  it('is free of order, also for the scores and classes beside', async () => {
    const result = await judged(
      { boxes: gate },
      [head([a, b], [0.9, 0.8], [1, 2])],
      [head([b, a], [0.81, 0.9], [2, 1])],
    );
    expect(codes(result.findings, 'error')).toEqual([]);
    expect(result.verdict).toBe('pass');
    expect(result.outputs.find((o) => o.name === 'scores')?.tolerance.expression).toBe(
      'with boxes: every box matched by IoU ≥ 0.9',
    );
  });

  it('judges another count by its share, with the box that stands alone', async () => {
    const sides = [[head([a, b, far], [0.9, 0.8, 0.51], [1, 2, 3])], [head([b, a], [0.8, 0.9], [2, 1])]] as const;
    const strict = await judged({ boxes: gate }, [...sides[0]], [...sides[1]]);
    expect(errors(strict)).toEqual(['boxes-differ']);
    expect(says(strict, 'boxes-differ')).toBe(
      "output boxes: 80 % of 5 boxes have a partner with IoU ≥ 0.9, 100 % is asked. Worst in sample s0: 1 of the reference's boxes without a partner, first (100, 100, 110, 110)",
    );
    expect(strict.outputs.map((o) => o.verdict)).toEqual(['fail', 'fail', 'fail']);
    // 4 of 5: the Dice coefficient of 3 and 2 boxes with 2 pairs.
    const loose = await judged({ boxes: { ...gate, matched: 0.8 } }, [...sides[0]], [...sides[1]]);
    expect(loose).toMatchObject({ verdict: 'pass', grade: 'broken' });
    expect(codes(loose.findings, 'info')).toEqual(['shape-differs']);
  });

  it('lets a box beside the cut find its partner below it', async () => {
    const cut = { ...gate, minScore: 0.5 };
    const reference = [head([a, far], [0.9, 0.51], [1, 1])];
    const result = await judged({ boxes: cut }, reference, [head([a, far], [0.9, 0.49], [1, 1])]);
    expect(result.verdict).toBe('pass');
    const low = await judged({ boxes: cut }, [head([a, far], [0.9, 0.4], [1, 1])], [head([a, b], [0.9, 0.4], [1, 1])]);
    expect(low.verdict).toBe('pass');
    expect((await judged({ boxes: cut }, reference, [head([a], [0.9], [1])])).verdict).toBe('fail');
  });

  it('asks for the same class and nearly the same score', async () => {
    const reference = [head([a], [0.9], [1])];
    expect(errors(await judged({ boxes: gate }, reference, [head([a], [0.9], [2])]))).toEqual(['boxes-differ']);
    expect(errors(await judged({ boxes: gate }, reference, [head([a], [0.79], [1])]))).toEqual(['boxes-differ']);
    expect((await judged({ boxes: { ...gate, scoreWithin: 0.2 } }, reference, [head([a], [0.79], [1])])).verdict).toBe(
      'pass',
    );
  });

  it.each([
    [{ boxes: f32([1, 2, 3], [1, 3]) }, { iou: 0.5 }, 'boxes are [boxes, 4]'],
    [{ boxes: boxes(a), scores: f32([1, 2]) }, { iou: 0.5, scores: 'scores' }, 'one for each of 1 boxes'],
    [{ boxes: boxes(a) }, { iou: 0.5, classes: 'kinds' }, 'is no output of both sides'],
    [head([a], [0.1], [1]), { iou: 0.5, scores: 'scores', minScore: 0.5 }, 'scored 0.5 or more in any sample'],
  ])('cannot be asked of %o', async (answer, setting, why) => {
    const result = await judged({ boxes: setting }, [answer], [answer]);
    expect(result.verdict).toBe('unverifiable');
    expect(says(result, 'gate-undefined')).toContain(why);
  });

  it('keeps the images of a batch apart', async () => {
    const batch = (first: number[], second: number[]): Answer => ({ boxes: f32([...first, ...second], [2, 1, 4]) });
    const result = await judged({ boxes: { iou: 0.9 } }, [batch(a, b)], [batch(b, a)]);
    expect(result.outputs[0]?.gate).toMatchObject({ value: 0, counted: 4, worst: { row: [0] } });
  });
});
