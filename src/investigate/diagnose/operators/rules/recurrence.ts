import type { ModelEdit } from '../../../../records/edit.ts';
import type { AttributeValue } from '../../../../records/graph.ts';
import { tensorFrom } from '../../../../tensor/build.ts';
import { elementCount, type Tensor } from '../../../../tensor/tensor.ts';
import type { Alternative, Rule } from '../alternative.ts';
import { attribute, operand } from '../changes.ts';
import { GATES, reorderGates } from '../gates.ts';
import type { Site } from '../site.ts';

/** Gates of LSTM and GRU in every other order, in all weights together. */
export const gateOrder: Rule = {
  name: 'gate-order',
  codes: ['gate-order'],
  ops: ['LSTM', 'GRU'],
  alternatives: function* (site) {
    const { node } = site;
    const [w, r, b] = [site.constant(1), site.constant(2), site.constant(3)];
    const gates = GATES[node.op as keyof typeof GATES];
    if (w === undefined || r === undefined || gates === undefined) return;
    for (const order of permutations(gates.length)) {
      if (order.every((g, i) => g === i)) continue;
      const edits: ModelEdit[] = [
        operand(node, 1, reorderGates(w, order)),
        operand(node, 2, reorderGates(r, order)),
        ...(b === undefined ? [] : [operand(node, 3, reorderGates(b, order))]),
      ];
      const words = order.map((g) => gates[g]).join('');
      yield {
        code: 'gate-order',
        node,
        edits,
        args: { order: words },
        experiment: `with the gates in the order ${words}`,
        // Two gates exchanged is likelier than all of them.
        cost: order.filter((g, i) => g !== i).length,
      };
    }
  },
};

/** What else a recurrence can do otherwise. */
export const recurrence: Rule = {
  name: 'recurrence',
  codes: ['recurrence-differs', 'initial-state'],
  ops: ['LSTM', 'GRU', 'RNN'],
  alternatives: function* (site) {
    const { node } = site;
    const differs = (name: string, then: AttributeValue, now: AttributeValue): Alternative => ({
      code: 'recurrence-differs',
      node,
      edits: [attribute(node, name, then)],
      args: { from: `${name} ${then ?? 'none'}`, to: `${name} ${now ?? 'none'}` },
      experiment: `with ${name} ${then ?? 'none'}`,
      cost: 1,
    });
    if (node.op === 'GRU') {
      const now = site.number('linear_before_reset', 0);
      yield differs('linear_before_reset', 1 - now, now);
    }
    const direction = site.text('direction', 'forward');
    if (direction !== 'bidirectional')
      yield differs('direction', direction === 'forward' ? 'reverse' : 'forward', direction);
    if (site.has('clip')) yield differs('clip', null, site.number('clip', 0));
    if (site.number('input_forget', 0) !== 0) yield differs('input_forget', 0, 1);
    yield* activations(site, differs);
    if (node.inputs[4] !== undefined && node.inputs[4] !== '')
      yield {
        ...differs('sequence_lens', null, 'given'),
        edits: [operand(node, 4, null)],
      };
    yield* states(site);
  },
};

/** Activations inside, as lists of ONNX: by direction f, g, h (LSTM), f, g (GRU), f (RNN). */
function* activations(
  site: Site,
  differs: (name: string, then: AttributeValue, now: AttributeValue) => Alternative,
): Generator<Alternative> {
  const standard = { LSTM: ['Sigmoid', 'Tanh', 'Tanh'], GRU: ['Sigmoid', 'Tanh'], RNN: ['Tanh'] }[site.node.op] ?? [];
  const times = site.text('direction', 'forward') === 'bidirectional' ? 2 : 1;
  const repeat = (list: readonly string[]) => Array.from({ length: times }, () => list).flat();
  const given = site.node.attributes.activations;
  const now = Array.isArray(given) ? (given as string[]) : repeat(standard);
  const others = [
    standard,
    standard.map((a) => (a === 'Sigmoid' ? 'HardSigmoid' : a)),
    standard.map((a) => (a === 'Tanh' ? 'Relu' : a)),
    standard.map((a, i) => (a === 'Tanh' && i === standard.length - 1 ? 'Relu' : a)),
    standard.map((a, i) => (a === 'Tanh' && i === 1 ? 'Relu' : a)),
    ['Relu', ...standard.slice(1)],
  ];
  const seen = new Set([now.join().toLowerCase()]);
  for (const other of others.map(repeat)) {
    if (seen.has(other.join().toLowerCase())) continue;
    seen.add(other.join().toLowerCase());
    yield { ...differs('activations', other, now), cost: 2 };
  }
}

/** The initial state left out, of zeros or of ones; for LSTM hidden and cell exchanged. */
function* states(site: Site): Generator<Alternative> {
  const { node } = site;
  const given = [5, 6].filter((i) => (node.inputs[i] ?? '') !== '' && (i === 5 || node.op === 'LSTM'));
  const state = (edits: ModelEdit[], from: string, to: string): Alternative => ({
    code: 'initial-state',
    node,
    edits,
    args: { from, to },
    experiment: `from ${from}`,
    cost: 2,
  });
  if (given.length > 0)
    yield state(
      given.map((i) => operand(node, i, null)),
      'a state of zeros',
      'another state',
    );
  if (given.length === 2)
    yield state(
      [operand(node, 5, node.inputs[6] ?? ''), operand(node, 6, node.inputs[5] ?? '')],
      'hidden state and cell state exchanged',
      'the other way round',
    );
  const shape = stateShape(site);
  if (shape === undefined) return;
  const ones = filled(site, shape, 1);
  yield {
    ...state(
      [5, ...(node.op === 'LSTM' ? [6] : [])].map((i) => operand(node, i, ones)),
      'a state of ones',
      'another state',
    ),
    cost: 4,
  };
}

function filled(site: Site, shape: readonly number[], value: number): Tensor {
  const dtype = site.dtype(site.node.inputs[0] ?? '') ?? 'float32';
  return tensorFrom(dtype === 'string' ? 'float32' : dtype, shape, new Array<number>(elementCount(shape)).fill(value));
}

/** [directions, batch, hidden] */
function stateShape(site: Site): readonly number[] | undefined {
  const r = site.constant(2);
  const input = site.shape(site.node.inputs[0] ?? '');
  const batch = site.number('layout', 0) === 1 ? input?.[0] : input?.[1];
  return r === undefined || batch === undefined ? undefined : [r.shape[0] as number, batch, r.shape[2] as number];
}

function permutations(count: number): number[][] {
  if (count === 0) return [[]];
  return permutations(count - 1).flatMap((rest) =>
    Array.from({ length: count }, (_, at) => [...rest.slice(0, at), count - 1, ...rest.slice(at)]),
  );
}
