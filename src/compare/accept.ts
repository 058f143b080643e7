import { roundUp } from '../core/round-up.ts';
import { yamlKey } from '../core/yaml-key.ts';
import { CLOSE } from './grade.ts';
import type { SampleResult } from './values/judge.ts';

/**
 * The suite line that would accept an output as it is: the round `relative: "0.1%"` where that does it for every sample,
 * else an absolute bound just above the largest error (a sample near zero has no share that means anything).
 */
export function acceptLine(output: string, results: readonly SampleResult[]): string {
  const compared = results.filter((r) => r.status === 'compared').map((r) => r.moments);
  const byShare = compared.every((m) => m.maxAbs <= CLOSE * m.scale || m.maxAbs === 0);
  const largest = Math.max(...compared.map((m) => m.maxAbs));
  const bound = byShare ? `{ relative: "${CLOSE * 100}%" }` : `{ atol: ${roundUp(largest)} }`;
  return `tolerance: { ${yamlKey(output)}: ${bound} }`;
}
