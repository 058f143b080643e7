import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PerturbStep } from '../../records/variant.ts';
import type { FloatDtype } from '../../tensor/move.ts';
import { isMask, moverFor } from '../onnx/perturb-tensor.ts';
import type { TfjsWeight, TfjsWeightGroup } from './model-json.ts';
import { readGroup, readModelJson, storedAs, weightBytes } from './weights.ts';

/** Smaller ones are bounds, shapes and scalars more often than weights, as in ONNX. */
const MIN_ELEMENTS = 16;

/**
 * Writes a copy of a TensorFlow.js model to `to` (its model.json; one weight file a group beside it) whose floating weights of
 * 16 elements or more are moved by one step at random (steps: `moverFor`), each by the seed and its name alone. An output
 * channel is the last axis, as TensorFlow lays kernels out. Masks and weights stored as integers stay. Gives how many moved.
 */
export function perturbTfjs(
  from: string,
  to: string,
  { step, seed }: { readonly step: PerturbStep; readonly seed: number },
): number {
  const json = readModelJson(from);
  let moved = 0;
  const weightsManifest = json.weightsManifest.map((group, i): TfjsWeightGroup => {
    const bytes = readGroup(from, group);
    for (const { weight, place } of placesOf(group.weights, bytes)) {
      const dtype = movable(weight);
      if (dtype === null) continue;
      const piece = bytes.slice(...place);
      const source = (at: number, length: number): Uint8Array => piece.subarray(at, at + length);
      if (isMask(source, piece.byteLength, dtype)) continue;
      const channels = { inner: 1, count: weight.shape.at(-1) ?? 1 };
      const about = { step, seed, key: weight.name, grid: 'float32' as const };
      moved += moverFor(dtype, about, channels, (use) => use(source, piece.byteLength))(piece);
      bytes.set(piece, place[0]);
    }
    const name = `group${i + 1}.bin`;
    writeFileSync(join(dirname(to), name), bytes);
    return { paths: [name], weights: group.weights };
  });
  writeFileSync(to, JSON.stringify({ ...json, weightsManifest }));
  return moved;
}

function movable(weight: TfjsWeight): FloatDtype | null {
  const stored = storedAs(weight);
  const elements = weight.shape.reduce((n, d) => n * d, 1);
  return elements >= MIN_ELEMENTS && (stored === 'float32' || stored === 'float16') ? stored : null;
}

interface Placed {
  readonly weight: TfjsWeight;
  /** From and to, in the bytes of the group. */
  readonly place: readonly [number, number];
}

function placesOf(weights: readonly TfjsWeight[], bytes: Uint8Array): Placed[] {
  let at = 0;
  return weights.map((weight) => {
    const size = weightBytes(weight) ?? stringBytes(weight, bytes, at);
    at += size;
    return { weight, place: [at - size, at] };
  });
}

/** Each string stands behind its length in four bytes (tfjs-core, src/io/io_utils.ts, decodeWeights). */
function stringBytes({ shape }: TfjsWeight, bytes: Uint8Array, from: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = from;
  for (let left = shape.reduce((n, d) => n * d, 1); left > 0; left--) at += 4 + view.getUint32(at, true);
  return at - from;
}
