import { expect, test } from 'vitest';
import {
  difference,
  formatBytes,
  formatDate,
  formatDuration,
  formatNumber,
  formatPair,
  formatPercent,
} from '../../src/report/numbers.ts';

test.each([
  [0, '0'],
  [-0, '-0'],
  [1, '1'],
  [0.123456, '0.123'],
  [0.001, '0.001'],
  [0.00099949, '9.99e-4'],
  [0.00099999, '0.001'],
  [2.384185791015625e-7, '2.38e-7'],
  [1e-45, '1e-45'],
  [1234, '1234'],
  [1234.5, '1230'],
  [9999.6, '1e4'],
  [123456789, '1.23e8'],
  [-5.5e-9, '-5.5e-9'],
  [Number.NaN, 'NaN'],
  ['NaN', 'NaN'],
  ['Infinity', '∞'],
  ['-Infinity', '−∞'],
  ['9007199254740993', '9007199254740993'],
  ['a\u001b[2J', '"a\\u{1b}[2J"'],
  [true, 'true'],
  [null, 'n/a'],
])('formatNumber(%s) is %s', (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test.each([
  [1.7, 10, ['1.7', '10']],
  [1, 1.0000001, ['1', '1.0000001']],
  [0.83, 0.8300002, ['0.83', '0.8300002']],
  [30522, 30523, ['30522', '30523']],
  ['-Infinity', 'NaN', ['−∞', 'NaN']],
  [2, 2, ['2', '2']],
])('formatPair(%s, %s) shows the difference', (reference, candidate, pair) => {
  expect(formatPair(reference, candidate)).toEqual(pair);
});

test('a difference is a number only between numbers', () => {
  expect(difference(1, 3)).toBe(2);
  expect(difference('9007199254740993', 0)).toBe(2 ** 53);
  expect(difference('NaN', 0)).toBeNull();
  expect(difference('cat', 'dog')).toBeNull();
  expect(difference(true, false)).toBeNull();
});

test('a share is never rounded to none or to all', () => {
  expect([0, 0.375, 1, 1e-9, 0.9999999].map((f) => formatPercent(f))).toEqual([
    '0 %',
    '37.5 %',
    '100 %',
    '1e-7 %',
    '>99.9 %',
  ]);
});

test('durations, sizes and dates in the units that people use', () => {
  expect([0.42, 12.6, 420, 3100, 38_400, 125_000, 3_840_000, null].map((ms) => formatDuration(ms))).toEqual([
    '0.42 ms',
    '13 ms',
    '420 ms',
    '3.1 s',
    '38 s',
    '2 min 5 s',
    '1 h 4 min',
    'n/a',
  ]);
  expect([0, 999, 48_213, 2.5e9].map((b) => formatBytes(b))).toEqual(['0 B', '999 B', '48.2 kB', '2.5 GB']);
  expect(formatDate('2026-11-20T14:02:12.000+02:00')).toBe('20 Nov 2026 12:02 UTC');
  expect(formatDate('soon\n')).toBe('soon\\u{a}');
});
