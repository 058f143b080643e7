import { cast } from '../../tensor/build.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import { transpose } from '../../tensor/transpose.ts';
import type { OpenScene } from './scene.ts';

/**
 * The reference's value of a tensor as the candidate has its counterpart: its order of axes and its shape. Undefined:
 * strings, or a side without the value.
 */
export function laidOut(scene: OpenScene, tensor: string, candidate: string): Tensor | undefined {
  const value = scene.reference.values.get(tensor);
  if (value === undefined || value.dtype === 'string') return undefined;
  const match = scene.alignment.ofReference(tensor).find((m) => m.candidate === candidate);
  if (match?.permutation !== undefined) return transpose(value, match.permutation);
  const shape = scene.candidate.values.get(candidate)?.shape;
  return shape !== undefined && elementCount(shape) === elementCount(value.shape) ? { ...value, shape } : value;
}

/** Likewise, of the type that the candidate declares: what can stand in its file. */
export function declaredAs(scene: OpenScene, tensor: string, candidate: string): Tensor | undefined {
  const value = laidOut(scene, tensor, candidate);
  const dtype = scene.candidate.graph.tensors[candidate]?.dtype ?? scene.candidate.values.get(candidate)?.dtype;
  return value === undefined || dtype === undefined || dtype === 'string' ? value : cast(value, dtype);
}
