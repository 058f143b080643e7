import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { tensorFrom } from '../../src/tensor/build.ts';
import { serializeNpy } from '../../src/tensor/npy.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import { scratch, sharedScratch, write } from '../scratch.ts';
import { codesOf, MODELS, onlyCase, onpar } from './onpar.ts';

/** A zip archive of stored members, as numpy.savez writes it. */
function npz(members: Readonly<Record<string, Uint8Array>>): Buffer {
  const [local, central]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, data] of Object.entries(members)) {
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt32LE(crc32(data), 10);
    about.writeUInt32LE(data.length, 14);
    about.writeUInt32LE(data.length, 18);
    about.writeUInt16LE(name.length, 22);
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), about, Buffer.from(name), data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), about, tail, Buffer.from(name)]));
    local.push(entry);
    offset += entry.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(central.length, 4);
  end.writeUInt16LE(central.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, directory, Buffer.from('PK\x05\x06'), end]);
}

const dir = sharedScratch();
const values = [1, 2, 3, 4, 5, 6];
const tensor = (...v: readonly number[]) => tensorFrom('float32', [2, 3], v);

beforeAll(() => {
  write(dir, 'a.npy', serializeNpy(tensor(...values)));
  write(dir, 'b.npy', serializeNpy(tensor(...values)));
  write(dir, 'off.npy', serializeNpy(tensor(1, 2, 3, 4, 5, 6.1)));
  write(dir, 'shape.npy', serializeNpy(tensorFrom('float32', [3, 2], values)));
  write(dir, 'wide.npy', serializeNpy(tensorFrom('float64', [2, 3], values)));
  write(dir, 'nan.npy', serializeNpy(tensor(1, 2, 3, 4, 5, Number.NaN)));
  write(
    dir,
    'a.npz',
    npz({
      'logits.npy': serializeNpy(tensor(...values)),
      'label.npy': serializeNpy(tensorFrom('int64', [2], [1n, 2n])),
    }),
  );
  writeSafetensors(
    join(dir, 'a.safetensors'),
    new Map([
      ['logits', tensor(...values)],
      ['label', tensorFrom('int64', [2], [1n, 2n])],
    ]),
  );
  writeSafetensors(join(dir, 'one.safetensors'), new Map([['logits', tensor(...values)]]));
});

async function compare(reference: string, candidate: string, ...more: readonly string[]) {
  const out = join(scratch(), 'run');
  const finished = await onpar(
    ['compare', reference, candidate, '--out', out, '--cache', join(dir, 'cache'), '--reporter', 'terminal', ...more],
    { cwd: dir },
  );
  return { ...finished, case: onlyCase(out) };
}

describe('recorded outputs against recorded outputs: no model, no worker', () => {
  test('two npy files are one tensor each, whatever they are called', async () => {
    const { exitCode, case: c } = await compare('a.npy', 'b.npy');
    expect([exitCode, c.grade, c.candidate.runtime]).toEqual([0, 'identical', 'recorded']);
  });
  test('npz against safetensors, by name', async () => {
    const { exitCode, case: c } = await compare('a.npz', 'a.safetensors');
    expect([exitCode, c.outputs.map((o) => [o.name, o.pairedBy, o.verdict])]).toEqual([
      0,
      [
        ['logits', 'name', 'pass'],
        ['label', 'name', 'pass'],
      ],
    ]);
  });
  test('a value that is off, and the tolerance that allows it', async () => {
    const off = await compare('a.npy', 'off.npy');
    expect([off.exitCode, off.case.verdict]).toEqual([1, 'fail']);
    expect(off.case.outputs[0]?.worst).toMatchObject({ index: [1, 2], reference: 6 });
    expect((await compare('a.npy', 'off.npy', '--tolerance', 'atol=0.2')).exitCode).toBe(0);
    expect((await compare('a.npy', 'off.npy', '--tolerance', 'rtol=1e-3,atol=1e-6')).exitCode).toBe(1);
    expect((await compare('a.npy', 'off.npy', '--tolerance', 'maxAbs < 0.2 and cosine > 0.99')).exitCode).toBe(0);
  });
  test.each([
    ['shape.npy', /shape|dimension/],
    ['wide.npy', /changed dtype from float32 to float64/],
    ['nan.npy', /NaN/],
  ])('%s fails', async (file, message) => {
    const { exitCode, case: c } = await compare('a.npy', file);
    expect([exitCode, c.verdict]).toEqual([1, 'fail']);
    expect(c.findings.map((f) => f.message).join('\n')).toMatch(message);
  });
  test('an output that is missing', async () => {
    const { exitCode, case: c } = await compare('a.safetensors', 'one.safetensors');
    expect([exitCode, codesOf(c)]).toEqual([1, expect.arrayContaining(['output-missing'])]);
  });
  test('tensors against a model, and a model against tensors', async () => {
    const model = join(MODELS, 'tiny-mlp.onnx');
    for (const pair of [
      ['a.npy', model],
      [model, 'a.npy'],
    ]) {
      const { exitCode, stderr } = await onpar(['compare', ...pair], { cwd: dir });
      expect(exitCode).toBe(2);
      expect(stderr).toContain(
        `${join(dir, 'a.npy')} holds recorded tensors, ${model} is a model (onnx)\n  fix: compare recorded outputs with recorded outputs; to feed data to a model`,
      );
    }
  });
  test('tensors cannot be converted, nor compared with themselves', async () => {
    const { exitCode, stderr } = await onpar(['run', 'a.npy', '--to', 'same'], { cwd: dir });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('holds recorded tensors, which cannot be converted');
  });
});
