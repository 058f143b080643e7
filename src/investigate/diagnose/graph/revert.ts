import type { ModelEdit, Operand } from '../../../records/edit.ts';
import { cast } from '../../../tensor/build.ts';
import type { Tensor } from '../../../tensor/tensor.ts';
import type { Alignment } from '../../scene.ts';
import type { Difference, Slot } from './difference.ts';
import { isCommutative } from './operators.ts';
import type { Side } from './side.ts';
import { between } from './subtree.ts';

export interface Sides {
  readonly reference: Side;
  readonly candidate: Side;
  readonly alignment: Alignment;
}

/** The edits that take a difference back in the candidate; null: there are none in its format. */
export function revertOf(difference: Difference, sides: Sides): readonly ModelEdit[] | null {
  const { candidate } = sides;
  switch (difference.kind) {
    case 'attribute': {
      const { name, from, candidate: node } = difference;
      return [{ edit: 'attribute', node: node.id, name, value: from ?? null }];
    }
    case 'constant':
      return [operand(difference.candidate, asThere(difference.from, difference.to))];
    case 'operand-lost': {
      const value = difference.value ?? counterpart(sides, difference.tensor);
      return value === undefined ? null : [operand({ node: difference.candidate, index: difference.index }, value)];
    }
    case 'operand-added':
      return [operand({ node: difference.candidate, index: difference.index }, null)];
    case 'operator': {
      const { reference: r, candidate: c, output } = difference;
      return transplant(sides, c.outputs[output] as string, r.outputs[output] as string);
    }
    case 'added':
      return [{ edit: 'bypass', node: difference.candidate.id, index: difference.through }];
    case 'missing':
      return inserted(difference, sides);
    case 'order': {
      const { candidate: node, order } = difference;
      return order.flatMap((at, i): ModelEdit[] =>
        at === i ? [] : [operand({ node, index: at }, node.inputs[i] as string)],
      );
    }
    case 'wiring':
      return [operand({ node: difference.candidate, index: difference.index }, difference.from)];
    case 'replaced': {
      const { tensors, leaves } = difference;
      if (!sameFormat(sides)) return null;
      return [
        {
          edit: 'transplant',
          from: sides.reference.view.specimen.path,
          outputs: { [tensors.candidate]: tensors.reference },
          inputs: leaves,
        },
      ];
    }
  }

  function operand({ node, index }: Slot, value: Operand | null): ModelEdit {
    return { edit: 'operand', node: node.id, index, value };
  }

  /** In the dtype of the candidate, where the two may stand for each other at all. */
  function asThere(value: Tensor, there: Tensor): Tensor {
    return value.dtype === there.dtype || value.dtype === 'string' || there.dtype === 'string'
      ? value
      : cast(value, there.dtype);
  }

  function inserted(
    { reference: node, through, tensor, at }: Extract<Difference, { kind: 'missing' }>,
    all: Sides,
  ): readonly ModelEdit[] | null {
    const others: Operand[] = [];
    for (const [i, name] of node.inputs.entries()) {
      if (i === through || name === '') continue;
      const value = all.reference.isFixed(name) ? all.reference.value(name) : counterpart(all, name);
      if (value === undefined) return wholeOf(at);
      others.push(value);
    }
    const inPlace = through === 0 || (isCommutative(node.op) && node.inputs.length === 2);
    if (!inPlace || node.inputs.slice(0, -1).includes('')) return wholeOf(at);
    const what = { op: node.op, operands: others, attributes: node.attributes };
    return [
      at === null
        ? { edit: 'insert', tensor, ...what }
        : { edit: 'insert-before', node: at.node.id, index: at.index, ...what },
    ];

    /** The node that reads it, with all that lies before it, as the reference has them. */
    function wholeOf(slot: Slot | null): readonly ModelEdit[] | null {
      const target = slot?.node.outputs[0];
      const same = target === undefined ? [] : all.alignment.ofCandidate(target);
      const reader = all.reference.readers(node.outputs[0] as string).find((n) => n.op === slot?.node.op);
      const source = same[0]?.reference ?? reader?.outputs[0];
      return target === undefined || source === undefined ? null : transplant(all, target, source);
    }
  }

  function transplant(all: Sides, target: string, source: string): readonly ModelEdit[] | null {
    if (!sameFormat(all)) return null;
    const piece = between(all.reference, source, (t) => counterpart(all, t) !== undefined);
    if (piece === null) return null;
    const inputs = Object.fromEntries(piece.leaves.map((t) => [t, counterpart(all, t) as string]));
    return [
      {
        edit: 'transplant',
        from: all.reference.view.specimen.path,
        outputs: { [target]: source },
        inputs,
      },
    ];
  }

  function counterpart(all: Sides, tensor: string): string | undefined {
    const made = all.reference.producer(tensor)?.node;
    // What the region makes has a counterpart only by name: it is what differs.
    const fits = all.alignment
      .ofReference(tensor)
      .filter((m) => m.permutation === undefined && m.candidate in candidate.view.graph.tensors);
    const [first] = made !== undefined && all.reference.inRegion(made) ? fits.filter((m) => m.by === 'value') : fits;
    return first?.candidate;
  }
}

const sameFormat = ({ reference, candidate }: Sides): boolean =>
  reference.view.specimen.format === candidate.view.specimen.format;
