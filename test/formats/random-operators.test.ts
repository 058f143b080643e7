import { expect, test } from 'vitest';
import { randomOperators } from '../../src/formats/onnx/random-operators.ts';
import { model, node, tensor } from './build-onnx.ts';

const bool = (name: string, value: number) => tensor(name, 'bool', [], [value]);
const text = (...args: Parameters<typeof model>): string[] =>
  randomOperators(model(...args)).map((r) => `${r.node} ${r.operator} ${r.seeded ? 'seeded' : 'free'} ${r.certain}`);

test('operators that draw, whether seeded, in the graph, subgraphs and called functions', () => {
  const inner = (op: string, out: string) => ({
    g: { name: op, node: [node(op, 'x', out)], output: [{ name: out }] },
  });
  expect(
    text(
      {
        node: [
          node('RandomNormalLike', 'x', 'a'),
          node('Bernoulli', 'x', 'b', { seed: 0.5 }),
          node('If', 'flag', 'c', { then_branch: inner('RandomUniformLike', 'r'), else_branch: inner('Relu', 's') }),
          node('local::Noisy', 'x', 'd'),
          node('com.microsoft::Sampling', 'x', 'e'),
          node('example::RandomNormal', 'x', 'f'),
          node('Relu', 'x', 'y'),
        ],
      },
      {
        functions: [
          { name: 'Noisy', domain: 'local', input: ['v'], output: ['o'], node: [node('Multinomial', 'v', 'o')] },
          { name: 'Unused', domain: 'local', input: ['v'], output: ['o'], node: [node('Multinomial', 'v', 'o')] },
        ],
      },
    ),
  ).toEqual([
    'randomnormallike_a RandomNormalLike free always',
    'bernoulli_b Bernoulli seeded always',
    'sampling_e com.microsoft::Sampling free always',
    'if_c/then_branch/randomuniformlike_r RandomUniformLike free always',
    'local::Noisy/multinomial_o Multinomial free always',
  ]);
});

test('dropout draws in training mode alone', () => {
  const graph = {
    node: [
      node('Dropout', 'x', 'plain'),
      node('Dropout', 'x ratio', 'ratio_only'),
      node('Dropout', 'x ratio no', 'off'),
      node('Dropout', 'x ratio yes', 'on'),
      node('Identity', 'yes', 'passed'),
      node('Dropout', 'x _ passed', 'on_by_identity', { seed: 3 }),
      node('Constant', '', 'k', { value: { t: bool('', 1) } }),
      node('Dropout', 'x ratio k', 'on_by_constant'),
      node('Dropout', 'x ratio mode', 'computed'),
      node('com.microsoft::BiasDropout', 'x b r ratio yes', 'fused'),
    ],
    initializer: [bool('yes', 1), bool('no', 0)],
  };
  expect(text(graph)).toEqual([
    'dropout_on Dropout free always',
    'dropout_on_by_identity Dropout seeded always',
    'dropout_on_by_constant Dropout free always',
    'dropout_computed Dropout free maybe',
    'biasdropout_fused com.microsoft::BiasDropout free always',
  ]);
  const old = (version: bigint, attributes = {}) =>
    text({ node: [node('Dropout', 'x', 'y', attributes)] }, { opsetImport: [{ domain: '', version }] });
  expect(old(6n)).toEqual(['dropout_y Dropout free always']);
  expect(old(6n, { is_test: 1 })).toEqual([]);
  expect(old(10n)).toEqual([]);
});
