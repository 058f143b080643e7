import type { OpGraph } from '../../records/graph.ts';
import { BYTES_PER_ELEMENT } from '../../tensor/dtype.ts';

/** Bytes of intermediate values that one run gives out at most: two sides and two copies of them fit into 1 GB. */
const GROUP_BYTES = 128 * 1024 ** 2;
/** Tensors of unknown size count as this many bytes. */
const UNKNOWN_BYTES = 1024 ** 2;
/** Sizes that only a run tells (a batch of two or three) make tensors larger than the graph says. */
const DYNAMIC = 4;

/** Splits tensors into groups whose values fit into memory together, in the order given. */
export function tapGroups(graph: OpGraph | null, tensors: readonly string[], wide: boolean): string[][] {
  const groups: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const name of tensors) {
    const size = bytesOf(graph, name) * (wide ? 2 : 1);
    if (bytes + size > GROUP_BYTES) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(name);
    bytes += size;
  }
  return groups;
}

function bytesOf(graph: OpGraph | null, name: string): number {
  const tensor = graph?.tensors[name];
  if (tensor?.shape == null) return UNKNOWN_BYTES;
  const each = BYTES_PER_ELEMENT[tensor.dtype ?? 'float32'];
  return tensor.shape.reduce<number>((n, d) => n * (typeof d === 'number' ? d : DYNAMIC), each);
}
