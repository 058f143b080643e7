import { create } from '@bufbuild/protobuf';
import { OnparError } from '../../../core/errors.ts';
import { copyExternal } from '../external-copy.ts';
import { ValueInfoProtoSchema } from '../onnx_pb.generated.ts';
import { parseOnnx, writeOnnx } from '../read.ts';
import { flowOf, type Scope } from '../scopes.ts';
import { typesOf } from '../types.ts';
import { tidy } from './tidy.ts';
import { infoOf } from './value-info.ts';

/**
 * Writes the part of a model between tensors, which become its inputs and outputs under their names; inputs of the model
 * itself that the part needs stay inputs. OnparError `edit-impossible` for a tensor that is not there.
 */
export function cutOut(
  from: string,
  to: string,
  { inputs, outputs }: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
): void {
  const model = parseOnnx(from);
  const { graph } = model;
  if (graph === undefined) return;
  const flow = flowOf(model);
  const types = typesOf(flow);
  const scope = flow.scopes[0] as Scope;
  for (const name of [...inputs, ...outputs])
    if (flow.resolve(scope, name) === undefined)
      throw new OnparError({ code: 'edit-impossible', message: `${from}: there is no tensor ${JSON.stringify(name)}` });
  const given = new Set(inputs);
  const info = (name: string) =>
    infoOf(
      name,
      types.elementType({ scope, name }) ?? 1,
      [...(types.shape({ scope, name }) ?? [])],
      types.shape({ scope, name }) !== null,
    );
  // Outputs that are inputs would not be computed at all.
  graph.output = outputs.map((name) => create(ValueInfoProtoSchema, { name }));
  for (const node of graph.node) node.output = node.output.map((name) => (given.has(name) ? '' : name));
  graph.initializer = graph.initializer.filter(({ name }) => !given.has(name));
  graph.input = [...graph.input.filter(({ name }) => !given.has(name)), ...inputs.map(info)];
  graph.valueInfo = graph.valueInfo.filter(({ name }) => !given.has(name) && !outputs.includes(name));
  tidy(model, new Set(inputs));
  const copies = copyExternal(model, from, to);
  copies.rename();
  writeOnnx(to, model);
}
