import { describe, expect, test } from 'vitest';
import type { OutputComparison } from '../../src/records/comparison.ts';
import type { ReportCase } from '../../src/records/report.ts';
import { renderPage } from '../../src/report/html/page.tsx';
import { judgedLine, questionsOf, remarksOf, ruleWords } from '../../src/report/judged.ts';
import { junitXml } from '../../src/report/reporters/junit.ts';
import { summaryMarkdown } from '../../src/report/reporters/markdown.ts';
import { makeReport, output } from './build.ts';
import { capture } from './capture.ts';
import { STORIES } from './stories.ts';
import { gatedCases, judgedCases, rounding } from './story-cases.ts';

const all = [...judgedCases(), ...gatedCases()];
const outputOf = (name: string): OutputComparison => {
  const found = all.find((c) => c.case === name)?.outputs[0];
  if (found === undefined) throw new Error(`no story ${name}`);
  return found;
};

test('the rule that gave each verdict', () => {
  expect(Object.fromEntries(all.map((c) => [c.case, ruleWords(outputOf(c.case))]))).toMatchInlineSnapshot(`
    {
      "any-order": "auto: float64 on both sides",
      "chaotic-rnn": "auto: the noise floor, inputs and weights moved by one float32 step",
      "computed-badly": "auto: float64 on both sides",
      "detector": "a task gate of the suite: every box scored 0.5 or more matched by IoU ≥ 0.9",
      "float64-agrees": "auto: float64 on both sides",
      "float64-differs": "auto: float64 on both sides",
      "floor-inputs": "auto: the noise floor, inputs alone moved by one float32 step",
      "floor-weights": "auto: the noise floor, inputs and weights moved by one float32 step",
      "int8-floor": "auto: the noise floor, inputs and weights moved by one declared int8 step",
      "mnist-int8": "a task gate of the suite: accuracy on labels y is at least 99 % of the reference's",
      "nothing-measured": "auto: the table of float32, since nothing could be measured",
      "uninformative": "auto: the noise floor, inputs and weights moved by one float32 step",
    }
  `);
  const by = (source: string, expression?: string): string =>
    ruleWords(output({ more: { tolerance: { atol: 1, rtol: 0, source, ...(expression && { expression }) } } }));
  expect(['suite', 'command line', 'preset int8', 'exact', 'dtype-table'].map((source) => by(source))).toEqual([
    'bounds of the suite',
    'bounds of the command line',
    'the preset int8',
    'exactly: integers, booleans and texts have no rounding',
    'auto: the table of the dtype',
  ]);
  expect(by('expression', 'maxAbs < 1')).toBe('an expression: maxAbs < 1');
  expect(ruleWords(output({ error: 0, grade: 'identical' }))).toBe('auto: every bit is the same');
});

test('one line an output', () => {
  expect(Object.fromEntries(all.map((c) => [c.case, judgedLine(outputOf(c.case))]))).toMatchInlineSnapshot(`
    {
      "any-order": "4e-6 off, 0.26× what storing the weights costs (limit 25×) · judged by float64",
      "chaotic-rnn": "3.1e-5 off, 1.4× the noise floor (limit 8×) · judged by the noise floor",
      "computed-badly": "3.2e-4 off, 1520× what sound rounding explains (limit 8×) · judged by float64",
      "detector": "98.2 % where 100 % is asked, 1 214 boxes of 12 samples · judged by its task",
      "float64-agrees": "2.6e-7 off, 0.26× what storing the weights costs (limit 25×) · judged by float64",
      "float64-differs": "3.2e-4 off, 2670× what storing the weights costs (limit 25×) · judged by float64",
      "floor-inputs": "3.2e-4 off, 213× the noise floor (limit 32×) · judged by the noise floor",
      "floor-weights": "2.6e-7 off, 0.82× the noise floor (limit 8×) · judged by the noise floor",
      "int8-floor": "0.02 off, 0.7× the noise floor (limit 3×) · judged by the noise floor",
      "mnist-int8": "99.7 % where 99 % is asked, 10 000 labels of 40 samples; accuracy 95.8 % against 96.1 % of the reference · judged by its task",
      "nothing-measured": "2.4e-7 off · judged by the table of float32",
      "uninformative": "0.3 off, 0.82× the noise floor (limit 8×), no sample can show a fault · judged by the noise floor",
    }
  `);
  expect(judgedLine(output({}))).toBeNull();
});

describe('questions', () => {
  test('those that decide come first, and an error that any order of sums may make is computed well', () => {
    const asked = (name: string) =>
      questionsOf(outputOf(name).rounding ?? rounding()).map((q) => [q.title, q.decides, q.holds]);
    expect(asked('float64-differs')).toEqual([
      ['Is it the same function?', true, false],
      ['Is it computed well?', true, true],
      ['Is it within the noise floor?', false, false],
    ]);
    expect(asked('any-order')[1]).toEqual(['Is it computed well?', true, true]);
    expect(asked('computed-badly')[1]).toEqual(['Is it computed well?', true, false]);
    expect(asked('floor-inputs')).toEqual([['Is it within the noise floor?', true, false]]);
  });
  test('NaN as a ratio never holds', () => {
    expect(questionsOf(rounding({ ratio: 'NaN' }))[0]?.holds).toBe(false);
  });
});

test('what limits an answer is said', () => {
  const horizon = outputOf('chaotic-rnn').rounding ?? rounding();
  expect(remarksOf(horizon)).toEqual([
    '5 of 12 samples could show no fault: their floor exceeds 1 % of scale',
    'judged up to index 41 of axis 1: from there on rounding grows to more than 1 % of scale',
    '3.1 % of the elements jump under rounding (thresholds, ties) and are judged by their share',
    'worst in sample large-1, index 2 of axis 1',
  ]);
  expect(remarksOf(rounding({ informative: 0 }))[0]).toBe(
    "no sample of 12 can show a fault: their floor exceeds 1 % of the output's scale",
  );
  expect(remarksOf(rounding({ worst: null }))).toEqual([]);
});

describe('every reporter says it', () => {
  const line = judgedLine(outputOf('float64-differs')) ?? '';
  test('terminal', async () => {
    const { stdout } = await capture(STORIES.judged(), ['terminal'], { columns: 160 });
    expect(stdout.replace(/\s+/g, ' ')).toContain(line);
    expect(stdout).toContain('no sample of 12 can show a fault');

    const gated = (await capture(STORIES.gated(), ['terminal'], { columns: 160 })).stdout;
    expect(gated.replace(/\s+/g, ' ')).toContain(
      '98.2 % where 100 % is asked, 1\u202f214 boxes of 12 samples · judged by its task'.replace(/\s+/g, ' '),
    );
  });
  test('a set of another count each time is judged, though no element is compared', async () => {
    const [, detector] = gatedCases();
    const boxes = detector?.outputs[0] as OutputComparison;
    const bare = {
      ...boxes,
      metrics: { ...boxes.metrics, elements: 0 },
      worst: null,
      worstElements: [],
      histogram: null,
    };
    const text = junitXml(makeReport([{ ...detector, outputs: [bare] } as ReportCase]));
    expect(text).toContain('boxes: asked for: every box scored 0.5 or more matched by IoU ≥ 0.9');
    expect(text).not.toContain('outside the tolerance');
  });
  test('Markdown and JUnit', () => {
    expect(summaryMarkdown(STORIES.judged())).toContain('judged by float64');
    expect(junitXml(STORIES.judged())).toContain(line);
    expect(junitXml(STORIES.gated())).toContain('judged by its task');
  });
  test('the page: rule, questions with their answers, floors by sample, the accepting line', () => {
    const text = renderPage(STORIES.judged());
    const count = (what: string | RegExp): number => text.split(what).length - 1;
    expect(count('<b>Judged by</b>')).toBe(judgedCases().length);
    expect(count('class="question"') + count('class="question aside"')).toBe(
      judgedCases().reduce((n, c) => n + questionsOf(outputOf(c.case).rounding ?? rounding()).length, 0),
    );
    expect(count('class="floors"')).toBe(judgedCases().length - 1);
    expect(count('To accept it')).toBe(3);
    expect(text).toContain('by float64');
    const gated = renderPage(STORIES.gated());
    expect(gated).toContain('accuracy 95.8 % against 96.1 % of the reference');
    expect(gated).not.toContain('To accept it');
    expect(gated).toContain('by its task');
  });
});
