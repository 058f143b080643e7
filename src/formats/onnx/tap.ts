import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { OnparError } from '../../core/errors.ts';
import type { TensorSpec } from '../../records/contract.ts';
import { externalDataFiles } from './external-data.ts';
import { type ModelProto, ValueInfoProtoSchema } from './onnx_pb.generated.ts';
import { parseOnnx, writeOnnx } from './read.ts';
import { tensorSpecOf } from './summary.ts';

/** A tensor that a node of the graph makes. */
export interface IntermediateTensor extends TensorSpec {
  /** The node's name, else its first result. */
  readonly node: string;
  /** `Relu`, `domain::Op` outside the default domain. */
  readonly operator: string;
}

/**
 * Every tensor that nodes of the main graph make and that is no output already, in graph order. `dtype` and `shape` are
 * null where the file does not tell. `from` is a file or a parsed model.
 */
export function tensorsOf(from: string | ModelProto): IntermediateTensor[] {
  const { graph } = typeof from === 'string' ? parseOnnx(from) : from;
  if (graph === undefined) return [];
  const outputs = new Set(graph.output.map(({ name }) => name));
  const declared = new Map(graph.valueInfo.map((info) => [info.name, tensorSpecOf(info)]));
  return graph.node.flatMap((node) =>
    node.output
      .filter((name) => name !== '' && !outputs.has(name))
      .map((name) => ({
        ...(declared.get(name) ?? { name, dtype: null, shape: null }),
        node: node.name || (node.output[0] ?? ''),
        operator: node.domain === '' || node.domain === 'ai.onnx' ? node.opType : `${node.domain}::${node.opType}`,
      })),
  );
}

/**
 * Writes a copy of a model to `to` with tensors of its graph as further outputs, behind its own and in the order of
 * `names`. Weights in other files are copied beside it. OnparError `tensor-missing` for a name that no node makes.
 */
export function tapOutputs(from: string, to: string, names: readonly string[]): void {
  const model = parseOnnx(from);
  const { graph } = model;
  if (graph === undefined) return;
  const known = new Set(tensorsOf(model).map(({ name }) => name));
  const declared = new Map(graph.valueInfo.map((info) => [info.name, info]));
  for (const name of names) {
    if (!known.has(name))
      throw new OnparError({
        code: 'tensor-missing',
        message: `${from}: tensor ${JSON.stringify(name)} is made by no node of its graph, or is an output already`,
        fix: 'name tensors that tensorsOf() lists',
      });
    graph.output.push(declared.get(name) ?? create(ValueInfoProtoSchema, { name }));
  }
  graph.valueInfo = graph.valueInfo.filter(({ name }) => !names.includes(name));
  for (const file of externalDataFiles(from)) {
    mkdirSync(dirname(join(dirname(to), file)), { recursive: true });
    copyFileSync(join(dirname(from), file), join(dirname(to), file));
  }
  writeOnnx(to, model);
}
