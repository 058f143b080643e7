import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ActivationWatch } from '../../compare/activation-watch.ts';
import type { Activation } from '../../formats/onnx/activations.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { ActivationCoverage } from '../../records/coverage.ts';
import type { Sample } from '../../records/sample.ts';
import { readSafetensors } from '../../tensor/safetensors.ts';
import type { Worker } from '../../workers/worker.ts';
import { type OnSample, watchGroup } from '../activation-groups.ts';
import type { RunContext } from '../context.ts';
import type { ObservedSide } from '../conversion/side.ts';
import { resolveHost } from '../hosts.ts';
import { cpuFeatures } from '../machine.ts';
import type { StepResult } from '../step.ts';

export interface ActivationsRequest {
  readonly side: ObservedSide;
  readonly samples: readonly Sample[];
  readonly sampleDir: string;
}

interface MeasuredActivations {
  /** In graph order. */
  readonly activations: readonly ActivationCoverage[];
  /** Tensors that were too large to be given out, or that no sample reached. */
  readonly unread: readonly string[];
}

/** Tensors that are tapped at once at first: their sizes are not known before a sample ran. */
const FIRST_GROUP = 64;
/**
 * Runs a copy of a side's ONNX model, its activations given out and its runtime's optimiser off (fused, they would not be
 * seen), on the samples, and keeps a summary of each. One sample and a bounded number of tensors at a time.
 */
export async function measureActivations(
  ctx: RunContext,
  conversion: Conversion,
  request: ActivationsRequest,
): Promise<StepResult<MeasuredActivations>> {
  const { side, samples } = request;
  const { runtime } = conversion[side.role];
  const options = { ...conversion[side.role].options, ...runtime.unoptimised };
  const place = await resolveHost(ctx, conversion, runtime, side.role);
  return ctx.steps.run<MeasuredActivations>({
    kind: 'observe',
    version: 1,
    inputs: {
      activations: side.model.key,
      runtime: runtime.name,
      options,
      inputs: side.inputs.map(({ name, dtype, shape }) => [name, dtype, shape]),
      rename: side.renameKey,
      ...(side.stepsKey === undefined ? {} : { steps: side.stepsKey }),
      samples: samples.map((s) => [s.id, s.digest]),
      place: place.digest,
      cpu: cpuFeatures(),
    },
    conversion: conversion.id,
    label: 'looking at activations',
    run: async (dir) => {
      const { activationsOf } = await import('../../formats/onnx/activations.ts');
      const all = activationsOf(side.model.ref.path);
      if (all.length === 0) return { value: { activations: [], unread: [] } };
      const watches = new Map<string, ActivationWatch>();
      const scratch = join(dir, 'taps');
      mkdirSync(scratch);
      try {
        await ctx.withWorker(place.host, async (worker) => {
          const tapped = new TappedModel(worker, request, runtime.name, options, scratch, conversion.case.timeoutMs);
          for (let i = 0; i < all.length; i += FIRST_GROUP)
            await watchGroup(tapped.run, all.slice(i, i + FIRST_GROUP), samples, watches);
        });
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
      return {
        value: {
          activations: all.flatMap(({ tensor, operator, node }) => {
            const watch = watches.get(tensor);
            return watch === undefined ? [] : [{ tensor, operator, node, ...watch.result() }];
          }),
          unread: all.filter(({ tensor }) => !watches.has(tensor)).map(({ tensor }) => tensor),
        },
      };
    },
  });
}

/** Copies of one model that give out some of its tensors, opened one after the other in one worker. */
class TappedModel {
  readonly #worker: Worker;
  readonly #request: ActivationsRequest;
  readonly #runtime: string;
  readonly #options: Record<string, unknown>;
  readonly #dir: string;
  readonly #timeoutMs: number;
  #copies = 0;

  constructor(
    worker: Worker,
    request: ActivationsRequest,
    runtime: string,
    options: Record<string, unknown>,
    dir: string,
    timeoutMs: number,
  ) {
    this.#worker = worker;
    this.#request = request;
    this.#runtime = runtime;
    this.#options = options;
    this.#dir = dir;
    this.#timeoutMs = timeoutMs;
  }

  /** Runs samples one by one until `onSample` says false, which it then gives back. Samples that fail tell nothing. */
  readonly run = async (
    group: readonly Activation[],
    samples: readonly Sample[],
    onSample: OnSample,
  ): Promise<boolean> => {
    const { tapOutputs } = await import('../../formats/onnx/tap.ts');
    const { side, sampleDir } = this.#request;
    const { ref } = side.model;
    // A folder each: weights in other files lie beside the copy.
    const dir = join(this.#dir, String(this.#copies++));
    mkdirSync(dir);
    const path = join(dir, 'tapped.onnx');
    tapOutputs(
      ref.path,
      path,
      group.filter(({ isOutput }) => !isOutput).map(({ tensor }) => tensor),
    );
    const timeoutMs = this.#timeoutMs;
    const opened = await this.#worker.request(
      'open',
      {
        runtime: this.#runtime,
        model: { ...ref, path },
        options: this.#options,
        inputs: side.inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      },
      { timeoutMs },
    );
    const { session } = opened;
    try {
      for (const sample of samples) {
        const answer = await this.#worker.request(
          'run',
          {
            session,
            samples: [{ id: sample.id, inputs: join(sampleDir, sample.file) }],
            outDir: dir,
            rename: side.rename(opened.contract),
            ...(side.layouts === undefined ? {} : { layouts: side.layouts }),
            ...(side.outputLayouts === undefined ? {} : { outputLayouts: side.outputLayouts }),
            ...(side.steps === undefined ? {} : { sequence: side.steps(opened.contract) }),
          },
          { timeoutMs },
        );
        const [ran] = answer.samples;
        if (ran?.file === undefined) continue;
        const { file } = ran;
        const goesOn = onSample(sample, ran.outputs, () => readSafetensors(file));
        rmSync(file, { force: true });
        if (!goesOn) return false;
      }
      return true;
    } finally {
      if (this.#worker.alive) await this.#worker.request('close', { session }, { timeoutMs });
      rmSync(dir, { recursive: true, force: true });
    }
  };
}
