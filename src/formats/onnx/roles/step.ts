import type { NodeProto } from '../onnx_pb.generated.ts';
import type { Carried, Claim, Step } from './claim.ts';

/** The values go on through every output of a node. */
export const onwards = (node: NodeProto, carried: Carried, change: Partial<Carried> = {}): Step => ({
  next: node.output.filter((name) => name !== '').map((tensor) => ({ ...carried, ...change, tensor })),
  claims: [],
});

/** The way ends here, with what this use says. */
export const ends = (...claims: readonly Claim[]): Step => ({ next: [], claims });

/** Whole numbers x with low ≤ scale · x + offset ≤ high; undefined when there are none or scale is 0. */
export function solve({ scale, offset }: Carried, low: number, high: number): readonly [number, number] | undefined {
  if (scale === 0) return undefined;
  const bounds = [(low - offset) / scale, (high - offset) / scale].sort((a, b) => a - b) as [number, number];
  const range = [Math.ceil(bounds[0]), Math.floor(bounds[1])] as const;
  return range[0] <= range[1] ? range : undefined;
}
