import type { TensorSpec } from '../../../records/contract.ts';
import { isInteger } from '../../../tensor/dtype.ts';
import { arithmetic } from './arithmetic.ts';
import type { Carried, Claim, Rule } from './claim.ts';
import type { GraphView } from './graph.ts';
import { indexing } from './indexing.ts';
import { masking } from './masking.ts';
import { passing } from './passing.ts';
import { signals } from './signals.ts';

const RULES: readonly Rule[] = [indexing, masking, signals, arithmetic, passing];

/** Far more than any input passes through before it is computed with; ends the walk in graphs that reuse one tensor everywhere. */
const MAX_STATES = 4096;

/** Follows an input's values until they are computed with, and collects what is said about them on the way. */
export function follow(input: TensorSpec, graph: GraphView): Claim[] {
  const integer = input.dtype !== null && isInteger(input.dtype);
  const start: Carried = {
    tensor: input.name,
    kind: input.dtype === 'bool' ? 'condition' : 'value',
    scale: 1,
    offset: 0,
    exact: true,
    isInteger: integer,
    isQuotient: false,
    isBroadcast: false,
    isSliced: false,
  };
  const claims: Claim[] = [];
  const seen = new Set<string>();
  const queue = [start];
  for (let carried = queue.pop(); carried !== undefined && seen.size < MAX_STATES; carried = queue.pop()) {
    const key = JSON.stringify(carried);
    if (seen.has(key)) continue;
    seen.add(key);
    for (const use of graph.usesOf(carried.tensor)) {
      const place = { use, carried, input, graph };
      const step = RULES.map((rule) => rule(place)).find((answer) => answer !== undefined);
      claims.push(...(step?.claims ?? []));
      queue.push(...(step?.next ?? []));
    }
  }
  return claims;
}
