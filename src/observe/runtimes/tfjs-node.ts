import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { readTfjs } from '../../formats/tfjs/weights.ts';
import type { NodeRuntime, NodeSession, Packages } from '../runtime.ts';
import { openSavedModel, type TfNode } from '../tfjs/saved-model.ts';
import { openTfjs } from '../tfjs/session.ts';
import type { Tf } from '../tfjs/tf.ts';

/** TensorFlow.js with TensorFlow's C library below it: its own models, and SavedModels as they are. */
export async function tfjsNode(packages: Packages): Promise<NodeRuntime> {
  // What the library says of this processor would be on the console of every run.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  const version = packages.version('@tensorflow/tfjs-node');
  restoreUtil();
  const tf = quietly(() => packages.require('@tensorflow/tfjs-node') as Tf & { readonly node: TfNode });
  silence(/^INT64 output tensor/);
  const label = `tfjs-node ${version}`;
  return {
    name: 'tfjs-node',
    version,
    async open(path, { signature = null }): Promise<NodeSession> {
      const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
      if (isFolder) return openSavedModel(tf, label, path, signature as string | null);
      return openTfjs({ tf, label, backend: 'tensorflow' }, { path, ...readTfjs(path) });
    },
  };
}

/** tfjs-node 4.22 calls functions that Node 23 took out of `util`, and that Node 22 warns of. */
function restoreUtil(): void {
  const util = createRequire(import.meta.url)('node:util') as Record<string, unknown>;
  util.isNullOrUndefined = (value: unknown): boolean => value === null || value === undefined;
  util.isArray = Array.isArray;
}

/** Advice that comes with every run. */
function silence(advice: RegExp): void {
  const { warn } = console;
  console.warn = (...words: unknown[]) => {
    if (!advice.test(String(words[0]))) warn(...words);
  };
}

/** Node's deprecation of `punycode`, which a package far below loads, says nothing about the model. */
function quietly<T>(load: () => T): T {
  const before = process.noDeprecation;
  process.noDeprecation = true;
  try {
    return load();
  } finally {
    process.noDeprecation = before === true;
  }
}
