import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';

interface Row {
  readonly name: string;
  readonly status: string;
  readonly code?: string;
  readonly message?: string;
}

const agrees = 'agrees';
const noKind = 'refused type-unsupported';
/**
 * Some of ONNX's own node tests: what both runtimes answer, or [onnxruntime-node, onnxruntime] where they differ. The whole
 * of them is docs/op-tests.md.
 */
const EXPECTED: Record<string, string | readonly [string, string]> = {
  // Ordinary tensors, of every type that both pass.
  add: agrees,
  add_uint8: agrees,
  sub_int8: agrees,
  mul_int16: agrees,
  div_uint64: agrees,
  conv_with_strides_padding: agrees,
  cast_FLOAT_to_FLOAT16: agrees,
  cast_DOUBLE_to_FLOAT: agrees,
  quantizelinear: agrees,
  and4d: agrees,
  cast_FLOAT_to_BFLOAT16: [noKind, agrees],
  // Text.
  string_concat: agrees,
  string_split_basic: agrees,
  string_concat_zero_dimensional: agrees,
  ai_onnx_ml_label_encoder_string_int: agrees,
  // No dimensions, and no elements.
  size_example: agrees,
  reduce_sum_default_axes_keepdims_example: agrees,
  reduce_max_empty_set: agrees,
  split_zero_size_splits_opset18: 'empty',
  // Sequences and optionals, in and out.
  identity_sequence: [noKind, agrees],
  identity_opt: [noKind, agrees],
  if_seq: [noKind, agrees],
  if_opt: [noKind, agrees],
  loop16_seq_none: [noKind, agrees],
  optional_get_element_optional_tensor: [noKind, agrees],
  optional_has_element_empty_optional_input: [noKind, agrees],
  sequence_insert_at_front: [noKind, agrees],
  split_to_sequence_1: [noKind, agrees],
  sequence_map_extract_shapes: [noKind, agrees],
  // Refused, each with its reason.
  cast_FLOAT_to_FLOAT8E4M3FN: noKind,
  dequantizelinear_int4: noKind,
  max_int16: 'refused operator-unsupported',
  momentum: 'refused operator-unsupported',
  bitshift_left_int8: 'refused opset-unsupported',
  gru_batchwise: 'failed model-load-failed',
  reduce_max_empty_set_bool: 'failed run-failed',
  // Known to differ: a random operator, and what ONNX Runtime lays out differently.
  training_dropout: 'differs values-differ',
  maxunpool_export_with_output_shape: 'differs values-differ',
  dft: 'rounding values-differ',
};

const RUNTIMES = ['onnxruntime-node', 'onnxruntime'];
const dir = mkdtempSync(join(tmpdir(), 'onpar-ops-'));
let results: Record<string, { version: string; rows: Row[] }>;

beforeAll(() => {
  const args = [
    ...Object.keys(EXPECTED).flatMap((name) => ['--only', `test_${name}`]),
    ...RUNTIMES.flatMap((name) => ['--runtime', name]),
  ];
  const printed = execFileSync(
    process.execPath,
    [join(packageRoot, 'scripts', 'compat.js'), 'ops', '--json', ...args],
    { encoding: 'utf8', env: { ...process.env, ONPAR_BENCH_OPS: dir }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  results = JSON.parse(printed);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe.each(RUNTIMES.map((name, index) => [name, index] as const))('%s', (runtime, index) => {
  it('answers ONNX’s own node tests as stored, or says why not', () => {
    const rows = results[runtime]?.rows ?? [];
    const answered = rows.map(({ name, status, code }) => [
      name.replace(/^test_/, ''),
      status === agrees || status === 'empty' ? status : `${status} ${code}`,
    ]);
    const expected = Object.entries(EXPECTED).map(([name, each]) => [
      name,
      typeof each === 'string' ? each : each[index],
    ]);
    expect(Object.fromEntries(answered)).toEqual(Object.fromEntries(expected));
  });

  it('gives every refusal and failure words of its own', () => {
    const silent = results[runtime]?.rows.filter(({ code, message }) => code !== undefined && !message);
    expect(silent).toEqual([]);
  });
});
