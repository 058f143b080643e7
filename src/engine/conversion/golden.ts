import { basename, join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { digestFile } from '../../core/hash.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { IoContract } from '../../records/contract.ts';
import type { Observation } from '../../records/observation.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { Sample, TensorInfo } from '../../records/sample.ts';
import { writeSafetensors } from '../../tensor/safetensors.ts';
import { openTensorFile } from '../../tensor/stored.ts';
import type { NamedTensors } from '../../tensor/tensor.ts';
import type { RunContext } from '../context.ts';
import { resolveHost } from '../hosts.ts';
import { renamedInputs } from '../inputs.ts';
import { existingCandidate } from '../model-key.ts';
import type { StepResult } from '../step.ts';
import { compareObservations } from '../steps/compare.ts';
import { describeModel } from '../steps/describe.ts';
import { observeModel } from '../steps/observe.ts';
import { RECORDED_SAMPLE } from '../steps/recorded.ts';
import type { ObservedSide } from './side.ts';
import type { Trace } from './trace.ts';

/** What a golden file holds once it is known which of its tensors go in. */
interface Golden {
  readonly inputs: readonly TensorInfo[];
  readonly observation: Observation;
  /** sha256 of the inputs' file. */
  readonly digest: string;
}

const INPUTS = 'inputs.safetensors';
const OUTPUTS = 'outputs.safetensors';

/**
 * Recorded inputs and outputs (npz, safetensors) against a model that answers now: the model is fed the tensors that are
 * called like its inputs, and its answer is compared with all others.
 */
export async function compareGolden(ctx: RunContext, conversion: Conversion, trace: Trace): Promise<void> {
  const { existing, source } = conversion;
  if (existing === null) throw new Error('a golden comparison has an existing candidate');
  trace.side = 'candidate';
  const model = existingCandidate(conversion, existing);
  const described = trace.count(await describeModel(ctx, conversion, model, 'candidate'));
  trace.findings.push(...described.value.findings);
  trace.digests.candidate = model.digest;
  trace.side = 'reference';
  trace.digests.reference = digestFile(source.path);
  const golden = trace.count(await readGolden(ctx, conversion, described.value.contract));
  const reference: StepResult<Observation> = { ...golden, value: golden.value.observation };
  trace.reference = reference;
  const inputs = golden.value.inputs.map(({ name, dtype, shape }): InputPlan => ({ name, dtype, shape: [...shape] }));
  const sample: Sample = {
    ...RECORDED_SAMPLE,
    inputs: [...golden.value.inputs],
    digest: golden.value.digest,
    file: INPUTS,
  };
  trace.samples = [sample];
  trace.sampleDir = golden.dir;
  trace.side = 'candidate';
  const { mapInputs } = conversion.rules;
  const side: ObservedSide = {
    role: 'candidate',
    model,
    inputs,
    rename: (contract) => renamedInputs(reference.value.contract ?? contract, contract, mapInputs, {}),
    renameKey: mapInputs,
  };
  trace.sides.candidate = side;
  const candidate = trace.count(
    await observeModel(ctx, conversion, { ...side, samples: [sample], sampleDir: golden.dir }),
  );
  trace.candidate = candidate;
  trace.environments.candidate = (await resolveHost(ctx, conversion, conversion.candidate.runtime, 'candidate')).label;
  trace.comparison = trace.count(
    await compareObservations(ctx, conversion, {
      reference,
      candidate,
      inputs,
      samples: trace.samples,
      sampleDir: golden.dir,
      declared: [],
      sameFormat: false,
    }),
  ).value;
}

/** Takes a golden file apart. OnparError `golden-inputs` names the inputs that it lacks, or that nothing names. */
function readGolden(ctx: RunContext, conversion: Conversion, contract: IoContract): Promise<StepResult<Golden>> {
  const { source, rules, case: c } = conversion;
  const taken = wantedInputs(conversion, contract);
  return ctx.steps.run<Golden>({
    kind: 'observe',
    version: 1,
    inputs: { golden: digestFile(source.path), inputs: taken, labels: c.labels, map: rules.mapInputs },
    conversion: conversion.id,
    label: `reading ${basename(source.path)}`,
    run: async (dir) => {
      const tensors = openTensorFile(source.path, { verify: true });
      const missing = taken.filter((name) => !tensors.has(name));
      if (missing.length > 0) {
        throw new OnparError({
          code: 'golden-inputs',
          message: `${basename(source.path)} holds ${[...tensors.keys()].join(', ')}; the model also takes ${missing.join(', ')}`,
          fix: 'record the inputs beside the outputs under the model’s names, or map them with `inputs: { recorded: model }`',
          exitCode: 1,
        });
      }
      const pick = (isWanted: (name: string) => boolean): NamedTensors =>
        new Map([...tensors].filter(([name]) => isWanted(name)));
      const inputs = pick((name) => taken.includes(name));
      const outputs = pick((name) => !taken.includes(name) && !c.labels.includes(name));
      writeSafetensors(join(dir, INPUTS), inputs);
      writeSafetensors(join(dir, OUTPUTS), outputs);
      const observation: Observation = {
        runtime: 'recorded',
        version: '',
        options: {},
        packages: {},
        contract: { inputs: infos(inputs), outputs: infos(outputs), names: 'declared' },
        facts: {},
        samples: [{ sample: RECORDED_SAMPLE.id, file: OUTPUTS, outputs: infos(outputs), milliseconds: 0 }],
        findings: [],
        openMilliseconds: 0,
        peakMemoryBytes: null,
        log: '',
      };
      return { value: { inputs: infos(inputs), observation, digest: digestFile(join(dir, INPUTS)) } };
    },
  });
}

const infos = (tensors: NamedTensors): TensorInfo[] =>
  [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));

/** Recorded names of the inputs: the suite's own where it lists some, else the model's, both seen through `inputs:` of the conversion. */
function wantedInputs({ case: c, rules, source, existing }: Conversion, contract: IoContract): string[] {
  const own = Object.keys(c.inputs).filter((name) => !c.loose.includes(name));
  const recorded = (name: string): string => Object.entries(rules.mapInputs).find(([, to]) => to === name)?.[0] ?? name;
  const names = own.length > 0 ? own : contract.inputs.map(({ name }) => recorded(name));
  if (names.length > 0) return names;
  throw new OnparError({
    code: 'golden-inputs',
    message: `${existing?.spec ?? ''} does not say what it takes, so nothing tells which tensors of ${source.spec} are inputs`,
    fix: 'list them in the suite: `inputs: { image: {} }`',
    exitCode: 1,
  });
}
