import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DIAGNOSES } from '../../src/core/diagnosis-catalogue.ts';

interface Label {
  readonly codes: readonly string[];
  readonly because?: string;
  readonly apart?: string;
  readonly pairs?: Readonly<Record<string, Label>>;
}

const table = JSON.parse(readFileSync('fixtures/faults/diagnoses.json', 'utf8')) as Readonly<Record<string, Label>>;
const labels = Object.entries(table).flatMap(([name, label]) => [
  [name, label] as const,
  ...Object.entries(label.pairs ?? {}),
]);

test('labels of the fault benchmark are causes that onpar can name, and never `unknown`', () => {
  const known = new Set(Object.keys(DIAGNOSES).filter((code) => code !== 'unknown'));
  const bad = labels.filter(([, { codes }]) => codes.length === 0 || codes.some((code) => !known.has(code)));
  expect(bad).toEqual([]);
});

test('a label of several codes says why all are true', () => {
  expect(labels.filter(([, { codes, because }]) => codes.length > 1 && !because)).toEqual([]);
});

test('faults of no node are of few kinds', () => {
  const kinds = new Set(labels.flatMap(([, { apart }]) => apart ?? []));
  expect([...kinds].sort()).toEqual(['contract', 'everywhere', 'outputs']);
});
