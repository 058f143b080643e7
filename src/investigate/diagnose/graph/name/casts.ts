import type { OpNode } from '../../../../records/graph.ts';
import type { Dtype } from '../../../../tensor/dtype.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import { CASTS } from '../operators.ts';
import type { Side } from '../side.ts';
import type { Named } from './cause.ts';
import { short } from './constant.ts';

/** Bits of a number's digits: what a cast to a dtype keeps. */
const DIGITS: Readonly<Partial<Record<Dtype, number>>> = {
  float64: 53,
  float32: 24,
  float16: 11,
  bfloat16: 8,
  int64: 63,
  int32: 31,
  int16: 15,
  int8: 7,
  uint64: 64,
  uint32: 32,
  uint16: 16,
  uint8: 8,
};
/** The largest finite float16 (IEEE 754 binary16). */
const LARGEST_HALF = 65504;

export const dtypeOf = (side: Side, tensor: string | undefined): Dtype | undefined =>
  tensor === undefined || tensor === ''
    ? undefined
    : (side.view.graph.tensors[tensor]?.dtype ?? side.value(tensor)?.dtype ?? undefined);

/** A cast of some nodes to fewer digits than what it is given has. */
export function narrowed(side: Side, nodes: readonly OpNode[]): Named | undefined {
  for (const node of nodes) {
    if (!CASTS.has(node.op)) continue;
    const to = dtypeOf(side, node.outputs[0]);
    const from = dtypeOf(side, node.inputs[0]);
    const [kept, had] = [DIGITS[to ?? 'bool'], DIGITS[from ?? 'bool']];
    if (to === undefined || kept === undefined || had === undefined || kept >= had) continue;
    // A float that becomes an integer is rounded or cut: that is arithmetic, not precision.
    if (from?.includes('float') === true && !to.includes('float')) continue;
    // Whole numbers that the narrower type holds lose nothing.
    if (from?.includes('int') === true && largestOf(side, node.inputs[0] as string) <= 2 ** kept) continue;
    const largest = to === 'float16' ? largestOf(side, node.inputs[0] as string) : 0;
    if (largest > LARGEST_HALF) return { code: 'float16-range', args: { largest: short(largest), dtype: to } };
    return { code: 'dtype-narrowed', args: { dtype: to } };
  }
  return undefined;
}

/** The largest finite magnitude that a tensor takes; 0: not known. */
export function largestOf(side: Side, tensor: string): number {
  const value = tensor === '' ? undefined : side.value(tensor);
  if (value === undefined || value.dtype === 'string') return 0;
  return toFloat64(value).reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 0);
}
