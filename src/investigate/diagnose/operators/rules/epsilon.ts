import type { Alternative, Rule } from '../alternative.ts';
import { attribute, operand, scalar } from '../changes.ts';
import type { Site } from '../site.ts';
import { writtenEpsilon } from '../written-epsilon.ts';

/** What frameworks have as a default somewhere: Keras 1e-3, TFA 1e-4, PyTorch and ONNX 1e-5, BERT 1e-12, RMSNorm 1e-6, Adam-like 1e-8. */
const USUAL = [1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-2];

/** The epsilon of normalisations, as an attribute. */
export const epsilonAttribute: Rule = {
  name: 'epsilon',
  codes: ['epsilon-differs'],
  ops: [
    'BatchNormalization',
    'InstanceNormalization',
    'LayerNormalization',
    'GroupNormalization',
    'RMSNormalization',
    'SimplifiedLayerNormalization',
    'com.microsoft::SkipLayerNormalization',
    'com.microsoft::SkipSimplifiedLayerNormalization',
    'com.microsoft::GroupNorm',
  ],
  alternatives: (site) => usual(site, site.number('epsilon', 1e-5), attributeAt),
  fits: function* (site) {
    yield searched(site, site.number('epsilon', 1e-5), attributeAt);
  },
};

/** The epsilon of a normalisation that is written out: a small constant added to what a root, a logarithm or a division reads. */
export const epsilonConstant: Rule = {
  name: 'epsilon-constant',
  codes: ['epsilon-differs'],
  ops: ['Add', 'Max', 'Clip'],
  alternatives: function* (site) {
    const place = writtenEpsilon(site);
    if (place !== undefined)
      yield* usual(site, place.value, (s, e) =>
        operand(s.node, place.index, scalar(s, s.node.inputs[place.index] ?? '', e, s.constant(place.index)?.shape)),
      );
  },
  fits: function* (site) {
    const place = writtenEpsilon(site);
    if (place !== undefined)
      yield searched(site, place.value, (s, e) =>
        operand(s.node, place.index, scalar(s, s.node.inputs[place.index] ?? '', e, s.constant(place.index)?.shape)),
      );
  },
};

type Write = (site: Site, epsilon: number) => Alternative['edits'][number];
const attributeAt: Write = ({ node }, epsilon) => attribute(node, 'epsilon', epsilon);

function* usual(site: Site, now: number, write: Write): Generator<Alternative> {
  const told = site.told('epsilon').filter((v): v is number => typeof v === 'number');
  for (const epsilon of new Set([...told, ...USUAL]))
    if (!near(epsilon, now))
      yield other(
        site,
        epsilon,
        now,
        write,
        told.some((t) => near(t, epsilon)),
      );
}

const searched = (site: Site, now: number, write: Write) => ({
  low: 1e-13,
  high: 1,
  logarithmic: true,
  at: (epsilon: number) => other(site, epsilon, now, write, false),
});

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-4 * Math.abs(b);

const other = (site: Site, epsilon: number, now: number, write: Write, told: boolean): Alternative => ({
  code: 'epsilon-differs',
  node: site.node,
  edits: [write(site, epsilon)],
  args: { from: Number(epsilon.toPrecision(3)), to: Number(now.toPrecision(6)) },
  experiment: `with an epsilon of ${Number(epsilon.toPrecision(3))}`,
  cost: 1,
  ...(told ? { told } : {}),
});
