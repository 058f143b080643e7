import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../src/core/canonical.ts';
import { makeFolder } from '../../src/core/folders.ts';
import { bytesOf, digestFile, digestJson, digestPath, filesBelow, sha256 } from '../../src/core/hash.ts';
import { displayPath, fileSafe, isInside } from '../../src/core/paths.ts';
import { scratch, write } from '../scratch.ts';

describe('digests', () => {
  test('of JSON: the order of keys and absent keys do not count, the order of lists does', () => {
    expect(digestJson({ a: 1, b: { c: 2, d: undefined } })).toBe(digestJson({ b: { c: 2 }, a: 1 }));
    expect(digestJson([1, 2])).not.toBe(digestJson([2, 1]));
    expect(canonicalJson({ b: null, a: [{ z: 1, y: 2 }] })).toBe('{"a":[{"y":2,"z":1}],"b":null}');
  });
  test('of a file: the known sha256, also across chunks', () => {
    const dir = scratch();
    expect(digestFile(write(dir, 'abc', 'abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    const large = new Uint8Array(3 * 1024 * 1024 + 7).fill(65);
    expect(digestFile(write(dir, 'large', large))).toBe(sha256(large));
  });
  test('of a folder: names and contents count, where it lies does not', () => {
    const [one, two] = [scratch(), scratch()];
    for (const dir of [one, two]) write(write(dir, 'a/x', '1') && dir, 'b', '22');
    expect(digestPath(one)).toBe(digestPath(two));
    write(two, 'b', '23');
    expect(digestPath(one)).not.toBe(digestPath(two));
    expect([filesBelow(one), bytesOf(one)]).toEqual([['a/x', 'b'], 3]);
  });
});

describe('paths', () => {
  test.each([
    ['/a', '/a', true],
    ['/a', '/a/b/c', true],
    ['/a', '/ab', false],
    ['/a', '/', false],
    ['/a', '/a/../b', false],
    ['/a', '/a/..b', true],
  ])('is %s around %s: %s', (folder, path, expected) => expect(isInside(folder, path)).toBe(expected));
  test('as people write them', () => {
    expect([displayPath('/a/b/c', '/a'), displayPath('/x/c', '/a'), displayPath('/a', '/a')]).toEqual([
      'b/c',
      '/x/c',
      '.',
    ]);
  });
  test('names that come out of a model cannot leave a folder', () => {
    expect(['../../etc/passwd', 'a b/ü:*?', 'x'.repeat(300)].map(fileSafe)).toEqual([
      '..-..-etc-passwd',
      'a-b-',
      'x'.repeat(80),
    ]);
  });
});

describe('making folders', () => {
  test('all that are missing, and none that is there', () => {
    const dir = join(scratch(), 'a', 'b', 'c');
    makeFolder(dir);
    makeFolder(dir);
    expect(existsSync(dir)).toBe(true);
  });
  test('below a file: told, not endless', () => {
    expect(() => makeFolder(join(write(scratch(), 'file', ''), 'below'))).toThrow(/ENOTDIR/);
  });
  test.runIf(process.platform === 'linux')('on /proc, where Node’s own way never ends', () => {
    expect(() => makeFolder('/proc/onpar/deep')).toThrow(/ENOENT|EACCES|EPERM/);
  });
  test('through a link', () => {
    const dir = scratch();
    mkdirSync(join(dir, 'real'));
    chmodSync(join(dir, 'real'), 0o755);
    symlinkSync(join(dir, 'real'), join(dir, 'link'));
    makeFolder(join(dir, 'link', 'x'));
    expect(existsSync(join(dir, 'real', 'x'))).toBe(true);
  });
});
