import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageVersion } from '../../core/paths.ts';
import { plainCopy } from '../../formats/onnx/edit/plain-copy.ts';
import { graphOf } from '../../formats/onnx/graph/graph-of.ts';
import { BUNDLE_SCHEMA_VERSION, type Bundle, type BundleEnvironment } from '../../records/bundle.ts';
import { toNum } from '../../records/numbers.ts';
import { writeNpz } from '../../tensor/npz-write.ts';
import type { PieceFailure } from './failure.ts';
import { readmeOf } from './readme.ts';
import type { Reduced } from './reduced.ts';
import { reproScript } from './script.ts';

/**
 * Writes a failure that stands alone to a new folder: models without metadata, tensors that numpy reads, a script, and what
 * is known of it. Gives back what it is, in a sentence. OnparError `tensor-file-unsupported` for tensors of bfloat16.
 */
export function writeBundle(dir: string, reduced: Reduced, environment: BundleEnvironment): string {
  const { piece } = reduced;
  const { specimen, reference, feeds, expected, ran } = piece;
  mkdirSync(dir, { recursive: true });
  const ranks = new Map([...feeds].map(([name, { shape }]) => [name, shape.length]));
  plainCopy(specimen.path, join(dir, 'model.onnx'), ranks);
  const withReference = reference !== null && reduced.expectedFrom !== 'recorded' ? reference : null;
  if (withReference !== null) {
    const theirs = [...ranks].map(([name, rank]): [string, number] => [withReference.inputs.get(name) ?? name, rank]);
    plainCopy(withReference.specimen.path, join(dir, 'reference.onnx'), new Map(theirs));
  }
  writeNpz(join(dir, 'inputs.npz'), feeds);
  if (expected.size > 0) writeNpz(join(dir, 'expected.npz'), expected);
  const got = ran.ok ? new Map([...ran.outputs]) : null;
  if (got !== null) writeNpz(join(dir, 'got.npz'), got);
  const graph = graphOf(join(dir, 'model.onnx'));
  const bundle: Bundle = {
    schemaVersion: BUNDLE_SCHEMA_VERSION,
    tool: { name: 'onpar', version: packageVersion },
    failure: failureRecord(reduced.before, piece.failure),
    tolerance: reduced.tolerance,
    model: 'model.onnx',
    reference:
      withReference === null
        ? null
        : {
            file: 'reference.onnx',
            inputs: Object.fromEntries(withReference.inputs),
            outputs: Object.fromEntries(withReference.outputs),
          },
    inputs: 'inputs.npz',
    expected: expected.size > 0 ? 'expected.npz' : null,
    got: got === null ? null : 'got.npz',
    expectedFrom: reduced.expectedFrom,
    runtime: { name: environment.runtime, version: environment.version, options: { ...environment.options } },
    nodes: { before: reduced.nodesBefore, after: graph.nodes.length, operators: graph.nodes.map(({ op }) => op) },
    weights: reduced.weights,
    inputValues: reduced.inputValues,
  };
  const text = (name: string, content: string): void => writeFileSync(join(dir, name), content);
  text('bundle.json', `${JSON.stringify(bundle, null, 1)}\n`);
  text('environment.json', `${JSON.stringify(environment, null, 1)}\n`);
  text('README.md', readmeOf(bundle, environment));
  text('repro.py', reproScript(bundle));
  const { before, after, operators } = bundle.nodes;
  return `${after} of ${before} nodes (${operators.slice(0, 4).join(', ')}${after > 4 ? ', …' : ''}) that still fail, with a script that shows it`;
}

const failureRecord = (before: PieceFailure, now: PieceFailure | null): Bundle['failure'] => ({
  kind: (now ?? before).kind,
  error: numberOf(now),
  before: numberOf(before),
  code: now?.code ?? null,
  message: now?.message == null ? null : withoutPaths(now.message),
});

const numberOf = (failure: PieceFailure | null) => (failure?.kind === 'value' ? toNum(failure.error) : null);

/** Messages of runtimes name the file that they opened. */
const withoutPaths = (text: string): string => text.replaceAll(/(?:[A-Za-z]:)?(?:[\\/][\w.@+ -]+){2,}/g, 'model.onnx');
