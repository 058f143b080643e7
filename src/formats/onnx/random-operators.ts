import { constantsOf } from './constants.ts';
import type { ModelProto, NodeProto } from './onnx_pb.generated.ts';
import { parseOnnx } from './read.ts';
import { domainOf, type Flow, flowOf, keyOf, nodeNameOf, operatorOf, type Scope } from './scopes.ts';
import { numbersIn } from './tensor-data.ts';

/** A node whose result depends on drawn numbers. */
export interface RandomOperator {
  /** The node's name, else its first result; behind the subgraph or function that it stands in. */
  readonly node: string;
  /** `RandomNormal`, `domain::Op` outside the default domain. */
  readonly operator: string;
  /**
   * Whether the file fixes the seed. Runtimes may still draw other numbers than each other, or go on in their stream from
   * run to run (onnxruntime does).
   */
  readonly seeded: boolean;
  /** `maybe`: a Dropout whose training mode is computed while the model runs. */
  readonly certain: 'always' | 'maybe';
}

/** Operators of ai.onnx and com.microsoft that always draw. */
const DRAWING: Readonly<Record<string, readonly string[]>> = {
  '': ['RandomNormal', 'RandomNormalLike', 'RandomUniform', 'RandomUniformLike', 'Multinomial', 'Bernoulli'],
  'com.microsoft': ['Sampling', 'RandomNormal', 'RandomUniform'],
};
/** Operators that draw in training mode alone, with the operand that says so. */
const TRAINING: Readonly<Record<string, number>> = {
  Dropout: 2,
  BiasDropout: 4,
  BitmaskDropout: 2,
  BitmaskBiasDropout: 4,
};

/**
 * The random operators of a graph, then of its subgraphs and functions. A function that nothing calls is left out.
 * A Dropout counts when its training mode is a constant true, or computed. `from` is a file or a parsed model.
 */
export function randomOperators(from: string | ModelProto): RandomOperator[] {
  const model = typeof from === 'string' ? parseOnnx(from) : from;
  const flow = flowOf(model);
  const modes = truths(flow, typeof from === 'string' ? from : 'the model');
  const opset = Number(model.opsetImport.find(({ domain }) => domainOf(domain) === '')?.version ?? 0n);
  const reached = calledScopes(flow);
  return flow.scopes
    .filter((scope) => reached.has(scope))
    .flatMap((scope) =>
      scope.nodes.flatMap((node) => {
        const certain = flow.callee(node) === undefined ? draws(node, scope, flow, modes, opset) : null;
        if (certain === null) return [];
        const seeded = node.attribute.some(({ name }) => name === 'seed');
        return [{ node: nodeNameOf(node, scope), operator: operatorOf(node), seeded, certain }];
      }),
    );
}

function draws(
  node: NodeProto,
  scope: Scope,
  flow: Flow,
  modes: (scope: Scope, name: string) => boolean | undefined,
  opset: number,
): 'always' | 'maybe' | null {
  const domain = domainOf(node.domain);
  if (DRAWING[domain]?.includes(node.opType) === true) return 'always';
  const operand = domain === '' || domain === 'com.microsoft' ? TRAINING[node.opType] : undefined;
  if (operand === undefined) return null;
  // Before opset 7 an attribute says whether Dropout is a test; its default is training. Opsets 7 to 11 never draw.
  if (domain === '' && opset < 7) return flag(node, 'is_test') ? null : 'always';
  const name = node.input[operand] ?? '';
  if (name === '') return null;
  const mode = flow.resolve(scope, name) === undefined ? undefined : modes(scope, name);
  return mode === undefined ? 'maybe' : mode ? 'always' : null;
}

const flag = ({ attribute }: NodeProto, name: string): boolean =>
  (attribute.find((a) => a.name === name)?.i ?? 0n) !== 0n;

/** Whether a constant, seen through Identity and Cast, is true; undefined for one that is computed. */
function truths(flow: Flow, file: string): (scope: Scope, name: string) => boolean | undefined {
  const constants = new Map(
    constantsOf(flow).flatMap(({ key, held }) => (held.kind === 'tensor' ? [[key, held.tensor] as const] : [])),
  );
  const truth = (scope: Scope, name: string): boolean | undefined => {
    const value = flow.resolve(scope, name);
    if (value === undefined) return undefined;
    const tensor = constants.get(keyOf(value));
    if (tensor !== undefined) return Array.from(numbersIn(tensor, file) ?? []).some((x) => x !== 0);
    const producer = flow.producerOf(value);
    const source = producer?.node.input[0];
    if (producer === undefined || source === undefined) return undefined;
    return ['Identity', 'Cast'].includes(producer.node.opType) ? truth(producer.scope, source) : undefined;
  };
  return truth;
}

/** The graph, and what it calls. */
function calledScopes({ scopes, callee, bodies }: Flow): Set<Scope> {
  const reached = new Set<Scope>();
  const reach = (scope: Scope): void => {
    if (reached.has(scope)) return;
    reached.add(scope);
    for (const node of scope.nodes) {
      const called = callee(node);
      for (const inner of called === undefined ? bodies(node) : [called]) reach(inner);
    }
  };
  for (const scope of scopes) if (scope.id === '') reach(scope);
  return reached;
}
