import { statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { digestFile } from '../../core/hash.ts';
import type { Conversion, ModelSource } from '../../plan/conversion.ts';
import type { Observation } from '../../records/observation.ts';
import type { Sample } from '../../records/sample.ts';
import { writeSafetensors } from '../../tensor/safetensors.ts';
import { openTensorFile } from '../../tensor/stored.ts';
import type { RunContext } from '../context.ts';
import type { StepResult } from '../step.ts';

/** The one sample of recorded tensors: what was fed is not known, only what came out. */
export const RECORDED_SAMPLE: Sample = { id: 'recorded', generator: 'file', seed: 0, inputs: [], digest: '', file: '' };

/** Larger files are compared where they lie; a run's folder would not keep them either (run-folder.ts). */
const COPIED_UP_TO_BYTES = 64 * 1024 ** 2;

/** Recorded outputs (npy, npz, safetensors) as an observation, so that they are compared like a runtime's. */
export function observeRecorded(
  ctx: RunContext,
  conversion: Conversion,
  model: ModelSource,
): Promise<StepResult<Observation>> {
  const stays = statSync(model.path).size > COPIED_UP_TO_BYTES;
  return ctx.steps.run<Observation>({
    kind: 'observe',
    version: 2,
    inputs: { recorded: stays ? stateOf(model.path) : digestFile(model.path), name: basename(model.path) },
    conversion: conversion.id,
    label: `reading ${basename(model.path)}`,
    run: async (dir) => {
      const tensors = openTensorFile(model.path, { verify: true });
      const file = stays ? resolve(model.path) : 'outputs.safetensors';
      if (!stays) writeSafetensors(join(dir, file), tensors);
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

/** Names the content of a large file without reading it: hashing would take longer than comparing. A write changes the times. */
function stateOf(path: string): string[] {
  const { size, mtimeNs, ctimeNs, ino, dev } = statSync(path, { bigint: true });
  return [resolve(path), ...[size, mtimeNs, ctimeNs, ino, dev].map(String)];
}
