import { describe, expect, test } from 'vitest';
import { cacheFolder, readsCache } from '../../src/cli/options/execution.ts';
import { reporterNames } from '../../src/cli/options/output.ts';
import { integer, many, numbers, one, optionValue, pairs } from '../../src/cli/options/parse.ts';
import { UsageError, usageError } from '../../src/cli/usage.ts';

describe('values of options', () => {
  test('one or several, the last counts', () => {
    expect([many({ a: ['1', '2'] }, 'a'), many({ a: '1' }, 'a'), many({}, 'a'), one({ a: ['1', '2'] }, 'a')]).toEqual([
      ['1', '2'],
      ['1'],
      [],
      '2',
    ]);
  });
  test('an empty one is told, not taken for a default', () => {
    expect(() => one({ out: '' }, 'out')).toThrow(
      expect.objectContaining({ message: '--out has no value', exitCode: 2 }),
    );
    expect(many({ investigate: '' }, 'investigate')).toEqual(['']);
  });
  test('whole numbers', () => {
    expect([integer({ n: '3' }, 'n', 0), integer({}, 'n', 0)]).toEqual([3, undefined]);
    for (const bad of ['-1', '1.5', 'x', '1e400', 'Infinity'])
      expect(() => integer({ n: bad }, 'n', 0)).toThrow(
        expect.objectContaining({ message: `--n \`${bad}\``, fix: 'a whole number from 0 on' }),
      );
  });
  test('pairs keep everything behind the first =', () => {
    expect(pairs({ o: ['a=b=c', 'd=1'] }, 'o', 'NAME=value')).toEqual([
      ['a', 'b=c'],
      ['d', '1'],
    ]);
    for (const bad of ['a', '=b', 'a='])
      expect(() => pairs({ o: bad }, 'o', 'NAME=value')).toThrow(
        expect.objectContaining({ fix: 'write --o NAME=value' }),
      );
  });
  test('lists of numbers', () => {
    expect([numbers('range', '-1,2.5', '', false), numbers('dim', '1,2', '', true)]).toEqual([
      [-1, 2.5],
      [1, 2],
    ]);
    for (const bad of ['', '1,', 'a', '1,,2'])
      expect(() => numbers('range', bad, 'NAME=lo,hi', false)).toThrow(expect.objectContaining({ code: 'bad-option' }));
  });
  test('exporter options are JSON where they are, else text', () => {
    expect(['18', 'true', 'null', '[1,2]', '{"a":1}', 'float16', '1.x'].map(optionValue)).toEqual([
      18,
      true,
      null,
      [1, 2],
      { a: 1 },
      'float16',
      '1.x',
    ]);
  });
});

describe('the store from the command line', () => {
  test('--no-cache is not a folder, whatever stands beside it', () => {
    expect([
      readsCache({}),
      readsCache({ cache: 'false' }),
      readsCache({ cache: ['dir', 'false'] }),
      readsCache({ 'no-cache': true, cache: 'dir' }),
    ]).toEqual([true, false, false, false]);
    expect([cacheFolder({}, '/suite'), cacheFolder({ cache: ['/dir', 'false'] }, '/suite')]).toEqual([
      expect.stringMatching(/suite.*\.onpar$/),
      '/dir',
    ]);
  });
});

describe('reporters', () => {
  test('the command line’s, else the suite’s, else the usual', () => {
    expect([
      reporterNames({ reporter: ['terminal,json', './mine.mjs'] }, ['html']),
      reporterNames({}, ['html']),
    ]).toEqual([['terminal', 'json', './mine.mjs'], ['html']]);
    expect(reporterNames({})).toEqual(expect.arrayContaining(['terminal', 'html', 'junit', 'markdown']));
  });
});

describe('what yargs says, in our words', () => {
  const USAGES = ['run [targets..]', 'compare <reference> <candidate>', 'toolchain <action> [names..]'];
  const said = (message: string, ...argv: readonly string[]) => {
    const { message: text, fix, exitCode } = usageError(new UsageError(message), argv, USAGES);
    return [text, fix, exitCode];
  };
  test('several unknown ones: the first', () => {
    expect(said('Unknown arguments: jsn, foo', 'run', '--jsn', '--foo')).toEqual([
      '`onpar run` has no option `--jsn`',
      'did you mean `--json`? see `onpar run --help`',
      2,
    ]);
  });
  test('a value is not taken for the command', () => {
    expect(said('Unknown argument: foo', '--out', 'x', 'run', '--foo')[0]).toBe('`onpar run` has no option `--foo`');
  });
  test('anything else keeps its words', () => {
    expect(said('Some new complaint', 'run')).toEqual(['Some new complaint', 'see `onpar run --help`', 2]);
  });
});
