import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startFaulty } from '../../fixtures/bad/servers/oip.js';
import { tensorFrom } from '../../src/tensor/build.ts';
import { writeSafetensors } from '../../src/tensor/safetensors.ts';
import { scratch } from '../scratch.ts';
import { codesOf, onlyCase, onpar, withModels } from './onpar.ts';

/** A served model through the whole house; the protocols themselves are tried in test/observe/served and test/served. */
async function faulty(name: string): Promise<string> {
  const { url, close } = await startFaulty(name);
  onTestFinished(close);
  return url;
}

const compare = (args: readonly string[], cwd: string, env: Record<string, string> = {}) =>
  onpar(['compare', ...args, '--out', 'out', '--samples', '3'], { cwd, env });

describe('a served model', () => {
  test('is the source: it tells its inputs, and answers every sample', async () => {
    const [dir, url] = [scratch(), await faulty('good')];
    const result = await compare([url, url], dir);
    expect(result.text).toContain('identical');
    const c = onlyCase(join(dir, 'out'));
    expect([c.verdict, c.id, c.reference.path, c.samples.length]).toEqual(['pass', 'm/m@oip-rest', url, 3]);
    expect(c.reference).toMatchObject({ format: 'served', environment: 'served', runtimeVersion: 'faulty 0.1' });
  });

  test('is asked anew by every run: nothing of it is stored', async () => {
    const [dir, url] = [scratch(), await faulty('good')];
    await compare([url, url, '--cache', 'cache'], dir);
    await compare([url, url, '--cache', 'cache'], dir);
    const c = onlyCase(join(dir, 'out'));
    // The samples come from the store; both sides, their descriptions and the comparison do not.
    expect(c.steps.cached).toBeLessThan(c.steps.total / 2);
    const stored = readdirSync(join(dir, 'cache'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .map((name) => readFileSync(join(dir, 'cache', name), 'utf8'));
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.filter((text) => text.includes(url) || text.includes('oip-rest'))).toEqual([]);
  });

  test.each([
    [
      'lies-dtype',
      ['contract-contradicted', 'dtype-changed'],
      /metadata says float32 \[\?, 2\], the server answers float64/,
    ],
    ['lies-shape', ['contract-contradicted', 'shape-differs'], /the server answers float32 \[\d, 2, 1\]/],
    ['lies-name', ['contract-contradicted'], /metadata says float32 \[\?, 2\], the server answers nothing/],
  ])('that %s contradicts its own metadata', async (fault, codes, message) => {
    const dir = scratch();
    const result = await compare([await faulty('good'), await faulty(fault)], dir);
    expect(result.exitCode).toBe(1);
    const c = onlyCase(join(dir, 'out'));
    expect([c.verdict, c.grade]).toEqual(['fail', 'broken']);
    expect(codesOf(c)).toEqual(expect.arrayContaining(codes));
    expect(c.findings.find((f) => f.code === 'contract-contradicted')?.message).toMatch(message);
  });

  test('that answers a web page for every sample proves nothing', async () => {
    const dir = scratch();
    const result = await compare([await faulty('good'), await faulty('html-infer')], dir);
    expect(result.exitCode).toBe(1);
    expect(codesOf(onlyCase(join(dir, 'out')))).toEqual(
      expect.arrayContaining(['candidate-failed', 'no-sample-compared']),
    );
    expect(result.text).toContain('web page (“Sign in”) instead of JSON');
  });

  test('that is down ends with exit code 3 and names the remedy', async () => {
    const dir = scratch();
    const { url, close } = await startFaulty('good');
    await close();
    const result = await compare([await faulty('good'), url], dir);
    expect(result.exitCode).toBe(3);
    expect(result.text).toMatch(/ECONNREFUSED.*\[served-unreachable\].*start the server/s);
  });

  test('gets a token by the name of its variable, and no file of the run holds its value', async () => {
    const [dir, url] = [scratch(), await faulty('token')];
    const variable = 'MY_TOKEN';
    const options = { headers: { Authorization: `Bearer $\{${variable}}` } };
    const suite = {
      cases: {
        closed: {
          source: url,
          reference: { options },
          convert: { artifact: url, run: { runtime: 'oip-rest', options } },
          samples: 'portfolio:2',
        },
      },
    };
    writeFileSync(join(dir, 'onpar.json'), JSON.stringify(suite));
    const run = (token: string) =>
      onpar(['run', 'onpar.json', '--out', 'out', '--cache', 'cache'], { cwd: dir, env: { [variable]: token } });
    const good = await run('s3cret');
    expect(good.exitCode, good.text).toBe(0);
    const bad = await run('wr0ng-t0ken');
    expect(bad.exitCode).toBe(1);
    expect(bad.text).toContain('no entry for Bearer ***');
    const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const holding = files.filter((file) =>
      /s3cret|wr0ng-t0ken/.test(readFileSync(join(file.parentPath, file.name), 'latin1')),
    );
    expect(holding.map(({ name }) => name)).toEqual([]);
  });

  test('whose address tells no protocol is refused before anything runs', async () => {
    const dir = scratch();
    const result = await compare(['http://127.0.0.1:9/model', 'http://127.0.0.1:9/v2/models/m'], dir);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(/tells no protocol.*\/v2\/models\/NAME.*sagemaker:/s);
  });
});

describe('recorded inputs and outputs', () => {
  test('lack an input of the model', async () => {
    const dir = withModels(scratch(), 'tiny-mlp.onnx');
    writeSafetensors(
      join(dir, 'golden.safetensors'),
      new Map([['logits', tensorFrom('float32', [1, 4], [1, 2, 3, 4])]]),
    );
    const result = await compare(['golden.safetensors', 'tiny-mlp.onnx'], dir);
    expect(result.exitCode).toBe(1);
    expect(result.text).toContain('golden.safetensors holds logits; the model also takes x');
    expect(codesOf(onlyCase(join(dir, 'out')))).toContain('golden-inputs');
  });
});
