import { basename, join } from 'node:path';
import { digestFile } from '../../core/hash.ts';
import type { Conversion, ModelSource } from '../../plan/conversion.ts';
import type { Observation } from '../../records/observation.ts';
import type { Sample } from '../../records/sample.ts';
import { writeSafetensors } from '../../tensor/safetensors.ts';
import { readTensorFile } from '../../tensor/tensor-file.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';

/** The one sample of recorded tensors: what was fed is not known, only what came out. */
export const RECORDED_SAMPLE: Sample = { id: 'recorded', generator: 'file', seed: 0, inputs: [], digest: '', file: '' };

/** Recorded outputs (npy, npz, safetensors) as an observation, so that they are compared like a runtime's. */
export function observeRecorded(
  ctx: RunContext,
  conversion: Conversion,
  model: ModelSource,
): Promise<StepResult<Observation>> {
  return ctx.steps.run<Observation>({
    kind: 'observe',
    version: 1,
    inputs: { recorded: digestFile(model.path), name: basename(model.path) },
    conversion: conversion.id,
    label: `reading ${basename(model.path)}`,
    run: async (dir) => {
      const tensors = readTensorFile(model.path);
      const file = 'outputs.safetensors';
      writeSafetensors(join(dir, file), tensors);
      const outputs = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));
      // A lone npy has no name of its own: its file's name says nothing about the tensor.
      const names = /\.npy$/i.test(model.path) ? 'none' : 'declared';
      const value: Observation = {
        runtime: 'recorded',
        version: '',
        options: {},
        packages: {},
        contract: { inputs: [], outputs, names },
        facts: {},
        samples: [{ sample: RECORDED_SAMPLE.id, file, outputs, milliseconds: 0 }],
        findings: [],
        openMilliseconds: 0,
        peakMemoryBytes: null,
        log: '',
      };
      return { value };
    },
  });
}
