import type { AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto } from './onnx_pb.generated.ts';

/** A body of nodes: the graph, a subgraph of a node, or a function. Names resolve outwards, but never out of a function. */
export interface Scope {
  /** Empty for the graph; `loop/body` for a subgraph, `domain::Name` for a function. */
  readonly id: string;
  readonly parent: Scope | null;
  /** The node whose subgraph it is; null for the graph and for functions. */
  readonly owner: NodeProto | null;
  readonly nodes: NodeProto[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Null for functions, which have neither initializers nor types. */
  readonly graph: GraphProto | null;
  readonly function: FunctionProto | null;
}

/** A tensor, by the scope that defines it. */
export interface Value {
  readonly scope: Scope;
  readonly name: string;
}

/** A place where a tensor goes into a node, or where a node makes one. */
export interface Place {
  readonly node: NodeProto;
  readonly index: number;
  readonly scope: Scope;
}

/** Who makes and who takes each tensor, over the graph, its subgraphs and all functions. */
export interface Flow {
  /** The graph first, each scope before the subgraphs in it. */
  readonly scopes: readonly Scope[];
  /** What a name that a node of `scope` mentions stands for; undefined when nothing defines it. */
  readonly resolve: (scope: Scope, name: string) => Value | undefined;
  readonly usesOf: (value: Value) => readonly Place[];
  readonly producerOf: (value: Value) => Place | undefined;
  /** The tensors inside a function or loop that an operand becomes. */
  readonly into: (use: Place) => readonly Value[];
  /** The tensors outside that a value becomes by being an output of its subgraph or function. */
  readonly outOf: (value: Value) => readonly Value[];
  /** The function that a node calls. */
  readonly callee: (node: NodeProto) => Scope | undefined;
  /** The subgraphs of a node. */
  readonly bodies: (node: NodeProto) => readonly Scope[];
}

/** The default domain has two spellings. */
export const domainOf = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

/** `Relu` or `com.microsoft::Gelu`. */
export const operatorOf = ({ domain, opType }: Pick<NodeProto, 'domain' | 'opType'>): string =>
  domainOf(domain) === '' ? opType : `${domain}::${opType}`;

/** How messages and records name a node: its name, else what it makes; with its scope where that is not the graph. */
export function nodeNameOf(node: NodeProto, scope: Scope): string {
  const own = node.name || (node.output.find((name) => name !== '') ?? node.opType);
  return scope.id === '' ? own : `${scope.id}/${own}`;
}

/** The name of a tensor that tells tensors of all scopes apart. */
export const keyOf = ({ scope, name }: Value): string => (scope.id === '' ? name : `${scope.id}/${name}`);

/** Subgraphs of a node with what to call them. */
function* subgraphs(node: NodeProto): Generator<[string, GraphProto]> {
  for (const attribute of node.attribute as readonly AttributeProto[]) {
    if (attribute.g !== undefined) yield [attribute.name, attribute.g];
    for (const [i, graph] of attribute.graphs.entries()) yield [`${attribute.name}${i}`, graph];
  }
}

/** All bodies of nodes of a model. Training graphs are left out: no runtime evaluates them. */
export function scopesOf(model: ModelProto): Scope[] {
  const scopes: Scope[] = [];
  const descend = (scope: Scope): void => {
    scopes.push(scope);
    for (const owner of scope.nodes) {
      for (const [name, graph] of subgraphs(owner)) {
        descend({ ...ofGraph(graph), id: `${nodeNameOf(owner, scope)}/${name}`, parent: scope, owner });
      }
    }
  };
  if (model.graph !== undefined) descend({ ...ofGraph(model.graph), id: '', parent: null, owner: null });
  for (const fn of model.functions) {
    const { node: nodes, input: inputs, output: outputs } = fn;
    descend({ id: functionId(fn), parent: null, owner: null, nodes, inputs, outputs, graph: null, function: fn });
  }
  return scopes;
}

const ofGraph = (graph: GraphProto) => ({
  nodes: graph.node,
  inputs: graph.input.map(({ name }) => name),
  outputs: graph.output.map(({ name }) => name),
  graph,
  function: null,
});

const functionId = ({ domain, name, overload }: Pick<FunctionProto, 'domain' | 'name' | 'overload'>): string =>
  `${domainOf(domain)}::${name}${overload === '' ? '' : `:${overload}`}`;

export function flowOf(model: ModelProto): Flow {
  const scopes = scopesOf(model);
  const numbers = new Map(scopes.map((scope, i) => [scope, i]));
  const functions = new Map(scopes.filter((s) => s.function !== null).map((s) => [s.id, s]));
  const defined = new Map(scopes.map((scope) => [scope, definitions(scope)]));
  const key = ({ scope, name }: Value): string => `${numbers.get(scope)}\0${name}`;

  const resolve = (scope: Scope, name: string): Value | undefined => {
    for (let at: Scope | null = scope; at !== null; at = at.parent) {
      if (defined.get(at)?.has(name) === true) return { scope: at, name };
    }
    return undefined;
  };

  const uses = new Map<string, Place[]>();
  const producers = new Map<string, Place>();
  const calls = new Map<Scope, Place[]>();
  const bodies = new Map<NodeProto, Scope[]>();
  const callee = ({ domain, opType: name, overload }: NodeProto) =>
    functions.size === 0 ? undefined : functions.get(functionId({ domain, name, overload }));
  const append = <K, V>(map: Map<K, V[]>, at: K, value: V): void => {
    const known = map.get(at);
    if (known === undefined) map.set(at, [value]);
    else known.push(value);
  };
  for (const scope of scopes) {
    if (scope.owner !== null) append(bodies, scope.owner, scope);
    for (const node of scope.nodes) {
      const called = callee(node);
      if (called !== undefined) append(calls, called, { node, index: 0, scope });
      for (const [index, name] of node.input.entries()) {
        const value = name === '' ? undefined : resolve(scope, name);
        if (value !== undefined) append(uses, key(value), { node, index, scope });
      }
      for (const [index, name] of node.output.entries()) {
        if (name !== '') producers.set(key({ scope, name }), { node, index, scope });
      }
    }
  }

  const into = ({ node, index }: Place): Value[] => {
    const called = callee(node);
    // Bodies of Loop and Scan name their inputs in the order of the node's operands.
    const entered = called !== undefined ? [called] : isLoop(node) ? (bodies.get(node) ?? []) : [];
    return entered.flatMap((scope) => {
      const name = scope.inputs[index];
      return name === undefined ? [] : [{ scope, name }];
    });
  };
  const outOf = ({ scope, name }: Value): Value[] => {
    const places = scope.function !== null ? (calls.get(scope) ?? []) : ownerPlace(scope);
    // The first output of a Loop's body is its condition, which the node does not give.
    const skipped = scope.owner?.opType === 'Loop' ? 1 : 0;
    return scope.outputs.flatMap((output, i) =>
      output !== name
        ? []
        : places.flatMap(({ node, scope: outer }) => {
            const given = node.output[i - skipped];
            return given === undefined || given === '' ? [] : [{ scope: outer, name: given }];
          }),
    );
  };
  return {
    scopes,
    resolve,
    usesOf: (value) => uses.get(key(value)) ?? [],
    producerOf: (value) => producers.get(key(value)),
    into,
    outOf,
    callee,
    bodies: (node) => bodies.get(node) ?? [],
  };
}

const isLoop = ({ opType, domain }: NodeProto): boolean =>
  domainOf(domain) === '' && (opType === 'Loop' || opType === 'Scan');

const ownerPlace = ({ owner, parent }: Scope): Place[] =>
  owner === null || parent === null ? [] : [{ node: owner, index: 0, scope: parent }];

function definitions({ inputs, graph, nodes }: Scope): Set<string> {
  const names = new Set(inputs);
  for (const { name } of graph?.initializer ?? []) names.add(name);
  for (const { values } of graph?.sparseInitializer ?? []) if (values !== undefined) names.add(values.name);
  for (const { output } of nodes) for (const name of output) names.add(name);
  return names;
}
