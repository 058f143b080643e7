import type { ModelProto, NodeProto } from '../onnx_pb.generated.ts';
import { flowOf, type Scope } from '../scopes.ts';

/** Drops nodes, initializers and inputs of the graph that no output hangs on any more; `keep` names inputs that stay. */
export function tidy(model: ModelProto, keep: ReadonlySet<string>): void {
  const { graph } = model;
  if (graph === undefined) return;
  const flow = flowOf(model);
  const scope = flow.scopes[0] as Scope;
  const makers = new Map<string, NodeProto>();
  for (const node of graph.node) for (const name of node.output) if (name !== '') makers.set(name, node);
  const needed = new Set<string>();
  const used = new Set<NodeProto>();
  const open = graph.output.map(({ name }) => name);
  const takes = (node: NodeProto): string[] => {
    const names = [...node.input];
    const visit = (bodies: readonly Scope[]): void => {
      for (const body of bodies)
        for (const inner of body.nodes) {
          names.push(...inner.input.filter((name) => flow.resolve(body, name)?.scope === scope));
          visit(flow.bodies(inner));
        }
      for (const body of bodies)
        names.push(...body.outputs.filter((name) => flow.resolve(body, name)?.scope === scope));
    };
    visit(flow.bodies(node));
    return names;
  };
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (name === '' || needed.has(name)) continue;
    needed.add(name);
    const node = makers.get(name);
    if (node === undefined || used.has(node)) continue;
    used.add(node);
    open.push(...takes(node));
  }
  graph.node = graph.node.filter((node) => used.has(node));
  graph.initializer = graph.initializer.filter(({ name }) => needed.has(name));
  graph.sparseInitializer = graph.sparseInitializer.filter(({ values }) => needed.has(values?.name ?? ''));
  graph.input = graph.input.filter(({ name }) => needed.has(name) || keep.has(name));
  graph.valueInfo = graph.valueInfo.filter(({ name }) => needed.has(name));
}
