import { expect, test } from 'vitest';
import { junitXml } from '../../src/report/reporters/junit.ts';
import { STORIES, type StoryName } from './stories.ts';
import { parseXml } from './xml.ts';

test.each(Object.keys(STORIES) as StoryName[])('junit.xml of %s is well-formed', (story) => {
  expect(parseXml(junitXml(STORIES[story]()))[0]).toBe('testsuites');
});

test('one testsuite a case, one testcase a conversion; counts by verdict', () => {
  const text = junitXml(STORIES.mixed());
  const names = parseXml(text);
  const count = (name: string): number => names.filter((n) => n === name).length;
  expect([count('testsuite'), count('testcase'), count('failure'), count('error'), count('skipped')]).toEqual([
    9, 14, 3, 2, 2,
  ]);
  expect(text).toContain('<testsuites name="onpar" tests="14" failures="3" errors="2" skipped="2"');
});

test('a failure carries its code, its sentence and the numbers', () => {
  const text = junitXml(STORIES.subtle());
  expect(text).toContain('<failure type="values-close" message="output features: ');
  expect(text).toContain('worst places, in sample large-1:');
  expect(text).toContain('classname="onpar.normaliser"');
});

test('an expected failure is skipped with its reason', () => {
  expect(junitXml(STORIES.expected())).toContain(
    '<skipped message="expected failure (skl2onnx casts quantiles to float32 (issue 1187), until 2027-03-01): ',
  );
});

test('a run without conversions is an error, never an empty green file', () => {
  expect(junitXml(STORIES.empty())).toContain(
    '<error type="toolchain-failed" message="toolchain pytorch could not be installed',
  );
  const silent = { ...STORIES.empty(), run: { ...STORIES.empty().run, findings: [] } };
  expect(junitXml(silent)).toContain('tests="1" failures="0" errors="1"');
});
