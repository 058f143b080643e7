import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { annotations, command } from '../../src/report/reporters/github.ts';
import { reportJson } from '../../src/report/reporters/json.ts';
import { summaryMarkdown } from '../../src/report/reporters/markdown.ts';
import { capture } from './capture.ts';
import { many, STORIES } from './stories.ts';

test('summary of a run that holds: verdict, totals, table', () => {
  expect(summaryMarkdown(STORIES.skipped())).toMatchInlineSnapshot(`
    "## ✓ Parity holds

    **1 of 1 conversion skipped**

    \`onpar.yaml\` · 20 Nov 2026 14:02 UTC · 38 s · seed 7 · onpar 0.1.0

    ### All conversions

    | | conversion | verdict | |
    | --- | --- | --- | --- |
    | – | \`digits/onnx@openvino\` | skipped | runtime openvino is not available: this processor has no AVX2 |
    "
  `);
});

test('summary of a failure: in words, with cause, place and command', () => {
  expect(summaryMarkdown(STORIES.subtle())).toMatchInlineSnapshot(`
    "## ✗ Parity does not hold

    **1 of 1 conversion fails**

    \`onpar.yaml\` · 20 Nov 2026 14:02 UTC · 38 s · seed 7 · onpar 0.1.0

    ### What broke

    #### ~ \`normaliser/onnx@onnxruntime-node\` fail: close

    - output features: 4.06e-4 of the output’s scale is more than rounding. To accept it, write \`tolerance: { features: { relative: 0.1% } }\` (\`values-close\`)
    - asked for opset 21, the exporter wrote 20 (\`opset-changed\`)
    - \`features\`: 106 of 320 elements (33.1 %) outside, max abs 6.9e-4, max rel 0.00131; allowed atol 1e-5 + rtol 1.3e-6·\\|reference\\| (dtype-table)
    - **Cause:** BatchNormalization bn1 has another epsilon (0.00001 in the reference, 0.001 in the candidate) (\`epsilon-differs\`)
    - first wrong at BatchNormalization /bn1/BatchNormalization (bn1), model.py:31
    - Again: \`onpar run onpar.yaml --case normaliser/onnx@onnxruntime-node\`

    ### All conversions

    | | conversion | verdict | |
    | --- | --- | --- | --- |
    | ~ | \`normaliser/onnx@onnxruntime-node\` | fail: close | max error 4.1e-4 of scale |
    "
  `);
});

test('names out of a model are no markup', () => {
  // What remains outside of code spans and comments of ours is what a renderer would read as markup.
  const text = summaryMarkdown(STORIES.hostile())
    .replace(/(?<![\\`])(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, 'CODE')
    .replaceAll('<!-- -->', '');
  expect(text).not.toMatch(/<[a-z/]/i);
  expect(text).not.toMatch(/(?<!\\)\]\(/);
  expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]|(?!\n)\p{Cc}/u);
});

test('a summary stays under the 1 MiB at which GitHub drops it', () => {
  expect(summaryMarkdown(many(2000)).length).toBeLessThan(400_000);
});

test('annotations: worst first, at the source line or the suite file, escaped', () => {
  const lines = annotations(STORIES.mixed());
  expect(lines.filter((l) => l.startsWith('::error ')).map((l) => l.slice(0, 80))).toMatchInlineSnapshot(`
    [
      "::error file=onpar.yaml,title=log-softmax/onnx@onnxruntime-node%3A fail%3A broke",
      "::error file=model.py,line=31,title=digits/tflite-int8@litert%3A fail%3A broken:",
      "::error file=onpar.yaml,title=detector/onnx@onnxruntime%3A error::output boxes: ",
      "::error file=model.py,line=31,title=normaliser/onnx@onnxruntime-node%3A fail%3A ",
      "::error file=onpar.yaml,title=dropout-net/onnx@onnxruntime-node%3A unverifiable:",
    ]
  `);
  const hostile = annotations(STORIES.hostile()).join('\n').split('\n');
  expect(hostile.every((l) => /^::(error|warning) /.test(l))).toBe(true);
  expect(hostile).toHaveLength(2);
  expect(command('error', { title: 'a:b,c%' }, '100 %\nnext\u001b')).toBe(
    '::error title=a%3Ab%2Cc%25::100 %25%0Anext\\u{1b}',
  );
});

test('more than ten annotations end with how many more there are', () => {
  const lines = annotations(many(200));
  expect(lines).toHaveLength(10);
  expect(lines.at(-1)).toMatch(/14 more conversions/);
});

test('a run without conversions is an annotation, a run that holds is none', () => {
  expect(annotations(STORIES.empty())).toHaveLength(1);
  expect(annotations(STORIES.passing())).toEqual([]);
});

test('the github reporter appends the summary to the step summary', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'onpar-summary-'));
  try {
    const file = join(folder, 'summary.md');
    await capture(STORIES.passing(), ['github'], { env: { GITHUB_STEP_SUMMARY: file } });
    await capture(STORIES.broken(), ['github'], { env: { GITHUB_STEP_SUMMARY: file } });
    const text = await readFile(file, 'utf8');
    expect(text).toContain('## ✓ Parity holds');
    expect(text).toContain('## ✗ Parity does not hold');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('report.json is the record, unchanged', async () => {
  const report = STORIES['not-finite']();
  const { files } = await capture(report, ['json'], { files: ['report.json'] });
  expect(files['report.json']).toBe(reportJson(report));
  expect(JSON.parse(files['report.json'] ?? '')).toEqual(report);
});
