import { existsSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { bytesOf, digestFile } from '../../core/hash.ts';
import { commandFiles, exportByCommand } from '../../export/command.ts';
import type { Format } from '../../formats/known.ts';
import { digestModel, modelFiles } from '../../formats/model-files.ts';
import type { Conversion } from '../../plan/conversion.ts';
import type { Artifact } from '../../records/artifact.ts';
import type { ExporterInfo } from '../../records/catalogue.ts';
import type { InputPlan } from '../../records/rules.ts';
import type { Sample } from '../../records/sample.ts';
import type { CommandExporter } from '../../suite/suite.ts';
import { defaultMemoryLimit } from '../../workers/isolation.ts';
import type { RunContext } from '../context.ts';
import { resolveHost } from '../hosts.ts';
import type { KeyedModel } from '../model-key.ts';
import type { StepResult } from '../step.ts';

export interface ExportRequest {
  readonly model: KeyedModel;
  readonly inputs: readonly InputPlan[];
  /** The sample that tracing exporters run the model on; null where the exporter needs none. */
  readonly example: { readonly sample: Sample; readonly dir: string } | null;
}

/** Makes the artifact, with a toolchain's exporter or with a command line of the user's. */
export function exportModel(
  ctx: RunContext,
  conversion: Conversion,
  request: ExportRequest,
): Promise<StepResult<Artifact>> {
  const { exporter } = conversion;
  if (exporter === null) throw new Error(`${conversion.id} has nothing to export`);
  return 'command' in exporter
    ? byCommand(ctx, conversion, exporter, request)
    : byToolchain(ctx, conversion, exporter, request);
}

/** Options that name files (calibration data) are made absolute, and their contents join the key. */
function fileOptions(conversion: Conversion): { options: Record<string, unknown>; digests: string[] } {
  const digests: string[] = [];
  const absolute = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(absolute);
    if (typeof value !== 'string' || !/\.(npz|npy|safetensors)$/i.test(value)) return value;
    const path = resolve(conversion.case.root, value);
    if (!existsSync(path)) {
      throw new OnparError({
        code: 'file-missing',
        message: `${conversion.id}: option file ${value} does not exist`,
        fix: `looked for ${path}`,
      });
    }
    digests.push(digestFile(path));
    return path;
  };
  return {
    options: Object.fromEntries(Object.entries(conversion.convert.options).map(([k, v]) => [k, absolute(v)])),
    digests,
  };
}

/** Weights in a file of their own (OpenVINO's .bin, external data of ONNX) count: without them the digest would stand for the graph alone. */
function weigh(path: string, format: string): { digest: string; bytes: number } {
  const files = modelFiles(path, format as Format);
  return {
    digest: digestModel(path, format as Format),
    bytes: files.reduce((sum, file) => sum + bytesOf(file), 0),
  };
}

async function byToolchain(
  ctx: RunContext,
  conversion: Conversion,
  exporter: ExporterInfo,
  { model, inputs, example }: ExportRequest,
): Promise<StepResult<Artifact>> {
  const place = await resolveHost(ctx, conversion, { toolchain: exporter.toolchain }, 'reference');
  const { options, digests } = fileOptions(conversion);
  const inputRefs = inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape }));
  return ctx.steps.run<Artifact>({
    kind: 'export',
    version: 1,
    inputs: {
      exporter: exporter.name,
      options: conversion.convert.options,
      files: digests,
      model: model.key,
      inputs: inputRefs,
      example: example?.sample.digest ?? null,
      place: place.digest,
    },
    conversion: conversion.id,
    label: `exporting with ${exporter.name}`,
    run: (dir) =>
      ctx.withWorker(place.host, async (worker) => {
        const position = worker.log.position;
        const started = performance.now();
        warmCandidate(ctx, conversion);
        const answer = await worker.request(
          'export',
          {
            exporter: exporter.name,
            model: model.ref,
            options,
            inputs: inputRefs,
            outDir: dir,
            ...(example === null ? {} : { exampleInputs: join(example.dir, example.sample.file) }),
          },
          {
            timeoutMs: conversion.case.timeoutMs,
            onProgress: (message) => ctx.emit({ type: 'progress', conversion: conversion.id, message }),
          },
        );
        const artifact: Artifact = {
          format: answer.format,
          path: relative(dir, answer.path),
          ...weigh(answer.path, answer.format),
          exporter: exporter.name,
          exporterVersion: answer.version,
          options: { ...conversion.convert.options },
          packages: { ...place.packages },
          precision: answer.precision,
          declared: answer.declared,
          facts: answer.facts,
          findings: answer.findings.map((f) => ({ ...f, args: { ...f.args } })),
          milliseconds: performance.now() - started,
          log: worker.log.since(position).trim().slice(-16_000),
        };
        return { value: artifact, dependencies: answer.dependencies };
      }),
  });
}

/** What will run the artifact starts while it is made: a framework's import takes as long as many an export. */
function warmCandidate(ctx: RunContext, conversion: Conversion): void {
  resolveHost(ctx, conversion, conversion.candidate.runtime, 'candidate').then(
    ({ host }) => void (ctx.pool.ended || ctx.pool.warm(host)),
    () => {},
  );
}

async function byCommand(
  ctx: RunContext,
  conversion: Conversion,
  exporter: CommandExporter,
  { model }: ExportRequest,
): Promise<StepResult<Artifact>> {
  const { case: c, convert } = conversion;
  const usesPython = exporter.command.some((part) => part.includes('{python}'));
  const place = usesPython
    ? await resolveHost(
        ctx,
        conversion,
        { toolchain: exporter.toolchain ?? conversion.reference.runtime.toolchain },
        'reference',
      )
    : null;
  const files = [...commandFiles(exporter.command, c.root), ...(exporter.files ?? [])];
  const python = place?.host.kind === 'python' ? place.host.environment.python : null;
  return ctx.steps.run<Artifact>({
    kind: 'export',
    version: 1,
    inputs: {
      command: exporter.command,
      options: convert.options,
      files: files.map(digestFile),
      model: model.key,
      to: convert.to,
      place: place?.digest ?? null,
    },
    conversion: conversion.id,
    label: `exporting with ${exporter.name ?? 'a command'}`,
    run: async (dir) => {
      const started = performance.now();
      const { path, log } = await exportByCommand({
        command: exporter.command,
        to: convert.to as string,
        source: model.ref.path,
        weights: c.weights,
        options: convert.options,
        python,
        root: c.root,
        outDir: dir,
        timeoutMs: c.timeoutMs,
        limits: { memoryBytes: defaultMemoryLimit(), network: c.network },
        signal: ctx.signal,
      });
      const written = join(dir, path);
      const artifact: Artifact = {
        format: convert.to as string,
        path,
        ...weigh(written, convert.to as string),
        exporter: exporter.name ?? 'command',
        exporterVersion: '',
        options: { ...convert.options },
        packages: { ...(place?.packages ?? {}) },
        precision: typeof convert.options.precision === 'string' ? convert.options.precision : 'float32',
        declared: [],
        facts: { command: exporter.command.join(' ') },
        findings: [],
        milliseconds: performance.now() - started,
        log,
      };
      return { value: artifact };
    },
  });
}
