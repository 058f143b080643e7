import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { OnparError } from '../../../core/errors.ts';
import { withFile } from '../../../tensor/bytes.ts';
import { copyExternal, tensorsIn } from '../external-copy.ts';
import { readsOf } from '../graph/captures.ts';
import { ordered } from '../graph/order.ts';
import { type GraphProto, type ModelProto, TypeProtoSchema } from '../onnx_pb.generated.ts';
import { writeOnnx } from '../read.ts';
import { flowOf, type scopesOf } from '../scopes.ts';
import { elementsOf, externalPlaceOf, withTensorBytes } from '../tensor-data.ts';
import { typesOf } from '../types.ts';
import type { Draft } from './draft.ts';
import { impossible } from './impossible.ts';

/** Makes a valid model of a draft and writes it. Weights beside the original come along. */
export function finish(draft: Draft, to: string): void {
  declareAnew(draft);
  tidy(draft.model, draft.file);
  save(draft.model, draft.file, to);
}

/** Drops what no output needs, and puts nodes in an order in which they can be computed. */
export function tidy(model: ModelProto, file: string): void {
  const graph = model.graph as GraphProto;
  const { order, circular } = ordered(graph.node);
  if (circular[0] !== undefined)
    throw impossible(file, `node ${JSON.stringify(circular[0].name)} would need its own result`);
  const needed = new Set(graph.output.map(({ name }) => name));
  const kept = new Set(
    order.toReversed().filter((node) => {
      if (!node.output.some((name) => needed.has(name))) return false;
      for (const name of readsOf(node)) needed.add(name);
      return true;
    }),
  );
  graph.node = order.filter((node) => kept.has(node));
  const held = new Set(graph.initializer.map(({ name }) => name));
  graph.initializer = graph.initializer.filter(({ name }) => needed.has(name));
  graph.sparseInitializer = graph.sparseInitializer.filter(({ values }) => needed.has(values?.name ?? ''));
  graph.input = graph.input.filter(({ name }) => !held.has(name) || needed.has(name));
  const made = new Set([...graph.node.flatMap(({ output }) => output), ...needed]);
  const outputs = new Set(graph.output.map(({ name }) => name));
  const declared = new Set<string>();
  graph.valueInfo = graph.valueInfo.filter(({ name }) => {
    if (!made.has(name) || outputs.has(name) || declared.has(name)) return false;
    declared.add(name);
    return true;
  });
  graph.quantizationAnnotation = graph.quantizationAnnotation.filter(({ tensorName }) => made.has(tensorName));
}

/**
 * What a file declares of tensors behind a change may not be true any more: their declarations are dropped, and outputs keep
 * the number of axes where that cannot have changed, and their element type as the operators now imply it.
 */
function declareAnew({ model, graph, changed }: Draft): void {
  const rank = { value: 0, shape: 1, rank: 2 };
  const reach = new Map(changed);
  for (const node of ordered(graph.node).order) {
    const worst = readsOf(node).reduce((most, name) => Math.max(most, rank[reach.get(name) ?? 'value']), 0);
    for (const name of node.output)
      if (worst > rank[reach.get(name) ?? 'value']) reach.set(name, worst === 2 ? 'rank' : 'shape');
  }
  const moved = (name: string): boolean => (reach.get(name) ?? 'value') !== 'value';
  graph.valueInfo = graph.valueInfo.filter(({ name }) => !moved(name));
  const outputs = graph.output.filter(({ name }) => moved(name));
  if (outputs.length === 0) return;
  const old = new Map(outputs.map((info) => [info.name, info.type]));
  for (const info of outputs) delete info.type;
  const flow = flowOf(model);
  const types = typesOf(flow);
  const scope = flow.scopes[0] as ReturnType<typeof scopesOf>[number];
  for (const info of outputs) {
    const before = old.get(info.name);
    if (before?.value.case !== 'tensorType') {
      if (before !== undefined) info.type = before;
      continue;
    }
    const { elemType, shape } = before.value.value;
    const dim = reach.get(info.name) === 'rank' ? undefined : shape?.dim.map(() => ({}));
    info.type = create(TypeProtoSchema, {
      value: {
        case: 'tensorType',
        value: {
          elemType: types.elementType({ scope, name: info.name }) ?? elemType,
          ...(dim === undefined ? {} : { shape: { dim } }),
        },
      },
    });
  }
}

/** Up to this many bytes weights of other files are put into the copy: cheaper than a copy of the files. */
const INLINE_BYTES = 64 * 1024 ** 2;

/**
 * Writes a model that was made from `from`. Weights that it keeps in other files are put into it while they are few; else
 * those files are copied beside it. OnparError `output-exists` where `to` is the original.
 */
export function save(model: ModelProto, from: string, to: string): void {
  if (existsSync(to) && existsSync(from) && realpathSync(to) === realpathSync(from)) {
    throw new OnparError({
      code: 'output-exists',
      message: `${to} is the model itself, which must not change`,
      fix: 'write the copy to another folder or under another name',
    });
  }
  mkdirSync(dirname(resolve(to)), { recursive: true });
  model.trainingInfo = [];
  const outside = [...tensorsIn(model)].filter((tensor) => tensor.dataLocation === 1);
  const bytes = outside.reduce(
    (sum, tensor) => sum + (externalPlaceOf(tensor, from)?.length ?? elementsOf(tensor) * 8),
    0,
  );
  if (bytes <= INLINE_BYTES) for (const tensor of outside) inline(tensor, from);
  else copyExternal(model, from, to).rename();
  writeOnnx(to, model);
}

/** Puts a tensor's bytes into the model. 4-bit and 8-bit types that onpar's tensors lack are read as they lie. */
export function inline(tensor: Parameters<typeof withTensorBytes>[0], file: string): void {
  const place = externalPlaceOf(tensor, file);
  if (place === null) return;
  tensor.rawData = rawBytes(tensor, file, place);
  tensor.dataLocation = 0;
  tensor.externalData = [];
}

function rawBytes(
  tensor: Parameters<typeof withTensorBytes>[0],
  file: string,
  place: { location: string; offset: number; length: number | null },
): Uint8Array {
  if (place.length === null) return withTensorBytes(tensor, file, (source, size) => source(0, size));
  const { length, offset } = place;
  return withFile(join(dirname(file), place.location), (source) => source(offset, length));
}
