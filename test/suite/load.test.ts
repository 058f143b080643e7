import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { packageRoot } from '../../src/core/paths.ts';
import { loadSuite } from '../../src/suite/load.ts';
import type { Suite } from '../../src/suite/suite.ts';
import { scratch, write } from '../scratch.ts';

const SUITE = {
  seed: 7,
  cases: {
    digits: {
      source: 'model.onnx',
      inputs: { x: { dtype: 'float32', shape: ['batch', 8], range: [0, 1] } },
      dims: { batch: [1, 4] },
      samples: ['portfolio:3', 'data.npz'],
      convert: [
        {
          to: 'tflite',
          tolerance: { logits: 'float16', '*': { atol: 1e-3 } },
          expect: { fail: 'known', until: '2030-01-31' },
        },
        {
          to: 'same',
          run: [{ runtime: 'onnxruntime', options: { intraOpNumThreads: 1 } }],
          optional: true,
          tags: ['slow'],
        },
      ],
      outputs: { logits: 'dense_2' },
      timeout: 30,
    },
  },
} as const;

const YAML = `
seed: 7
cases:
  digits:
    source: model.onnx
    inputs:
      x: { dtype: float32, shape: [batch, 8], range: [0, 1] }
    dims: { batch: [1, 4] }
    samples: ["portfolio:3", data.npz]
    convert:
      - { to: tflite, tolerance: { logits: float16, "*": { atol: 1e-3 } }, expect: { fail: known, until: 2030-01-31 } }
      - { to: same, run: [{ runtime: onnxruntime, options: { intraOpNumThreads: 1 } }], optional: true, tags: [slow] }
    outputs: { logits: dense_2 }
    timeout: 30
`;

async function load(name: string, text: string): Promise<Suite> {
  const dir = scratch();
  write(dir, 'data.npz', '');
  return loadSuite(write(dir, name, text));
}

/** The suite without what must differ: its own name and folder. */
const comparable = (suite: Suite): unknown =>
  JSON.parse(JSON.stringify({ ...suite, title: '', file: '' }).replaceAll(suite.root, '<dir>'));

describe('one suite, three spellings', () => {
  test('YAML, JSON and TypeScript load to the same thing', async () => {
    const index = pathToFileURL(join(packageRoot, 'src', 'suite', 'define-suite.ts')).href;
    const yaml = comparable(await load('onpar.yaml', YAML));
    expect(comparable(await load('onpar.json', JSON.stringify(SUITE)))).toEqual(yaml);
    expect(
      comparable(
        await load(
          'onpar.config.ts',
          `import { defineSuite } from '${index}';\nexport default defineSuite(${JSON.stringify(SUITE)});\n`,
        ),
      ),
    ).toEqual(yaml);
  });
  test('`onpar` itself can be imported by a suite that lies anywhere', async () => {
    const suite = await load(
      'onpar.config.ts',
      "import { defineSuite } from 'onpar';\nconst to: string = 'tflite';\nexport default defineSuite({ cases: { a: { source: 'm.onnx', convert: { to } } } });\n",
    );
    expect(suite.cases.map((c) => [c.id, c.conversions[0]?.to])).toEqual([['a', 'tflite']]);
  });
  test('a byte order mark and CRLF line ends', async () => {
    expect(comparable(await load('onpar.yaml', `\uFEFF${YAML.replaceAll('\n', '\r\n')}`))).toEqual(
      comparable(await load('onpar.yaml', YAML)),
    );
    expect(comparable(await load('onpar.json', `\uFEFF${JSON.stringify(SUITE)}`))).toEqual(
      comparable(await load('onpar.yaml', YAML)),
    );
  });
  test('a YAML anchor shares settings', async () => {
    const suite = await load(
      'onpar.yaml',
      'cases:\n  a: { source: a.onnx, convert: &c { to: tflite } }\n  b: { source: b.onnx, convert: *c }\n',
    );
    expect(suite.cases.map((c) => c.conversions[0]?.to)).toEqual(['tflite', 'tflite']);
  });
});

describe('defaults and resolution', () => {
  test('what is not said', async () => {
    const { cases, seed } = await load('onpar.yaml', 'cases:\n  a: { source: m.onnx, convert: { to: tflite } }\n');
    expect(seed).toBe(0);
    expect(cases[0]).toMatchObject({
      weights: null,
      samples: { portfolio: null, files: [] },
      trust: false,
      network: false,
      timeoutMs: 600_000,
      dynamic: null,
      tags: [],
    });
    expect(cases[0]?.conversions[0]).toMatchObject({
      runs: [],
      tolerances: {},
      optional: false,
      expect: null,
      artifact: null,
    });
  });
  test('paths are absolute, below the suite’s folder', async () => {
    const suite = await load('onpar.yaml', YAML);
    expect(suite.cases[0]?.samples).toEqual({
      portfolio: 3,
      special: false,
      files: [join(suite.root, 'data.npz')],
      images: [],
    });
  });
  test('data alone means no portfolio', async () => {
    const suite = await load(
      'onpar.yaml',
      'cases:\n  a: { source: m.onnx, samples: data.npz, convert: { to: tflite } }\n',
    );
    expect(suite.cases[0]?.samples.portfolio).toBe(0);
  });
  test('a conversion’s tolerance and outputs win over the case’s', async () => {
    const suite = await load(
      'onpar.yaml',
      'cases:\n  a:\n    source: m.onnx\n    tolerance: int8\n    outputs: { y: z }\n    convert: [{ to: tflite }, { to: same, tolerance: auto, outputs: {} }]\n',
    );
    expect(suite.cases[0]?.conversions.map((c) => [c.tolerances, c.mapOutputs])).toEqual([
      [{ '*': { kind: 'preset', preset: 'int8' } }, { y: 'z' }],
      [{ '*': { kind: 'auto' } }, {}],
    ]);
  });
  test('`optional` of a conversion holds for its runtimes, unless one says otherwise', async () => {
    const suite = await load(
      'onpar.yaml',
      'cases:\n  a: { source: m.onnx, convert: { to: same, optional: true, run: [onnxruntime, { runtime: onnxruntime-node, optional: false }] } }\n',
    );
    expect(suite.cases[0]?.conversions[0]?.runs.map((r) => r.optional)).toEqual([true, false]);
  });
  test('a date in YAML is a date, however it is written', async () => {
    const until = async (text: string): Promise<unknown> =>
      (
        await load(
          'onpar.yaml',
          `cases:\n  a: { source: m.onnx, convert: { to: same, expect: { fail: x, until: ${text} } } }\n`,
        )
      ).cases[0]?.conversions[0]?.expect?.until;
    expect([await until('2030-01-31'), await until('"2030-01-31"')]).toEqual(['2030-01-31', '2030-01-31']);
    await expect(until('soon')).rejects.toMatchObject({
      message: expect.stringContaining('`cases.a.convert.expect.until` is "soon"'),
    });
  });
});
