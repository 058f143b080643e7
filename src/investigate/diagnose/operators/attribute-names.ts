import type { AttributeValue } from '../../../records/graph.ts';
import type { Question } from '../../scene.ts';

/**
 * What the same quantity is called. Sources: argument names of ATen's native_functions.yaml (`eps`, `dim`,
 * `negative_slope`, `count_include_pad`), constructor arguments of Keras layers (`epsilon`, `axis`, `negative_slope`;
 * `alpha` in Keras 2), fields of TFLite's schema.fbs (`alpha`, `axis`, `align_corners`, `half_pixel_centers`), attributes of
 * ONNX's operators.
 */
const NAMES = {
  epsilon: ['epsilon', 'eps', 'variance_epsilon'],
  approximate: ['approximate'],
  axis: ['axis', 'dim', 'axes', 'dims'],
  slope: ['negative_slope', 'alpha', 'slope'],
  alpha: ['alpha'],
  alignCorners: ['align_corners'],
  halfPixel: ['half_pixel_centers'],
  countIncludePad: ['count_include_pad'],
  ceilMode: ['ceil_mode'],
  low: ['min', 'min_val', 'min_value', 'lower'],
  high: ['max', 'max_val', 'max_value', 'upper'],
  scale: ['scale', 'scale_factor'],
} as const satisfies Record<string, readonly string[]>;

/** Values that the reference's nodes where it parts have for a quantity; lists of one number as the number. */
export function referenceAttributes(
  { scene: { reference }, divergence }: Question,
  quantity: keyof typeof NAMES,
): AttributeValue[] {
  if (reference === null || divergence === null) return [];
  const places = new Set([divergence.reference.node, ...divergence.region.reference]);
  return reference.graph.nodes
    .filter((node) => places.has(node.id))
    .flatMap((node) => NAMES[quantity].map((name) => node.attributes[name]))
    .flatMap((value) => (value === undefined || value === null ? [] : [lone(value)]));
}

const lone = (value: AttributeValue): AttributeValue =>
  Array.isArray(value) && value.length === 1 ? (value[0] as AttributeValue) : value;
