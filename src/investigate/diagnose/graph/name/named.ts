import type { DiagnosisCode } from '../../../../core/diagnosis-catalogue.ts';

/** Every code that comparing graphs can lead to. */
export const NAMED: readonly DiagnosisCode[] = [
  ...(['epsilon-differs', 'axis-differs', 'padding-differs', 'pool-border', 'window-differs', 'resize-mode'] as const),
  ...(['activation-missing', 'activation-added', 'activation-variant', 'clipping-differs', 'scaling-differs'] as const),
  ...(['operator-missing', 'operator-added', 'operator-differs', 'attribute-differs', 'constant-differs'] as const),
  ...([
    'normalisation-differs',
    'batchnorm-training',
    'layout-permuted',
    'channel-order',
    'channel-corrupted',
  ] as const),
  ...(['operands-swapped', 'wiring-differs', 'mask-differs', 'index-differs', 'position-offset', 'ties'] as const),
  ...(['comparison-differs', 'integer-arithmetic', 'gate-order', 'initial-state', 'recurrence-differs'] as const),
  ...(['weights-differ', 'bias-dropped', 'dtype-narrowed', 'float16-range', 'unstable-computation'] as const),
  ...([
    'saturation',
    'quantisation-coarse',
    'quantisation-parameters',
    'frozen-dimension',
    'randomness',
    'input-ignored',
    'batch-mixed',
  ] as const),
];
