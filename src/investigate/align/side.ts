import type { NamedTensors, Tensor } from '../../tensor/tensor.ts';
import type { View } from '../scene.ts';
import { type GraphIndex, indexGraph } from './graph-index.ts';
import { type Summary, summarise } from './summary.ts';

/** One side as alignment looks at it. Values stay where they are; summaries are made when first asked for. */
export interface Side extends GraphIndex {
  readonly values: NamedTensors;
  /** Tensors that carry the sample's values through the model: inputs and what nodes make of them, in graph order. */
  readonly flowing: readonly string[];
  summary(tensor: string): Summary | null;
  value(tensor: string): Tensor | undefined;
}

export function sideOf(view: Pick<View, 'graph' | 'values'>): Side {
  const index = indexGraph(view.graph);
  const summaries = new Map<string, Summary | null>();
  const flowing = [...view.graph.inputs, ...view.graph.nodes.flatMap((node) => node.outputs)].filter(
    (name) => name !== '' && view.values.has(name),
  );
  return {
    ...index,
    values: view.values,
    flowing: [...new Set(flowing)],
    value: (name) => view.values.get(name),
    summary(name) {
      const known = summaries.get(name);
      if (known !== undefined) return known;
      const value = view.values.get(name);
      const made = value === undefined ? null : summarise(value);
      summaries.set(name, made);
      return made;
    },
  };
}
