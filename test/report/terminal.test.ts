import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/records/event.ts';
import { createContext } from '../../src/report/context.ts';
import { createTerminal } from '../../src/report/reporters/terminal.ts';
import { shorten, textWidth } from '../../src/report/terminal/style.ts';
import { capture } from './capture.ts';
import { STORIES } from './stories.ts';

test('a run that holds: one quiet line a conversion, totals, where the report is', async () => {
  const { stdout, stderr } = await capture(STORIES.passing(), ['terminal', 'html']);
  expect(stderr).toBe('');
  expect(stdout).toMatchInlineSnapshot(`
    "onpar 0.1.0  onpar.yaml · 14 conversions · seed 7

      ≡ digits/onnx@onnxruntime-node                  equivalent      max error 1.4e-7 of scale
      ≡ digits/onnx@onnxruntime                       equivalent      max error 1.5e-7 of scale
      = digits/torchscript@torch                      identical
      ≡ text-encoder/onnx@onnxruntime-node            equivalent      max error 1.1e-6 of scale
      ≡ text-encoder/onnx@onnxruntime                 equivalent      max error 1.2e-6 of scale
      = text-encoder/torchscript@torch                identical
      ≡ segmenter/onnx@onnxruntime-node               equivalent      max error 2.8e-6 of scale
      ≡ mnist-keras/onnx@onnxruntime-node             equivalent      max error 7.1e-8 of scale
      ≡ mnist-keras/tflite@litert                     equivalent      max error 5.6e-8 of scale
      ≡ keras-lstm/onnx@onnxruntime-node              equivalent      max error 5.2e-7 of scale
      ≡ keras-lstm/tflite@litert                      equivalent      max error 4.2e-7 of scale
      ≡ iris-forest/onnx@onnxruntime-node             equivalent      max error 1.9e-7 of scale
      ≡ iris-logreg/onnx@onnxruntime-node             equivalent      max error 3e-7 of scale
      ≡ house-prices/onnx@onnxruntime-node            equivalent      max error 7.3e-8 of scale

    Parity holds: all 14 conversions pass
    38 s · seed 7 · exit code 0
    report: <out>/index.html
    "
  `);
});

test('a broken conversion: findings with code, cause, place, numbers in the manner of numpy, command', async () => {
  const { stdout } = await capture(STORIES.broken(), ['terminal']);
  expect(stdout).toMatchInlineSnapshot(`
    "onpar 0.1.0  onpar.yaml · 1 conversion · seed 7

      ✗ digits/tflite-int8@litert                     fail: broken    max error 4.9 of scale

    ✗ digits/tflite-int8@litert  fail: broken
      - output logits: 33.1 % of the elements lie outside the tolerance; the worst in sample large-1 at
        [0, 2]: candidate 10, reference 1.7 [values-differ]
      - input image: dimension 0 (batch) is frozen to 1 in the candidate [dim-frozen]
      - cause: the first Dense saturates (63 % of values at +127): calibrated on 0…1, fed 0…16. If the
        input is divided by 16: error 8.31 → 0.04 [saturation]
      - first wrong at FULLY_CONNECTED dense_1 (dense_1/BiasAdd), model.py:31
      - logits: 106 of 320 elements (33.1 %) outside the tolerance
        max abs 8.31 · max rel 15.8 · of scale 4.89 · allowed atol 1e-5 + rtol 1.3e-6·|reference|
          (dtype-table)
        worst places, in sample large-1:
          index   reference  candidate  |difference|
          [0, 2]        1.7         10          8.31
          [0, 5]       1.92       9.98          8.06
          [0, 8]       2.14       9.96          7.82
          [0, 1]       2.36       9.95          7.58
          [0, 4]       2.58       9.94          7.36
        again: onpar run onpar.yaml --case digits/tflite-int8@litert

    Parity does not hold: 1 of 1 conversion fails
    38 s · seed 7 · exit code 1
    report: <out>
    "
  `);
});

test('NaN and infinities are named, and a pair that differs late is shown long enough', async () => {
  const { stdout } = await capture(STORIES['not-finite'](), ['terminal']);
  expect(stdout).toContain('NaN differs at 3, infinity at 1 places');
  expect(stdout).toMatch(/\[0, 7\]\s+−∞\s+NaN\n/);
  expect(stdout).toMatch(/\[0, 1\]\s+1\s+1\.0000001\s+1e-7/);
});

test('an expected failure is one calm line and no explanation', async () => {
  const { stdout } = await capture(STORIES.expected(), ['terminal']);
  expect(stdout).toContain('✗ legacy-scaler/onnx@onnxruntime-node           expected');
  expect(stdout).not.toContain('worst places');
  expect(stdout).toContain('Parity holds: 1 of 1 conversion fails as expected');
});

test('a crash shows the end of its log behind a bar, so that no line of it is a workflow command', async () => {
  const { stdout } = await capture(STORIES.error(), ['terminal']);
  expect(stdout).toContain('    │ ::error::this line must not become a workflow command');
  expect(stdout).toContain('→ Run with --jobs 1');
});

test('names can neither move the cursor nor give orders to a CI runner', async () => {
  const { stdout } = await capture(STORIES.hostile(), ['terminal']);
  expect(stdout).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
  expect(stdout).not.toMatch(/^\s*::/m);
  expect(stdout).not.toContain('##[');
});

test('colour only when it is wanted', async () => {
  const esc = '\u001b[';
  expect((await capture(STORIES.broken(), ['terminal'], { isTTY: true })).stdout).toContain(`${esc}31m✗`);
  expect((await capture(STORIES.broken(), ['terminal'], { isTTY: true, env: { NO_COLOR: '1' } })).stdout).not.toContain(
    esc,
  );
  expect((await capture(STORIES.broken(), ['terminal'], { env: { FORCE_COLOR: '1' } })).stdout).toContain(esc);
});

const EVENTS: RunEvent[] = [
  { time: '', type: 'install', toolchain: 'pytorch', message: 'installing 31 packages', done: false },
  { time: '', type: 'install', toolchain: 'pytorch', message: '', done: true },
  { time: '', type: 'step-start', step: 'export', conversion: 'digits/onnx', label: 'torch-onnx\u001b[2J' },
  { time: '', type: 'step-start', step: 'observe', conversion: 'digits/onnx', label: 'torch' },
  {
    time: '',
    type: 'step-end',
    step: 'observe',
    conversion: 'digits/onnx',
    label: 'torch',
    cached: false,
    milliseconds: 3,
    failed: false,
  },
  {
    time: '',
    type: 'step-end',
    step: 'export',
    conversion: 'digits/onnx',
    label: 'torch-onnx\u001b[2J',
    cached: false,
    milliseconds: 3,
    failed: false,
  },
];

async function progress(isTTY: boolean, env: Record<string, string> = {}): Promise<string> {
  let stderr = '';
  const stream = { isTTY, columns: 60, write: (t: string) => (stderr += t) };
  const ctx = createContext({ outDir: '/tmp/none', stdout: { write: () => true }, stderr: stream, env });
  const terminal = createTerminal();
  await terminal.onRunStart?.({ version: '0.1.0', title: 'onpar.yaml', conversions: 2, seed: 7 }, ctx);
  for (const event of EVENTS) await terminal.onEvent?.(event, ctx);
  await terminal.onRunEnd?.(STORIES.empty(), ctx);
  return stderr;
}

test('progress in CI: plain lines, for slow things only', async () => {
  const plain =
    '… 0/2 · pytorch: installing 31 packages\n… 0/2 · digits/onnx · torch-onnx\\u{1b}[2J\n… 0/2 · digits/onnx · torch\n';
  expect(await progress(false)).toBe(plain);
  expect(await progress(true, { CI: 'true', NO_COLOR: '1' })).toBe(plain);
});

test('progress on a terminal: one line redrawn, gone in the end', async () => {
  const text = await progress(true, { NO_COLOR: '1' });
  expect(text).toContain('0/2 · digits/onnx · torch (+1) · 1 s');
  expect(text).not.toContain('\n');
  expect(text.endsWith('\r\u001b[2K')).toBe(true);
});

test('widths count columns, not characters', () => {
  expect(textWidth('日本e\u0301')).toBe(5);
  expect(shorten('digits/onnx@onnxruntime-node', 15)).toBe('digits/…me-node');
  expect(textWidth(shorten('日本語の出力テンソル名前', 9))).toBeLessThanOrEqual(9);
});
