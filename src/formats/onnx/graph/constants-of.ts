import { tensorFrom } from '../../../tensor/build.ts';
import { elementCount, type NamedTensors, type Tensor } from '../../../tensor/tensor.ts';
import { constantsOf as heldConstants } from '../constants.ts';
import type { TensorProto } from '../onnx_pb.generated.ts';
import { parseOnnx } from '../read.ts';
import { flowOf } from '../scopes.ts';
import { dtypeOfOnnx } from '../summary.ts';
import { withTensorBytes } from '../tensor-data.ts';

const utf8 = new TextDecoder();

/**
 * The constants of a model's main graph by name: initializers and what Constant nodes hold. Of sparse tensors, of element
 * types that onpar's tensors do not have (4-bit integers, 8-bit floats), and of data that is missing there is none.
 */
export function constantsOf(path: string): NamedTensors {
  const model = parseOnnx(path);
  const flow = flowOf(model);
  const found = new Map<string, Tensor>();
  for (const { value, held } of heldConstants(flow)) {
    if (value.scope.id !== '') continue;
    const tensor =
      held.kind === 'floats'
        ? tensorFrom('float32', [held.attribute.floats.length], held.attribute.floats)
        : held.kind === 'tensor'
          ? tensorOf(held.tensor, path)
          : null;
    if (tensor !== null) found.set(value.name, tensor);
  }
  for (const { opType, output, attribute } of model.graph?.node ?? []) {
    const [name] = output;
    const [value] = attribute;
    if (opType !== 'Constant' || name === undefined || value === undefined || found.has(name)) continue;
    if (value.name === 'value_int') found.set(name, tensorFrom('int64', [], [value.i]));
    else if (value.name === 'value_ints') found.set(name, tensorFrom('int64', [value.ints.length], value.ints));
    else if (value.name === 'value_float') found.set(name, tensorFrom('float32', [], [value.f]));
  }
  return found;
}

/** The value of a tensor of a file; null where onpar's tensors cannot hold it. */
export function tensorOf(proto: TensorProto, path: string): Tensor | null {
  const dtype = dtypeOfOnnx(proto.dataType);
  if (dtype === null) return null;
  const shape = proto.dims.map(Number);
  if (dtype === 'string')
    return { dtype, shape, data: new Uint8Array(0), strings: proto.stringData.map((each) => utf8.decode(each)) };
  if (elementCount(shape) === 0) return { dtype, shape, data: new Uint8Array(0) };
  return withTensorBytes(proto, path, (source, size) => ({ dtype, shape, data: source(0, size) }));
}
