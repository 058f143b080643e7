import { toFailure } from '../../core/errors.ts';
import type { Maybe } from '../../investigate/lab.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { OpGraph } from '../../records/graph.ts';
import type { RunContext } from '../context.ts';
import type { ObservedSide } from '../conversion/side.ts';
import { resolveHost } from '../hosts.ts';

/** A sample of the case; frameworks that find the graph by running the model run it on this. */
export interface ExampleInput {
  readonly file: string;
  readonly digest: string;
}

/** What a side computes, node by node: read from an ONNX file, else told by its runtime. */
export async function graphOfSide(
  ctx: RunContext,
  conversion: Conversion,
  side: ObservedSide,
  example: ExampleInput | null,
): Promise<Maybe<OpGraph>> {
  try {
    return side.model.ref.format === 'onnx'
      ? { ok: true, value: await fromFile(ctx, conversion, side) }
      : await fromRuntime(ctx, conversion, side, example);
  } catch (error) {
    if (ctx.signal.aborted) throw error;
    return { ok: false, reason: toFailure(error).message };
  }
}

async function fromFile(ctx: RunContext, conversion: Conversion, { model }: ObservedSide): Promise<OpGraph> {
  const read = await ctx.steps.run<OpGraph>({
    kind: 'describe',
    version: 1,
    inputs: { graph: model.digest, root: model.ref.root },
    conversion: conversion.id,
    label: 'reading the graph',
    run: async () => {
      const { graphOf } = await import('../../formats/onnx/graph/graph-of.ts');
      return { value: graphOf(model.ref.path) };
    },
  });
  return read.value;
}

async function fromRuntime(
  ctx: RunContext,
  conversion: Conversion,
  side: ObservedSide,
  example: ExampleInput | null,
): Promise<Maybe<OpGraph>> {
  const { runtime, options } = conversion[side.role];
  if (runtime.taps !== true) return { ok: false, reason: `${runtime.name} does not tell what a model computes` };
  const place = await resolveHost(ctx, conversion, runtime, side.role);
  const { timeoutMs } = conversion.case;
  const told = await ctx.steps.run<OpGraph>({
    kind: 'describe',
    version: 1,
    inputs: {
      graph: side.model.key,
      runtime: runtime.name,
      options,
      place: place.digest,
      example: example?.digest ?? null,
    },
    conversion: conversion.id,
    label: `asking ${runtime.name} for the graph`,
    run: () =>
      ctx.withWorker(place.host, async (worker) => {
        const opened = await worker.request(
          'open',
          {
            runtime: runtime.name,
            model: side.model.ref,
            options: { ...options, ...side.options },
            inputs: side.inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
            taps: true,
          },
          { timeoutMs },
        );
        try {
          const fed =
            example === null
              ? {}
              : {
                  inputs: example.file,
                  rename: side.rename(opened.contract),
                  ...(side.layouts === undefined ? {} : { layouts: side.layouts }),
                };
          const { graph } = await worker.request('graph', { session: opened.session, ...fed }, { timeoutMs });
          return { value: graph, dependencies: opened.dependencies };
        } finally {
          if (worker.alive) await worker.request('close', { session: opened.session }, { timeoutMs });
        }
      }),
  });
  return { ok: true, value: told.value };
}
