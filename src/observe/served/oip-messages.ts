import { tensorFrom } from '../../tensor/build.ts';
import { BYTES_PER_ELEMENT, type Dtype } from '../../tensor/dtype.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { numericReader } from '../../tensor/values.ts';
import { servedError } from './errors.ts';
import { dtypeOf, fromRaw, utf8 } from './oip.ts';
import type { InferTensorContents, ModelInferResponse } from './open-inference.generated.ts';

/** Which list of InferTensorContents holds each dtype (specification, "Tensor Data"); 16-bit floats have none. */
const LISTS = {
  bool: 'boolContents',
  int8: 'intContents',
  int16: 'intContents',
  int32: 'intContents',
  int64: 'int64Contents',
  uint8: 'uintContents',
  uint16: 'uintContents',
  uint32: 'uintContents',
  uint64: 'uint64Contents',
  float32: 'fp32Contents',
  float64: 'fp64Contents',
  string: 'bytesContents',
} as const satisfies Partial<Record<Dtype, keyof InferTensorContents>>;

/** A tensor as a list of its elements; null for the 16-bit floats, which travel as bytes alone. */
export function typedContents(tensor: Tensor): Record<string, unknown> | null {
  const { dtype, strings = [] } = tensor;
  if (dtype === 'float16' || dtype === 'bfloat16') return null;
  if (dtype === 'string') return { bytesContents: strings.map((text) => Buffer.from(text, 'utf8')) };
  const read = numericReader(tensor);
  const count = tensor.shape.reduce((n, d) => n * d, 1);
  const values = Array.from({ length: count }, (_, i) => (dtype === 'bool' ? read(i) !== 0 : read(i)));
  return { [LISTS[dtype]]: values };
}

/** Outputs in the order of the answer, from bytes or lists. OnparError `served-garbage` where they do not fit. */
export function outputsOf(
  { outputs, rawOutputContents: raws }: ModelInferResponse,
  place: string,
): Map<string, Tensor> {
  if (raws.length > 0 && raws.length !== outputs.length) {
    throw servedError('served-garbage', `${place}: ${raws.length} raw contents for ${outputs.length} outputs`);
  }
  return new Map(
    outputs.map(({ name, datatype, shape, contents }, i) => {
      const dtype = dtypeOf(name, datatype);
      const sizes = shape.map(Number);
      const raw = raws[i];
      return [
        name,
        raw === undefined
          ? fromContents(name, dtype, sizes, contents)
          : fromRaw(name, dtype, sizes, raw, BYTES_PER_ELEMENT[dtype]),
      ];
    }),
  );
}

function fromContents(
  name: string,
  dtype: Dtype,
  shape: readonly number[],
  contents: InferTensorContents | undefined,
): Tensor {
  const count = shape.reduce((n, d) => n * d, 1);
  const values = dtype === 'float16' || dtype === 'bfloat16' ? undefined : contents?.[LISTS[dtype]];
  if ((values?.length ?? 0) !== count) {
    throw servedError(
      'served-garbage',
      `output ${name} has ${values?.length ?? 0} values; ${dtype} of shape [${shape.join(', ')}] takes ${count}`,
    );
  }
  if (dtype === 'string') {
    const strings = ((values ?? []) as Uint8Array[]).map((bytes) => utf8(name, bytes));
    return { dtype, shape, data: new Uint8Array(0), strings };
  }
  return tensorFrom(
    dtype,
    shape,
    ((values ?? []) as (number | bigint | boolean)[]).map((v) => (typeof v === 'boolean' ? Number(v) : v)),
  );
}
