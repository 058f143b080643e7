import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { CLIENT_SCRIPT } from '../../src/report/html/client.ts';
import { renderPage } from '../../src/report/html/page.tsx';
import { logScale } from '../../src/report/html/scale.ts';
import { STYLES } from '../../src/report/html/styles.ts';
import { DARK, LIGHT } from '../../src/report/html/tokens.ts';
import { anchor, fileHref } from '../../src/report/html/words.tsx';
import { many, STORIES, type StoryName } from './stories.ts';

const NAMES = Object.keys(STORIES) as StoryName[];
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');

test.each(NAMES)('%s: no address outside of the page, no inline handler, no inline style, one script', (story) => {
  const page = renderPage(STORIES[story]());
  const tags = page.match(/<[a-z][^>]*>/gi) ?? [];
  const attributes = tags.join('\n');
  expect(
    attributes
      .replace(/data:image\/svg\+xml,[^"]*/g, '')
      .match(/(?:src|href|action|srcset|poster)="(?!#|\.\/|")[^"]*"/g),
  ).toBeNull();
  expect(attributes).not.toMatch(/\son[a-z]+=|\sstyle=/i);
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page.match(/<(img|iframe|object|embed|link|base|form)\b/g)).toEqual(['<link']);
});

test('the policy allows exactly the style and the script that the page holds', () => {
  const page = renderPage(STORIES.hostile());
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1];
  expect(policy).toBe(
    `default-src 'none'; script-src 'sha256-${sha256(CLIENT_SCRIPT)}'; style-src 'sha256-${sha256(STYLES)}'; img-src data:; base-uri 'none'; form-action 'none'`,
  );
  expect(/<script>([\s\S]*?)<\/script>/.exec(page)?.[1]).toBe(CLIENT_SCRIPT);
  expect(/<style>([\s\S]*?)<\/style>/.exec(page)?.[1]).toBe(STYLES);
  expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<title>'));
});

test('names out of a model are text', () => {
  const page = renderPage(STORIES.hostile());
  expect(page).not.toMatch(/<img|alert\(1\)<\/script>|[\u202a-\u202e\u2066-\u2069]|(?![\n\t])\p{Cc}/u);
  expect(page).toContain('&lt;/script>&lt;script>alert(1)');
  expect(page).not.toContain('href="javascript:');
});

test('the verdict reads without the script: sentence, totals, failures with cause and remedy, matrix', () => {
  const page = renderPage(STORIES.mixed()).replace(/<style>[\s\S]*?<\/style>|<script>[\s\S]*?<\/script>/g, '');
  const text = page.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
  expect(text).toContain('Parity does not hold 3 of 14 conversions fail · 1 error · 1 unverifiable');
  expect(text.indexOf('What broke')).toBeLessThan(text.indexOf('All conversions'));
  expect(text).toContain('Cause the first Dense saturates');
  expect(text).toContain('first wrong at dense_1/BiasAdd ( model.py:31 )');
  expect(page).toContain('href="#digits/tflite-int8@litert"');
  expect(page).toContain('id="digits/tflite-int8@litert"');
});

test('only what differs in the contract is marked', () => {
  const page = renderPage(STORIES.broken());
  expect(page.match(/<mark>[^<]*<\/mark>/g)).toEqual([
    '<mark>int8</mark>',
    '<mark>[1, 1, 8, 8]</mark>',
    '<mark>[1, 10]</mark>',
  ]);
});

test('a page of demo size stays small, a page of thousands opens', () => {
  expect(renderPage(STORIES.passing()).length).toBeLessThan(200_000);
  expect(renderPage(many(5000)).length).toBeLessThan(12_000_000);
});

test('anchors are unique, keep ordinary ids readable and never meet the page’s own', () => {
  expect(anchor('digits/onnx@onnxruntime-node')).toBe('digits/onnx@onnxruntime-node');
  expect(anchor('a b/c')).not.toBe(anchor('a-b/c'));
  expect(anchor('search')).toBe('case/search');
  expect(anchor('"><x/y')).toMatch(/^[\w./@+-]+$/);
});

test('file links stay inside the run folder', () => {
  expect(fileHref('tensors/a b/x.safetensors')).toBe('./tensors/a%20b/x.safetensors');
  expect(fileHref('javascript:alert(1)')).toBe('./javascript%3Aalert(1)');
  expect(fileHref('//evil.example/../x')).toBe('./evil.example/x');
});

test('a log axis has whole decades and slots for zero and for what is not finite', () => {
  const scale = logScale([2e-7, 1.2e-5, 0, Number.NaN]);
  expect(scale.ticks.map((t) => t.label)).toEqual(['1e-8', '1e-7', '1e-6', '1e-5', '1e-4']);
  expect(scale.x(0)).toBe(2);
  expect(scale.x(Number.POSITIVE_INFINITY)).toBe(98);
  expect(scale.x(1e-300)).toBe(scale.ticks[0]?.at);
  expect(scale.x(1e-6)).toBeGreaterThan(scale.x(1e-7));
  expect(logScale([]).ticks.length).toBeGreaterThan(2);
});

function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(colour.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test.each([
  ['light', LIGHT],
  ['dark', DARK],
])('every text colour of the %s theme has 4.5:1 against what it stands on', (_theme, t) => {
  const pairs: [string, string][] = [
    ...(['ink', 'soft', 'link', 'bad', 'good'] as const).map((c): [string, string] => [t[c], t.ground]),
    [t.soft, t.raised],
    [t.bad, t['bad-ground']],
    ...(['identical', 'equivalent', 'close', 'different', 'broken'] as const).flatMap((g): [string, string][] => [
      [t[`g-${g}`], t[`gg-${g}`]],
      [t[`g-${g}`], t.ground],
    ]),
  ];
  for (const [text, ground] of pairs) {
    const [dark = 0, bright = 0] = [luminance(text), luminance(ground)].sort((a, b) => a - b);
    expect((bright + 0.05) / (dark + 0.05), `${text} on ${ground}`).toBeGreaterThan(4.5);
  }
});
