import { writeSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import type { PerturbStep } from '../../records/variant.ts';
import type { Source } from '../../tensor/bytes.ts';
import type { FloatDtype } from '../../tensor/move.ts';
import { type Constant, constantsOf, finalUses } from './constants.ts';
import { copyExternal } from './external-copy.ts';
import { channelsOf, isDiscrete, isParameter } from './movable.ts';
import { type TensorProto, TensorProto_DataType, TensorProtoSchema } from './onnx_pb.generated.ts';
import { isMask, isWhole, type Mover, moverFor } from './perturb-tensor.ts';
import { parseOnnx, writeOnnx } from './read.ts';
import { type Flow, flowOf } from './scopes.ts';
import { elementsOf, externalPlaceOf, floatDtypeOf, inPieces, withTensorBytes } from './tensor-data.ts';

/** Smaller ones are scales, shapes and bounds more often than weights, and weigh little (facts of the noise floor). */
const MIN_ELEMENTS = 16;

export interface Perturbed {
  /** Elements that have another value now. */
  readonly moved: number;
  /** Elements of the tensors that were moved, zeros and those that drew no move included. */
  readonly elements: number;
  /** What an ulp of step `float32` is for doubles: their own only in a model that holds no coarser float weight. */
  readonly grid: 'float32' | 'float64';
}

/**
 * Writes a copy of an ONNX model to `to` whose floating weights of 16 elements or more are moved by one step at random
 * (steps: `moverFor`). Initializers and constants count, in subgraphs and functions too. What moves each tensor follows
 * from the seed and its name alone; a tensor that several nodes share is moved once.
 *
 * These stay: parameters of operators (scales, zero points, regions, bounds); masks and one-hot tables; whole numbers that
 * are compared or counted; zeros (a pruned weight is exactly zero in every precision); infinities and NaN; integers.
 *
 * Weights in other files are read and written in pieces. Copies of those files lie beside `to` in the same layout, each
 * with the name of `to` in front of its own. OnparError `model-load-failed` and `file-missing` as when a model is read;
 * `output-exists` where writing would change the original.
 */
export function perturbWeights(
  from: string,
  to: string,
  perturb: { readonly step: PerturbStep; readonly seed: number },
): Perturbed {
  const model = parseOnnx(from);
  const flow = flowOf(model);
  const candidates = constantsOf(flow).flatMap((constant) => floatsIn(constant));
  const grid = candidates.length > 0 && candidates.every(({ dtype }) => dtype === 'float64') ? 'float64' : 'float32';
  const copies = copyExternal(model, from, to);
  // Tensors may share bytes of one file; each place is moved once, by the first of its names.
  const done = new Set<string>();
  let moved = 0;
  let elements = 0;
  try {
    for (const candidate of candidates.toSorted((a, b) => (a.constant.key < b.constant.key ? -1 : 1))) {
      const { constant, dtype, count } = candidate;
      const mover = moverOf(candidate, flow, from, { ...perturb, grid });
      if (mover === null) continue;
      const place = constant.held.kind === 'floats' ? null : externalPlaceOf(constant.held.tensor, from);
      if (place !== null) {
        const key = `${place.location}\0${place.offset}\0${dtype}\0${count}`;
        if (done.has(key)) continue;
        done.add(key);
      }
      elements += count;
      moved +=
        place === null
          ? moveInside(constant, from, mover)
          : moveOutside(constant, from, mover, copies.handle(place.location), place.offset);
    }
  } finally {
    copies.close();
  }
  copies.rename();
  writeOnnx(to, model);
  return { moved, elements, grid };
}

interface Candidate {
  readonly constant: Constant;
  readonly dtype: FloatDtype;
  readonly count: number;
}

/** A constant as a candidate, where it is a float tensor large enough. */
function floatsIn(constant: Constant): Candidate[] {
  const { held } = constant;
  const dtype = held.kind === 'floats' ? 'float32' : floatDtypeOf(held.tensor);
  const count = held.kind === 'floats' ? held.attribute.floats.length : elementsOf(held.tensor);
  return dtype === null || count < MIN_ELEMENTS ? [] : [{ constant, dtype, count }];
}

/** Null where the tensor stays. */
function moverOf(
  { constant, dtype }: Candidate,
  flow: Flow,
  file: string,
  options: { readonly step: PerturbStep; readonly seed: number; readonly grid: 'float32' | 'float64' },
): Mover | null {
  const { held, value, key } = constant;
  const dims = held.kind === 'tensor' ? held.tensor.dims.map(Number) : [];
  const uses = finalUses(flow, value, dims.length);
  if (uses.some(isParameter)) return null;
  const read = <T>(use: (source: Source, size: number) => T): T => withTensorBytes(tensorOf(constant), file, use);
  // The elements of a sparse tensor lack its zeros, so that one value alone says nothing.
  if (held.kind !== 'sparse' && read((source, size) => isMask(source, size, dtype))) return null;
  if (uses.some(isDiscrete) && read((source, size) => isWhole(source, size, dtype))) return null;
  return moverFor(dtype, { ...options, key }, channelsOf(uses, dims), read);
}

/** What is held, as a tensor whose bytes can be read. */
function tensorOf({ held }: Constant): TensorProto {
  if (held.kind !== 'floats') return held.tensor;
  const { floats: floatData } = held.attribute;
  return create(TensorProtoSchema, {
    dataType: TensorProto_DataType.FLOAT,
    dims: [BigInt(floatData.length)],
    floatData,
  });
}

function moveInside(constant: Constant, file: string, mover: Mover): number {
  const { held } = constant;
  const bytes = withTensorBytes(tensorOf(constant), file, (source, size) => source(0, size).slice());
  const moved = mover(bytes);
  if (held.kind === 'floats') {
    held.attribute.floats = Array.from(new Float32Array(bytes.buffer as ArrayBuffer));
    return moved;
  }
  Object.assign(held.tensor, { rawData: bytes, floatData: [], doubleData: [], int32Data: [] });
  return moved;
}

function moveOutside(constant: Constant, file: string, mover: Mover, handle: number, start: number): number {
  let moved = 0;
  withTensorBytes(tensorOf(constant), file, (source, size) =>
    inPieces(source, size, (piece, offset) => {
      moved += mover(piece);
      for (let at = 0; at < piece.byteLength; )
        at += writeSync(handle, piece, at, piece.byteLength - at, start + offset + at);
      return true;
    }),
  );
  return moved;
}
