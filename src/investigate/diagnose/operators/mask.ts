import { elementCount, type Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import type { Site } from './site.ts';

/** Whatever is this far below zero is there to be nothing behind a softmax; float16 masks use −1e4, others −1e9 or −inf. */
const AWAY = -1e3;
/** Larger tensors are not searched. */
const MOST = 2 ** 20;

/** A number that is added, or put, where nothing should be attended to. */
export const isMaskValue = (value: number): boolean => !(value > AWAY);

/** A tensor that holds such numbers beside others: an additive mask. */
export function isAdditiveMask(tensor: Tensor | undefined): boolean {
  if (tensor === undefined || tensor.dtype === 'string' || elementCount(tensor.shape) > MOST) return false;
  const values = toFloat64(tensor);
  return values.some((v) => v <= AWAY) && values.every((v) => v <= AWAY || Math.abs(v) < -AWAY);
}

/** Operators that a mask goes through on its way to the scores. */
const PASSING = new Set([
  'Not',
  'And',
  'Or',
  'Cast',
  'Unsqueeze',
  'Squeeze',
  'Expand',
  'Reshape',
  'Transpose',
  'Slice',
  'Concat',
  'Sub',
  'Mul',
  'Add',
  'Trilu',
  'Identity',
]);
const DEPTH = 8;

/** Whether a tensor ends as the condition of a choice between scores and a masking number, or is added to what a softmax reads. */
export function leadsToMask(site: Site, tensor: string, depth = DEPTH): boolean {
  if (depth === 0) return false;
  return site.readers(tensor).some((reader) => {
    if (reader.op === 'Where' && reader.inputs[0] === tensor)
      return (
        reader.inputs.slice(1).some((name) => holdsMaskValue(site, name)) ||
        leadsToMask(site, reader.outputs[0] ?? '', depth - 1)
      );
    if (reader.op === 'Softmax') return depth < DEPTH;
    return PASSING.has(reader.op) && leadsToMask(site, reader.outputs[0] ?? '', depth - 1);
  });
}

function holdsMaskValue(site: Site, name: string): boolean {
  const value = site.question.scene.candidate?.values.get(name);
  return (
    site.graph.tensors[name]?.constant === true &&
    value !== undefined &&
    value.dtype !== 'string' &&
    elementCount(value.shape) === 1 &&
    isMaskValue(toFloat64(value)[0] ?? 0)
  );
}
