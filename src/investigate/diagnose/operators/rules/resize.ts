import type { AttributeValue } from '../../../../records/graph.ts';
import type { Alternative, Rule } from '../alternative.ts';
import { choices, settings } from '../changes.ts';
import type { Site } from '../site.ts';

const COORDINATES = ['half_pixel', 'asymmetric', 'align_corners', 'pytorch_half_pixel', 'half_pixel_symmetric'];
const ROUNDINGS = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'];

/** Every way in which ONNX's Resize (opset 19) maps coordinates, rounds and interpolates; defaults as the operator has them. */
export const resize: Rule = {
  name: 'resize',
  codes: ['resize-mode'],
  ops: ['Resize', 'Upsample'],
  alternatives: function* (site) {
    const now = {
      mode: site.text('mode', 'nearest'),
      coordinate_transformation_mode: site.text('coordinate_transformation_mode', 'half_pixel'),
      nearest_mode: site.text('nearest_mode', 'round_prefer_floor'),
      cubic_coeff_a: site.number('cubic_coeff_a', -0.75),
      exclude_outside: site.number('exclude_outside', 0),
      antialias: site.number('antialias', 0),
    };
    for (const mode of ['nearest', 'linear', 'cubic']) {
      const options = {
        coordinate_transformation_mode: site.node.op === 'Upsample' ? ['half_pixel'] : COORDINATES,
        nearest_mode: mode === 'nearest' && site.node.op !== 'Upsample' ? ROUNDINGS : [now.nearest_mode],
        cubic_coeff_a: mode === 'cubic' ? [-0.75, -0.5] : [now.cubic_coeff_a],
        exclude_outside: mode === 'cubic' ? [0, 1] : [now.exclude_outside],
        antialias: mode === 'nearest' ? [now.antialias] : [0, 1],
      };
      for (const choice of choices(options)) {
        const alternative = resized(site, now, { mode, ...choice });
        if (alternative !== undefined) yield alternative;
      }
    }
  },
};

function resized(
  site: Site,
  now: Readonly<Record<string, AttributeValue>>,
  then: Readonly<Record<string, AttributeValue>>,
): Alternative | undefined {
  const { edits, from, to, changed } = settings(site.node, now, then);
  if (edits.length === 0) return undefined;
  const corners = site.told('alignCorners')[0];
  const asTold = (then.coordinate_transformation_mode === 'align_corners') === Boolean(corners);
  return {
    code: 'resize-mode',
    node: site.node,
    edits,
    args: { from, to },
    experiment: `with ${from}`,
    // Half_pixel and align_corners are what frameworks have; the others are rare.
    cost: changed.length * 2 + (/symmetric|pytorch|asymmetric/.test(from) ? 1 : 0),
    ...(corners !== undefined && corners !== null && asTold && changed.length === 1 ? { told: true } : {}),
  };
}
