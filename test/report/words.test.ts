import { expect, test } from 'vitest';
import { markdown, markdownCode, visible, visibleLines, xmlAttribute, xmlText } from '../../src/report/escape.ts';
import { findingFix, largestScaled, primaryReason, remedy, worstFirst } from '../../src/report/explain.ts';
import { blocks, outcome, symbol, totalsSentence, verdictSentence } from '../../src/report/words.ts';
import { finding } from './build.ts';
import { STORIES } from './stories.ts';

test('control characters, line ends and direction overrides become visible, letters stay', () => {
  expect(visible('a\u001b[31m\u202Eb\u2066\n\u0000é مخرج 日')).toBe(
    'a\\u{1b}[31m\\u{202e}b\\u{2066}\\u{a}\\u{0}é مخرج 日',
  );
  expect(visibleLines('\u001b[31mred\u001b[0m\r\nnext\tx\u0007')).toEqual(['red', 'next    x\\u{7}']);
  expect(visible('\ud800')).toBe('\\u{d800}');
});

test('XML loses what it cannot hold and escapes the rest', () => {
  expect(xmlText('a<b>&"\'\u0000\u0008\ufffe\n')).toBe('a&lt;b&gt;&amp;&quot;&#39;\n');
  expect(xmlAttribute('one\r\ntwo')).toBe('one&#10;two');
});

test('Markdown from a model is text', () => {
  expect(markdown('[x](javascript:a) <b> *c* | @team http://e.x # 1')).toBe(
    '\\[x\\](javascript:a) &lt;b&gt; \\*c\\* \\| @<!-- -->team http:<!-- -->//e.x # 1',
  );
  expect(markdown('# title')).toBe('\\# title');
  expect(markdown('log_probs, _x_')).toBe('log_probs, \\_x\\_');
  expect(markdown('call `model.eval()` first')).toBe('call `model.eval()` first');
  expect(markdown('0.1.0')).toBe('0.1.0');
  expect(markdown('1. first')).toBe('1\\. first');
  expect(markdownCode('a`b``c')).toBe('```a`b``c```');
  expect(markdownCode('`')).toBe('`` ` ``');
  expect(markdownCode('a|b', true)).toBe('`a\\|b`');
});

test('an expected failure is an outcome of its own, does not block and keeps a calm symbol', () => {
  const [expected] = STORIES.expected().cases;
  expect(
    expected && [expected.verdict, outcome(expected), blocks(expected), symbol(outcome(expected), expected.grade)],
  ).toEqual(['fail', 'expected', false, '✗']);
});

test('an optional skip does not block, a plain one does', () => {
  const [skipped] = STORIES.skipped().cases;
  expect(skipped && [blocks(skipped), blocks({ ...skipped, optional: false })]).toEqual([false, true]);
});

test('values that agree under a failing verdict never wear a calm symbol', () => {
  expect(symbol('fail', 'identical')).toBe('✗');
  expect(symbol('fail', 'close')).toBe('~');
  expect(symbol('pass', 'different')).toBe('✓');
  expect(symbol('error', 'identical')).toBe('!');
});

test('sentences of verdict and totals', () => {
  expect([verdictSentence(STORIES.passing()), totalsSentence(STORIES.passing())]).toEqual([
    'Parity holds',
    'all 14 conversions pass',
  ]);
  expect([verdictSentence(STORIES.mixed()), totalsSentence(STORIES.mixed())]).toEqual([
    'Parity does not hold',
    '3 of 14 conversions fail · 1 error · 1 unverifiable · 1 fails as expected · 1 skipped · 7 pass',
  ]);
  expect([verdictSentence(STORIES.empty()), totalsSentence(STORIES.empty())]).toEqual([
    'No case could run: the environment failed',
    'no conversion was run, so nothing is proven',
  ]);
});

test('worst first: broken with NaN, broken, error, close, unverifiable', () => {
  const order = worstFirst(STORIES.mixed().cases).map((c) => c.case);
  expect(order.slice(0, 7)).toEqual([
    'log-softmax',
    'digits',
    'detector',
    'normaliser',
    'dropout-net',
    'digits',
    'legacy-scaler',
  ]);
  const [nan] = STORIES['not-finite']().cases;
  expect(nan && largestScaled(nan)).toBe('NaN');
});

test('reason and remedy: the deciding finding speaks, a failure brings its own fix', () => {
  const [crashed] = STORIES.error().cases;
  expect(crashed && primaryReason(crashed)).toContain('worker died of SIGSEGV');
  expect(crashed && remedy(crashed)).toContain('--jobs 1');
  expect(findingFix(finding('reference-training', 'reference', { modules: 'd' }))).toContain('.eval()');
  expect(findingFix({ code: 'constructor', args: {} })).toBeNull();
  expect(findingFix({ code: 'new-code', args: { fix: 'Do this.' } })).toBe('Do this.');
});
