import { makeFinding, type RawFinding } from '../../core/findings.ts';
import type { IoContract, TensorSpec } from '../../records/contract.ts';
import type { Observation } from '../../records/observation.ts';
import type { TensorInfo } from '../../records/sample.ts';

/**
 * What a server's answers have that its own metadata denies: another dtype, rank or fixed size, outputs that it does not
 * list or that never come. Whoever builds a client from the metadata meets it. Only for models behind a protocol
 * (`facts.protocol`): what a file declares is judged against the other side alone.
 */
export function contradictions(
  side: 'reference' | 'candidate',
  contract: IoContract | null,
  { facts, samples }: Observation,
): RawFinding[] {
  if (contract === null || contract.outputs.length === 0 || facts.protocol === undefined) return [];
  const ran = samples.filter((run) => run.failure === undefined);
  if (ran.length === 0) return [];
  const seen = ran.flatMap(({ sample, outputs }) => outputs.map((output) => ({ sample, output })));
  // A reference that misdescribes itself is no fault of the candidate's.
  const severity = side === 'candidate' ? 'error' : 'warning';
  const tell = (name: string, declared: string, observed: string, sample: string): RawFinding =>
    makeFinding('contract-contradicted', `${side} output ${name}`, { declared, observed, sample }, severity);
  const known = contract.outputs.flatMap((spec) => {
    const own = seen.filter(({ output }) => output.name === spec.name);
    if (own.length === 0) return [tell(spec.name, textOf(spec), 'nothing', ran[0]?.sample ?? '')];
    const odd = own.find(({ output }) => !fits(spec, output));
    return odd === undefined ? [] : [tell(spec.name, textOf(spec), textOf(odd.output), odd.sample)];
  });
  const extra = new Map(
    seen
      .filter(({ output }) => !contract.outputs.some((spec) => spec.name === output.name))
      .map((s) => [s.output.name, s]),
  );
  return [...known, ...[...extra.values()].map((s) => tell(s.output.name, 'nothing', textOf(s.output), s.sample))];
}

const fits = (spec: TensorSpec, { dtype, shape }: TensorInfo): boolean =>
  (spec.dtype === null || spec.dtype === dtype) &&
  (spec.shape === null ||
    (spec.shape.length === shape.length &&
      spec.shape.every((size, axis) => typeof size !== 'number' || size === shape[axis])));

const textOf = ({ dtype, shape }: TensorSpec | TensorInfo): string =>
  `${dtype ?? 'any dtype'} [${shape === null ? 'any shape' : shape.map((size) => size ?? '?').join(', ')}]`;
