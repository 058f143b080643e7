import type { CaseFacts, Lab } from '../../../src/investigate/lab.ts';
import type { Alignment, Question, View } from '../../../src/investigate/scene.ts';
import type { OpGraph, OpNode } from '../../../src/records/graph.ts';
import type { TensorMatch } from '../../../src/records/investigation.ts';
import type { Tensor } from '../../../src/tensor/tensor.ts';

export interface Side {
  readonly nodes: readonly Partial<OpNode>[];
  readonly values: Readonly<Record<string, Tensor>>;
  readonly constants?: readonly string[];
}

/** Both sides of a divergence as values alone: nothing of it can be run. The last node of each side is where they part. */
export function questionOf(
  reference: Side,
  candidate: Side,
  matches: readonly (readonly [reference: string, candidate: string, permutation?: readonly number[]])[],
  tolerance = 1e-6,
): Question {
  const [left, right] = [viewOf('reference', reference), viewOf('candidate', candidate)];
  const parting = (view: View) => view.graph.nodes.at(-1) as OpNode;
  const place = (node: OpNode) => ({ tensor: node.outputs[0] as string, node: node.id, opType: node.op });
  return {
    scene: {
      lab: { facts: { declared: 'float32' } as CaseFacts, canEdit: () => false } as unknown as Lab,
      sample: 's',
      precision: 'float64',
      how: { sample: 's' },
      reference: left,
      candidate: right,
      alignment: alignmentOf(
        matches.map(([r, c, permutation]) => ({
          reference: r,
          candidate: c,
          by: 'name',
          confidence: 1,
          ...(permutation === undefined ? {} : { permutation: [...permutation] }),
        })),
      ),
      tolerance,
    },
    divergence: {
      reference: { ...place(parting(left)), module: ['net', 'layer'], source: null },
      candidate: place(parting(right)),
      region: { reference: left.graph.nodes.map((n) => n.id), candidate: right.graph.nodes.map((n) => n.id) },
      local: null,
      accumulated: null,
      explained: null,
      sample: 's',
      precision: 'float64',
    },
  };
}

function alignmentOf(matches: readonly TensorMatch[]): Alignment {
  return {
    matches,
    ofReference: (name) => matches.filter((m) => m.reference === name),
    ofCandidate: (name) => matches.filter((m) => m.candidate === name),
  };
}

function viewOf(role: 'reference' | 'candidate', { nodes, values, constants = [] }: Side): View {
  const full = nodes.map(
    (node, i): OpNode => ({
      id: `n${i}`,
      op: '',
      inputs: [],
      outputs: [],
      attributes: {},
      module: [],
      source: null,
      origins: [],
      ...node,
    }),
  );
  const graph: OpGraph = {
    format: 'test',
    inputs: ['x'],
    outputs: [full.at(-1)?.outputs[0] as string],
    nodes: full,
    tensors: Object.fromEntries(
      Object.entries(values).map(([name, { dtype, shape }]) => [
        name,
        { dtype, shape: [...shape], tappable: true, ...(constants.includes(name) ? { constant: true } : {}) },
      ]),
    ),
  };
  return {
    specimen: { role, format: 'test', path: '', history: [], key: null },
    graph,
    values: new Map(Object.entries(values)),
    untapped: new Map(),
  };
}
