import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { InputPlan } from '../../src/records/rules.ts';
import { samplePlan } from '../../src/records/rules.ts';
import { generateSamples } from '../../src/sample/generate.ts';
import { readUserFile } from '../../src/sample/table.ts';
import { tensorFrom } from '../../src/tensor/build.ts';
import { serializeSafetensors } from '../../src/tensor/safetensors.ts';
import { reader } from '../../src/tensor/values.ts';
import { errorOf, scratch } from '../tensor/helpers.ts';

const x: InputPlan = { name: 'x', dtype: 'float32', shape: ['batch', 2] };

function read(name: string, text: string, inputs: readonly InputPlan[], labels: readonly string[] = []) {
  const path = join(scratch(), name);
  writeFileSync(path, text);
  const tensors = readUserFile(path, inputs, labels);
  return Object.fromEntries(
    [...tensors].map(([key, tensor]) => {
      const count = tensor.shape.reduce((n, d) => n * d, 1);
      return [
        key,
        [tensor.dtype, tensor.shape.join('x'), ...Array.from({ length: count }, (_, i) => reader(tensor)(i))],
      ];
    }),
  );
}

test('columns become one matrix, labels stand beside it, whatever separates them', () => {
  const expected = { x: ['float32', '2x2', 1, 2, 3, 4] };
  const labelled = { ...expected, y: ['int64', '2', 0n, 1n] };
  expect(read('d.csv', 'a,b,y\n1,2,0\n3,4,1\n', [x], ['y'])).toEqual(labelled);
  expect(read('d.csv', '\uFEFFa;y;b\r\n1;"0";2\r\n3;1;4', [x], ['y'])).toEqual(labelled);
  expect(read('d.csv', 'a,b,y\n1,2,cat\n3,4,7', [x], ['y'])).toMatchObject({ y: ['string', '2', 'cat', '7'] });
  expect(read('d.csv', 'a,b,y\n1,2,0.5\n3,4,1', [x], ['y'])).toMatchObject({ y: ['float64', '2', 0.5, 1] });
  expect(read('d.json', '{"x": [[1, 2], [3, 4]], "y": [[0, 1], [1, 0]]}', [x], ['y'])).toMatchObject({
    y: ['int64', '2x2', 0n, 1n, 1n, 0n],
  });
  expect(read('d.tsv', 'a\tb\n1\t2\n\n3\t4\n', [x])).toEqual(expected);
  expect(read('d.json', '[{"a": 1, "b": 2}, {"a": 3, "b": 4}]', [x])).toEqual(expected);
  expect(read('d.json', '{"a": [1, 3], "b": [2, 4]}', [x])).toEqual(expected);
  expect(read('d.json', '{"x": [[1, 2], [3, 4]]}', [x])).toEqual(expected);
});

test('columns go to the inputs they name, in dtype and shape of the input', () => {
  const inputs: InputPlan[] = [
    { name: 'age', dtype: 'int64', shape: ['batch', 1] },
    { name: 'city', dtype: 'string', shape: ['batch'] },
    { name: 'pixel', dtype: 'uint8', shape: ['batch', 1, 2, 2] },
    { name: 'known', dtype: 'bool', shape: ['batch'] },
  ];
  const csv =
    'known,age,pixel.0,pixel.1,pixel.2,pixel.3,city,id\ntrue,30,1,2,3,4,"Zürich, ""ZH""",7\nfalse,-1,5,6,7,255,,8\n';
  expect(read('d.csv', csv, inputs)).toEqual({
    age: ['int64', '2x1', 30n, -1n],
    city: ['string', '2', 'Zürich, "ZH"', ''],
    pixel: ['uint8', '2x1x2x2', 1, 2, 3, 4, 5, 6, 7, 255],
    known: ['bool', '2', 1, 0],
    id: ['string', '0'],
  });
});

test('missing values are NaN where there is one', () => {
  expect(read('d.csv', 'a,b\n1,\nnan,4\n', [x])).toEqual({ x: ['float32', '2x2', 1, Number.NaN, Number.NaN, 4] });
});

test('what is wrong is told with its place', () => {
  const refused = (name: string, text: string, inputs: readonly InputPlan[] = [x]) =>
    errorOf(() => read(name, text, inputs)).message;
  expect(refused('d.csv', 'a,species\n1,setosa\n')).toBe(
    'd.csv: row 1, column species holds "setosa", which is no number',
  );
  expect(refused('d.csv', 'a,b\n1,2\n3\n')).toBe('d.csv: row 2 has 1 cells, the header 2');
  expect(refused('d.csv', '1,2\n3,4\n')).toBe('d.csv has no header: its first row holds numbers');
  expect(refused('d.csv', 'a,a\n3,4\n')).toBe('d.csv: column `a` is there twice or has no name');
  expect(refused('d.csv', 'a,b\n"1,2\n')).toBe('d.csv: a quote is never closed');
  expect(refused('d.json', '[{"a": 1}, {"b": 2}]')).toBe('d.json: row 2 and the first differ in `a`');
  expect(refused('d.json', '3')).toBe('d.json holds neither rows nor columns');
  expect(refused('d.json', '{"x": [[1, 2], [3]]}')).toBe('d.json: row 2 holds 1 values for x, the first 2');
  expect(refused('d.csv', 'x\n1.5\n', [{ ...x, dtype: 'int64' }])).toBe(
    'd.csv: row 1, column x holds "1.5", which int64 of input x cannot hold',
  );
});

test('what no input takes is left aside and said, unless the suite names it', async () => {
  const path = join(scratch(), 'd.safetensors');
  const rows = tensorFrom('float32', [4, 2], [0, 1, 2, 3, 4, 5, 6, 7]);
  writeFileSync(
    path,
    serializeSafetensors(
      new Map([
        ['x', rows],
        ['y', rows],
      ]),
    ),
  );
  const found = async (labels: string[]) => {
    const plan = samplePlan.parse({
      inputs: [x],
      portfolio: 0,
      files: [{ path, digest: '' }],
      labels,
      dims: {},
      seed: 1,
    });
    const { samples, findings } = await generateSamples(plan, scratch());
    expect(samples[0]?.inputs.map(({ name }) => name)).toEqual(['x']);
    return findings;
  };
  expect(await found(['y'])).toEqual([]);
  expect(await found([])).toEqual([
    { code: 'data-ignored', severity: 'info', where: 'samples d.safetensors', args: { names: ['y'] } },
  ]);
});
