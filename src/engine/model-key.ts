import { join } from 'node:path';
import { digestFile, digestJson } from '../core/hash.ts';
import type { Format } from '../formats/known.ts';
import { digestWeights, modelFiles } from '../formats/model-files.ts';
import type { Conversion, ModelSource } from '../plan/conversion.ts';
import type { ModelRef } from '../workers/protocol.ts';

/** A model as a worker gets it and as a key knows it. */
export interface KeyedModel {
  readonly ref: ModelRef;
  /** Digest of everything that makes it up; code's own imports are recorded by the step that loads it. */
  readonly digest: string;
  /** For keys. Code carries its path, because what it imports is found beside it. */
  readonly key: unknown;
}

const digests = new Map<string, string>();

/** Digest of a model's files (external data and folders included), computed once a process. */
function filesDigest(path: string, format: Format | 'code'): string {
  let digest = digests.get(path);
  if (digest === undefined) {
    const files = format === 'code' ? [path] : modelFiles(path, format);
    digest =
      files.length === 1 && files[0] === path
        ? digestFile(path)
        : digestJson(files.map((file) => [file.slice(path.length), digestFile(file)]));
    digests.set(path, digest);
  }
  return digest;
}

/** The model of a source that the user named. */
export function keyedSource(conversion: Conversion, source: ModelSource = conversion.source): KeyedModel {
  const { case: c } = conversion;
  if (source.format === 'served') return servedModel(source, c);
  const own = filesDigest(source.path, source.callable === undefined ? source.format : 'code');
  const weights = c.weights === null ? null : digestWeights(c.weights);
  const ref: ModelRef = {
    format: source.format,
    path: source.path,
    ...(source.callable === undefined ? {} : { callable: source.callable }),
    ...(c.weights === null ? {} : { weights: c.weights }),
    root: c.root,
    trust: c.trust,
  };
  const isCode = source.callable !== undefined || source.format === 'worker';
  const place = isCode ? [source.path, source.callable ?? null, c.root] : null;
  return {
    ref,
    digest: weights === null ? own : digestJson([own, weights]),
    key: [source.format, own, weights, place, c.trust],
  };
}

/** A served model has no file: its address is all that a key can hold, and steps that asked it are never stored. */
function servedModel({ format, path }: ModelSource, { root, trust }: Conversion['case']): KeyedModel {
  return { ref: { format, path, root, trust }, digest: digestJson([format, path]), key: [format, path] };
}

/** The model that an exporter wrote. */
export function keyedArtifact(
  conversion: Conversion,
  artifact: { format: string; path: string; digest: string },
  dir: string,
): KeyedModel {
  return {
    ref: { format: artifact.format, path: join(dir, artifact.path), root: conversion.case.root, trust: true },
    digest: artifact.digest,
    key: [artifact.format, artifact.digest],
  };
}

/** An existing candidate: a case's weights belong to its source alone. */
export const existingCandidate = (conversion: Conversion, existing: ModelSource): KeyedModel =>
  keyedSource({ ...conversion, case: { ...conversion.case, weights: null } }, existing);
