import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFinding, type RawFinding } from '../core/findings.ts';
import { sha256 } from '../core/hash.ts';
import { fileSafe } from '../core/paths.ts';
import type { SamplePlan } from '../records/rules.ts';
import type { Sample } from '../records/sample.ts';
import { serializeSafetensors } from '../tensor/safetensors.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import { type Axes, findAxes } from './axes.ts';
import { imageSamples } from './images/image-samples.ts';
import { ownGenerators } from './own-generator.ts';
import { type Candidate, domainAt, portfolio } from './portfolio.ts';
import { isSequencePlan, sequenceFiles, sequencePortfolio, stepPlan } from './sequences.ts';
import { SPECIAL_KINDS, withSpecial } from './special.ts';
import { textSamples } from './texts.ts';
import { userSamples } from './user-files.ts';

export interface GeneratedSamples {
  readonly samples: Sample[];
  readonly findings: RawFinding[];
}

/**
 * Makes the samples of a plan as safetensors files in `outDir`: the user's data first, then onpar's portfolio. Samples of
 * the same content are made once. The same plan gives the same bytes. OnparError `input-mismatch` for data that does not
 * fit, `range-empty` or `value-not-representable` for legal values that are none, and what reading tensor files throws.
 */
export async function generateSamples(plan: SamplePlan, outDir: string): Promise<GeneratedSamples> {
  mkdirSync(outDir, { recursive: true });
  const axes = findAxes(isSequencePlan(plan) ? stepPlan(plan) : plan);
  const { candidates: fromFiles, findings } = isSequencePlan(plan) ? sequenceFiles(plan) : userSamples(plan, axes);
  const user = [...fromFiles, ...imageSamples(plan, axes)];
  const own = plan.portfolio === 0 ? [] : await ownCandidates(plan, axes, user.length === 0);
  const store = sampleStore(plan.seed, outDir);
  for (const candidate of user) await store.add(candidate);
  let made = 0;
  for (const candidate of own) {
    if (made === plan.portfolio) break;
    if (await store.add(candidate)) made++;
  }
  if (plan.special) for (const candidate of await specialSamples(plan, axes, user)) await store.add(candidate);
  return {
    samples: store.samples,
    findings: [...findings, ...(own.length === 0 ? [] : [...readRoles(plan), ...assumptions(plan, axes)])],
  };
}

async function ownCandidates(plan: SamplePlan, axes: Axes, sweepBatch: boolean): Promise<Candidate[]> {
  if (isSequencePlan(plan)) return sequencePortfolio(plan, sweepBatch);
  // Words drawn at random say nothing that those chosen do not.
  const texts = textSamples(plan, axes);
  return texts.length > 0 ? texts : portfolio(plan, axes, sweepBatch, await ownGenerators(plan.inputs, plan.seed));
}

/** Special values strewn into the user's first rows, or into the bulk of the legal values. */
async function specialSamples(plan: SamplePlan, axes: Axes, user: readonly Candidate[]): Promise<Candidate[]> {
  const [first] = user.length > 0 ? user : await ownCandidates(plan, axes, false);
  const base = await first?.make();
  if (base === undefined) return [];
  return SPECIAL_KINDS.map((kind) => ({
    id: `special-${kind}`,
    generator: 'special',
    group: 'special',
    make: () => withSpecial(kind, base, plan),
  }));
}

/** Writes samples under numbered names and refuses those whose content is there already. */
function sampleStore(seed: number, outDir: string) {
  const samples: Sample[] = [];
  const digests = new Set<string>();
  const add = async ({ id, generator, group, make, labels }: Candidate): Promise<boolean> => {
    const tensors = await make();
    if (tensors === undefined) return false;
    const bytes = serializeSafetensors(tensors);
    const digest = sha256(bytes);
    const truth = labels?.();
    const truthBytes = truth === undefined ? null : serializeSafetensors(truth.tensors);
    // The same rows under other labels are another sample: one of the two is wrong, and an accuracy counts both.
    const key = truthBytes === null ? digest : digest + sha256(truthBytes);
    if (digests.has(key)) return false;
    digests.add(key);
    const base = `${String(samples.length).padStart(3, '0')}-${fileSafe(id)}`;
    const file = `${base}.safetensors`;
    writeFileSync(join(outDir, file), bytes);
    const beside =
      truth === undefined || truthBytes === null
        ? {}
        : {
            labels: {
              file: `${base}.labels.safetensors`,
              digest: sha256(truthBytes),
              tensors: infos(truth.tensors),
              from: truth.from,
            },
          };
    if (beside.labels !== undefined && truthBytes !== null) writeFileSync(join(outDir, beside.labels.file), truthBytes);
    samples.push({ id, generator, ...(group && { group }), seed, inputs: infos(tensors), digest, file, ...beside });
    return true;
  };
  return { samples, add };
}

const infos = (tensors: NamedTensors): Sample['inputs'] =>
  [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));

/** Says what was read from a graph, and why: a range that nobody wrote down must be open to doubt. */
const readRoles = ({ inputs }: SamplePlan): RawFinding[] =>
  inputs.flatMap(({ name, role, range, because }) =>
    because === undefined
      ? []
      : [makeFinding('input-role', `input ${name}`, { input: name, role, range: range ?? null, because })],
  );

/** Says which integer ranges were assumed, so that nobody takes ten token ids for all of them. */
function assumptions(plan: SamplePlan, axes: Axes): RawFinding[] {
  return plan.inputs.flatMap((input) => {
    if (input.generator !== undefined) return [];
    const { assumed } = domainAt(input, plan.inputs, axes, axes.base);
    return assumed === undefined
      ? []
      : [makeFinding('range-assumed', `input ${input.name}`, { low: assumed[0], high: assumed[1] })];
  });
}
