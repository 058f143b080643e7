import { create } from '@bufbuild/protobuf';
import { OnparError } from '../../core/errors.ts';
import type { TensorSpec } from '../../records/contract.ts';
import { copyExternal } from './external-copy.ts';
import { type ModelProto, TensorProto_DataType as Type, ValueInfoProtoSchema } from './onnx_pb.generated.ts';
import { parseOnnx, writeOnnx } from './read.ts';
import { flowOf, nodeNameOf, operatorOf } from './scopes.ts';
import { dtypeOfOnnx } from './summary.ts';
import { typesOf } from './types.ts';

/** A tensor that a node of the graph makes. */
export interface IntermediateTensor extends TensorSpec {
  /** The node's name, else its first result. */
  readonly node: string;
  /** `Relu`, `domain::Op` outside the default domain. */
  readonly operator: string;
  /** False for sequences and the like, which are no tensors: `tapOutputs` refuses them. */
  readonly isTensor: boolean;
}

/**
 * Every tensor that nodes of the main graph make and that is no output already, in graph order. Those of subgraphs and
 * functions cannot be seen from outside and are left out; constants too. `dtype` and `shape` are null where neither the
 * file nor the operators tell. `from` is a file or a parsed model.
 */
export function tensorsOf(from: string | ModelProto): IntermediateTensor[] {
  const model = typeof from === 'string' ? parseOnnx(from) : from;
  const flow = flowOf(model);
  const types = typesOf(flow);
  const [scope] = flow.scopes;
  if (scope === undefined) return [];
  const outputs = new Set(scope.outputs);
  const others = new Set(
    [...(model.graph?.valueInfo ?? [])].flatMap(({ name, type }) =>
      type !== undefined && type.value.case !== undefined && type.value.case !== 'tensorType' ? [name] : [],
    ),
  );
  return scope.nodes
    .filter(({ opType }) => opType !== 'Constant')
    .flatMap((node) =>
      node.output
        .filter((name) => name !== '' && !outputs.has(name))
        .map((name) => ({
          name,
          node: nodeNameOf(node, scope),
          operator: operatorOf(node),
          dtype: dtypeOfOnnx(types.elementType({ scope, name }) ?? Type.UNDEFINED),
          shape: types.shape({ scope, name }) as TensorSpec['shape'],
          isTensor:
            !others.has(name) && !/^(Sequence(?!At|Length)|SplitToSequence|Optional(?!Get|Has))/.test(node.opType),
        })),
    );
}

/**
 * Writes a copy of a model to `to` with tensors of its graph as further outputs, behind its own and in the order of
 * `names`. Their types are those of the file; where it has none the output has none, and runtimes infer it (onnxruntime
 * does; a type that was guessed wrong would make it refuse the model). Weights in other files are copied beside `to` (`copyExternal`).
 *
 * OnparError `tensor-missing` for a name that no node makes, `output-exists` for one that is an output already, is given
 * twice, or where a file of the model itself would be replaced.
 */
export function tapOutputs(from: string, to: string, names: readonly string[]): void {
  const model = parseOnnx(from);
  const tensors = new Map(tensorsOf(model).map((tensor) => [tensor.name, tensor]));
  const { graph } = model;
  if (graph === undefined) return;
  const declared = new Map(graph.valueInfo.map((info) => [info.name, info]));
  const outputs = new Set(graph.output.map(({ name }) => name));
  for (const name of names) {
    if (outputs.has(name)) throw refused('output-exists', from, name, 'is an output already', 'name each tensor once');
    const tensor = tensors.get(name);
    if (tensor?.isTensor !== true) {
      const known = [...tensors.values()].filter(({ isTensor }) => isTensor).map((t) => t.name);
      const some = known.slice(0, 8).join(', ') + (known.length > 8 ? `, … (${known.length})` : '');
      throw refused('tensor-missing', from, name, 'is made by no node of its graph', `name one of ${some || 'none'}`);
    }
    outputs.add(name);
    graph.output.push(declared.get(name) ?? create(ValueInfoProtoSchema, { name }));
  }
  // A tensor is declared once: as an output from now on.
  graph.valueInfo = graph.valueInfo.filter(({ name }) => !outputs.has(name));
  const copies = copyExternal(model, from, to);
  copies.rename();
  writeOnnx(to, model);
}

const refused = (code: string, file: string, name: string, what: string, fix: string): OnparError =>
  new OnparError({ code, message: `${file}: tensor ${JSON.stringify(name)} ${what}`, fix });
