import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { sentence } from '../../src/core/findings.ts';
import { roundUp } from '../../src/core/round-up.ts';
import type { OutputComparison } from '../../src/records/comparison.ts';
import type { ReportCase } from '../../src/records/report.ts';
import { type KeptOutput, keptOutputs } from '../../src/report/suggest/kept.ts';
import { tightestPair } from '../../src/report/suggest/pair.ts';
import { suggestCase, suiteLines } from '../../src/report/suggest/suggest.ts';
import { suggestionText } from '../../src/report/suggest/text.ts';
import { parseTolerances } from '../../src/suite/tolerance-text.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import type { Tensor } from '../../src/tensor/tensor.ts';
import { compareScene, f32, f64, i64 } from '../compare/scene.ts';
import { scratch } from '../scratch.ts';
import { conversion, finding, output } from './build.ts';
import { broken, crashed, notFinite, rounding, subtle } from './story-cases.ts';

const ROUNDING = rounding({ ratio: 200 });

type Scene = readonly (readonly [reference: Tensor, candidate: Tensor])[];

/** Compares, suggests, and holds the same tensors, and worse ones, against each suggestion. */
async function tried(samples: Scene, worse: Scene, kept: (output: string) => KeptOutput | null = () => null) {
  const scene = (of: Scene) => ({ reference: of.map(([y]) => ({ y })), candidate: of.map(([, y]) => ({ y })) });
  const result = await compareScene(scene(samples));
  const findings = result.findings.map((f) => ({ ...f, args: { ...f.args }, message: sentence(f) }));
  const c = conversion({ case: 'c', outputs: [...result.outputs], more: { findings } });
  const [own] = suggestCase(c, kept).outputs;
  const lines: string[] = [];
  for (const { yaml } of own?.suggestions ?? []) {
    const tolerances = parseTolerances(parse(`{ y: ${yaml} }`));
    const run = async (of: Scene) => (await compareScene({ ...scene(of), rules: { tolerances } })).verdict;
    expect([yaml, await run(samples)]).toEqual([yaml, 'pass']);
    expect([yaml, await run(worse)]).toEqual([yaml, 'fail']);
    lines.push(yaml);
  }
  return { lines, own };
}

const scaled = (by: number): Scene => [
  [f64([1, -1, 1, -1]), f64([1 + 0.002 * by, -1, 1, -1 - 0.001 * by])],
  [f64([100, -100]), f64([100 + 0.3 * by, -100])],
];

test('what is suggested passes, and twice the error does not', async () => {
  const { lines, own } = await tried(scaled(1), scaled(2));
  expect(lines).toEqual(['{ relative: "0.45%" }', '{ atol: 0.45 }', '"cosine > 0.9999983 and maxAbs < 0.45"']);
  expect(own?.suggestions[0]?.accepts).toBe('accepts errors up to 0.45 % of scale');
});

test('a sample of zeros that differs has no share: bounds alone', async () => {
  const zeros = (by: number): Scene => [
    [f64([1, -1]), f64([1, -1])],
    [f64([0, 0]), f64([0, 0.01 * by])],
  ];
  const { lines } = await tried(zeros(1), zeros(2));
  expect(lines).toEqual(['{ atol: 0.015 }', '"cosine > 0.999962 and maxAbs < 0.015"']);
});

test('with the elements at hand: a pair where it allows clearly less, proven for the other samples too', async () => {
  // One large value with a large error, many small ones with small errors, and another sample with an error of its own.
  const small = Array.from({ length: 50 }, (_, i) => 0.1 + i / 100);
  const make = (by: number): Scene => [
    [f64([1000, ...small]), f64([1000 + 2 * by, ...small.map((v) => v + 1e-4 * by)])],
    [f64([1, -1]), f64([1 + 3e-4 * by, -1])],
  ];
  const [[reference, candidate]] = make(1) as [readonly [Tensor, Tensor], ...Scene];
  const kept: KeptOutput = {
    sample: 's0',
    reference: new Float64Array(
      reference.data.buffer.slice(reference.data.byteOffset, reference.data.byteOffset + reference.data.byteLength),
    ),
    candidate: new Float64Array(
      candidate.data.buffer.slice(candidate.data.byteOffset, candidate.data.byteOffset + candidate.data.byteLength),
    ),
  };
  const { lines } = await tried(make(1), make(2), () => kept);
  expect(lines).toContain('{ atol: 0.00045, rtol: 0.003 }');
});

test('the tightest pair on its own: known places, none for NaN, none where nothing differs', () => {
  // |d| = 0.1 at 0 needs atol 0.1; |d| = 1.1 at 10 then needs rtol 0.1.
  expect(tightestPair(Float64Array.of(0, 10), Float64Array.of(0.1, 11.1), 1, 0)).toMatchObject({
    atol: 0.1,
    rtol: 0.1,
  });
  expect(tightestPair(Float64Array.of(1, 1), Float64Array.of(1, Number.NaN), 1, 0)).toBeNull();
  expect(tightestPair(Float64Array.of(1, Number.NaN), Float64Array.of(1, Number.NaN), 1, 0)).toBeNull();
  // What another sample needs is never undercut.
  expect(tightestPair(Float64Array.of(0, 10), Float64Array.of(0.1, 11.1), 1, 0.5)?.atol).toBeGreaterThanOrEqual(0.5);
});

test('every pair holds every element, over many shapes of error', () => {
  let state = 1;
  const random = (): number => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
  for (let round = 0; round < 50; round++) {
    const reference = Float64Array.from({ length: 40 }, () => (random() - 0.5) * 10 ** (4 * random()));
    const candidate = reference.map((r) => r + (random() - 0.5) * (1e-4 + Math.abs(r) * 10 ** (-2 - 3 * random())));
    const pair = tightestPair(reference, candidate, 1, 0);
    const holds = reference.every(
      (r, i) => Math.abs((candidate[i] as number) - r) <= (pair?.atol ?? 0) + (pair?.rtol ?? 0) * Math.abs(r),
    );
    expect(holds).toBe(true);
  }
});

test('two digits, never below', () => {
  expect([0.00123, 0.001, 9.99, 1234, 0].map(roundUp)).toEqual([0.0013, 0.001, 10, 1300, 0]);
});

describe('what is refused', () => {
  const refusedOf = (c: ReportCase): (string | null)[] => suggestCase(c).outputs.map((o) => o.refused);

  test('NaN on one side', () => {
    expect(refusedOf(notFinite())[0]).toContain('NaN');
  });
  test('labels', async () => {
    const { own } = await tried([[i64([1, 2]), i64([1, 3])]], []);
    expect(own).toMatchObject({ suggestions: [], refused: expect.stringContaining('would accept other labels') });
  });
  test('another shape', async () => {
    const { own } = await tried([[f32([1, 2]), f32([1, 2, 3])]], []);
    expect(own?.refused).toContain('[shape-differs]');
  });
  test('a fault of the contract blocks the conversion, not the numbers of an output', () => {
    const { blocked, outputs } = suggestCase(broken());
    expect(blocked).toEqual([expect.stringContaining('[dim-frozen]')]);
    expect(outputs[0]?.suggestions.length).toBeGreaterThan(0);
    expect(outputs[0]?.warnings[0]).toContain('more than 5 %');
  });
  test('nothing compared', () => {
    expect(suggestionText(crashed(), suggestCase(crashed()))).toContain('  nothing was compared');
  });
});

describe('in words', () => {
  const one = (more: Partial<OutputComparison>): string => {
    const c = conversion({
      case: 'c',
      outputs: [output({ error: 1.7e-3, grade: 'close', verdict: 'fail', more })],
      more: { findings: [finding('values-close', 'output logits', { scaled: '0.1 %', accept: 'x' })] },
    });
    return suggestionText(c, suggestCase(c)).join('\n');
  };
  test('how many times rounding, where that was measured', () => {
    expect(one({ rounding: ROUNDING })).toContain(
      'accepts errors up to 0.15 % of scale: 300 times what rounding explains',
    );
    expect(one({ rounding: { ...ROUNDING, ratio: 0.5 } })).toContain('no more than rounding explains');
    expect(one({})).not.toContain('rounding explains');
  });
  test('a warning where float64 shows another function', () => {
    const question = { distance: 1e-3, spread: 1e-6, ratio: 1000, limit: 13 };
    expect(one({ rounding: { ...ROUNDING, function: question } })).toContain('! float64 shows another function');
  });
  test('the whole text of a conversion that is nearly right', () => {
    const c = subtle();
    expect(
      suggestionText(
        c,
        suggestCase(c, () => null),
      ).join('\n'),
    ).toMatchInlineSnapshot(`
      "normaliser/onnx@onnxruntime-node  fail: close
        tolerance:
          features: { relative: "0.061%" }

        features
          { relative: "0.061%" }                     accepts errors up to 0.061 % of scale
          { atol: 0.0011 }                           accepts errors up to 0.0647 % of scale (the elements are not kept: one bound for all of them)
          "cosine > 0.99999975 and maxAbs < 0.0011"  accepts errors up to 0.0647 % of scale, and less than that in all

        pooled
          auto  within rounding: no tolerance is needed"
    `);
    expect(suiteLines(suggestCase(c))).toEqual(['tolerance:', '  features: { relative: "0.061%" }']);
  });
});

describe('kept tensors', () => {
  const y = f32([1, 2]);
  const folder = (): string => {
    const dir = scratch();
    mkdirSync(join(dir, 'tensors'));
    writeSafetensors(join(dir, 'tensors', 'r.safetensors'), new Map([['logits', y]]));
    writeSafetensors(join(dir, 'tensors', 'c.safetensors'), new Map([['logits', f32([1, 2.5])]]));
    return dir;
  };
  const tensors = {
    sample: 'large-1',
    inputs: '',
    reference: 'tensors/r.safetensors',
    candidate: 'tensors/c.safetensors',
  };
  const read = (more: Partial<ReportCase>) =>
    keptOutputs({ ...conversion({ case: 'c' }), tensors, ...more }, folder())('logits');

  test('are read from the run folder', () => {
    expect(read({})).toMatchObject({
      sample: 'large-1',
      reference: Float64Array.of(1, 2),
      candidate: Float64Array.of(1, 2.5),
    });
  });
  test('never from outside it, and their absence is no error', () => {
    expect(read({ tensors: null })).toBeNull();
    expect(read({ tensors: { ...tensors, candidate: null } })).toBeNull();
    expect(read({ tensors: { ...tensors, candidate: 'tensors/none.safetensors' } })).toBeNull();
    expect(read({ tensors: { ...tensors, candidate: '../../../../../../etc/passwd' } })).toBeNull();
  });
});
