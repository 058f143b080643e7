import type { Operand } from '../../../../records/edit.ts';
import type { OpNode } from '../../../../records/graph.ts';
import type { Alternative } from '../alternative.ts';
import { isAdditiveMask } from '../mask.ts';
import type { Site } from '../site.ts';

/** Words for an addition of two values in ONNX, ATen, Keras, TFLite. */
const JOINS: Readonly<Record<string, string>> = {
  add: 'Add',
  add_: 'Add',
  addv2: 'Add',
  mul: 'Mul',
  mul_: 'Mul',
  multiply: 'Mul',
  sub: 'Sub',
  subtract: 'Sub',
  div: 'Div',
};

/** `Add` for `aten.add.Tensor`, `ADD`, `Add`, `aten::add_`; undefined for what joins nothing. */
export function joinOf(op: string): string | undefined {
  const word = op
    .toLowerCase()
    .split(/::|\./)
    .find((part) => part in JOINS);
  return word === undefined ? undefined : JOINS[word];
}

/**
 * A residual addition (or another join) of the reference that the candidate lacks: put in before the first node of the
 * candidate that reads one of its operands where the other agrees, too.
 */
export function* missingJoin(site: Site, join: OpNode): Generator<Alternative> {
  const op = joinOf(join.op);
  const { alignment, reference } = site.question.scene;
  const [a, b] = join.inputs.map((name): Operand | undefined => {
    const value = reference?.values.get(name);
    return (
      alignment?.ofReference(name)[0]?.candidate ??
      (reference?.graph.tensors[name]?.constant === true ? value : undefined)
    );
  });
  const masks = join.inputs.some((name) => isAdditiveMask(reference?.values.get(name)));
  if (op === undefined || a === undefined || b === undefined) return;
  for (const [index, name] of site.node.inputs.entries()) {
    const other = name === a ? b : name === b ? a : undefined;
    if (other === undefined) continue;
    yield {
      code: masks ? 'mask-differs' : 'operator-missing',
      node: site.node,
      edits: [{ edit: 'insert-before', node: site.node.id, index, op, operands: [other] }],
      args: { operator: op },
      experiment: `with ${op} of ${typeof other === 'string' ? other : 'a constant'} in front`,
      cost: 2,
    };
  }
}
