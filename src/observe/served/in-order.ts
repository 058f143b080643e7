import type { IoContract } from '../../records/contract.ts';
import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';

/** In the order that the metadata has; outputs that it does not know come behind. */
export function inOrder({ outputs }: IoContract, found: ReadonlyMap<string, Tensor>): NamedTensors {
  const named = outputs.flatMap(({ name }): [string, Tensor][] => {
    const tensor = found.get(name);
    return tensor === undefined ? [] : [[name, tensor]];
  });
  return new Map([...named, ...[...found].filter(([name]) => !outputs.some((o) => o.name === name))]);
}
