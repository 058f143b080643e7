import type { AttributeValue } from '../../../../records/graph.ts';
import type { Alternative, Rule } from '../alternative.ts';
import { attribute } from '../changes.ts';
import type { Site } from '../site.ts';

const TREES = ['ai.onnx.ml::TreeEnsembleRegressor', 'ai.onnx.ml::TreeEnsembleClassifier'];

/** Trees: which way equal values go, which feature a node reads, how trees are put together. */
export const trees: Rule = {
  name: 'trees',
  codes: ['comparison-differs', 'index-differs', 'attribute-differs'],
  ops: TREES,
  alternatives: function* (site) {
    const modes = site.node.attributes.nodes_modes;
    if (Array.isArray(modes))
      for (const [from, to] of SWAPS)
        if (modes.includes(from))
          yield set(
            site,
            'comparison-differs',
            'nodes_modes',
            modes.map((m) => (m === from ? to : m)),
            `${to} for ${from}`,
          );
    const features = site.list('nodes_featureids');
    for (const by of [1, -1]) {
      const moved = features?.map((f, i) => (Array.isArray(modes) && modes[i] === 'LEAF' ? f : f + by));
      if (moved?.every((f) => f >= 0) === true)
        yield set(site, 'index-differs', 'nodes_featureids', moved, `features ${by > 0 ? '+' : '−'} 1`);
    }
    if (site.node.op !== TREES[0]) return;
    const now = site.text('aggregate_function', 'SUM');
    for (const then of ['SUM', 'AVERAGE', 'MIN', 'MAX'])
      if (then !== now) yield set(site, 'attribute-differs', 'aggregate_function', then, `aggregate_function ${then}`);
  },
};

const SWAPS = [
  ['BRANCH_LEQ', 'BRANCH_LT'],
  ['BRANCH_LT', 'BRANCH_LEQ'],
  ['BRANCH_GTE', 'BRANCH_GT'],
  ['BRANCH_GT', 'BRANCH_GTE'],
] as const;

/** What a classifier or regressor does with its scores. */
export const postTransform: Rule = {
  name: 'post-transform',
  codes: ['activation-missing', 'activation-added', 'activation-variant'],
  ops: [...TREES, 'ai.onnx.ml::LinearClassifier', 'ai.onnx.ml::LinearRegressor', 'ai.onnx.ml::SVMClassifier'],
  alternatives: function* (site) {
    const now = site.text('post_transform', 'NONE');
    for (const then of ['NONE', 'SOFTMAX', 'LOGISTIC', 'SOFTMAX_ZERO', 'PROBIT']) {
      if (then === now) continue;
      const code = then === 'NONE' ? 'activation-added' : now === 'NONE' ? 'activation-missing' : 'activation-variant';
      yield {
        ...set(site, code, 'post_transform', then, `post_transform ${then}`),
        args: { activation: code === 'activation-added' ? now : then, from: then, to: now },
      };
    }
  },
};

const set = (
  site: Site,
  code: Alternative['code'],
  name: string,
  value: AttributeValue,
  words: string,
): Alternative => ({
  code,
  node: site.node,
  edits: [attribute(site.node, name, value)],
  args: { attribute: name, from: words },
  experiment: `with ${words}`,
  cost: 1,
});
