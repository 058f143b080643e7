import type { AttributeValue, OpGraph, OpNode } from '../../../records/graph.ts';
import { cast } from '../../../tensor/build.ts';
import { elementCount, type Tensor } from '../../../tensor/tensor.ts';
import { toFloat64 } from '../../../tensor/values.ts';
import { counterpart } from '../../experiment.ts';
import type { Question, View } from '../../scene.ts';
import { referenceAttributes } from './attribute-names.ts';

/** Constants with more elements than this are tables and weights, not parameters of an operator. */
const FEW = 64;

/** One node of the candidate where it parts from the reference, with what an operator's rule wants to know of it. */
export interface Site {
  readonly question: Question;
  readonly node: OpNode;
  readonly graph: OpGraph;
  /** The node's attribute, or the operator's default. */
  number(name: string, otherwise: number): number;
  text(name: string, otherwise: string): string;
  list(name: string): readonly number[] | undefined;
  has(name: string): boolean;
  /** An operand that the model holds, as stored. */
  constant(index: number): Tensor | undefined;
  /** Likewise its numbers, where they are few. */
  numbers(index: number): readonly number[] | undefined;
  /** The value that an operand should have (the reference's, else the candidate's own). */
  input(index: number): Tensor | undefined;
  shape(tensor: string): readonly number[] | undefined;
  /** Dtype as the file has it: views in float64 show every float as such. */
  dtype(tensor: string): Tensor['dtype'] | undefined;
  producer(tensor: string): OpNode | undefined;
  readers(tensor: string): readonly OpNode[];
  /** What the reference says of a quantity, in its own words (`eps`, `epsilon`), at the place where it parts. */
  told(quantity: Parameters<typeof referenceAttributes>[1]): readonly AttributeValue[];
}

export function siteOf(question: Question, view: View, node: OpNode): Site {
  const { graph, values } = view;
  const attribute = (name: string) => node.attributes[name];
  const constant = (index: number): Tensor | undefined => {
    const name = node.inputs[index];
    if (name === undefined || name === '' || graph.tensors[name]?.constant !== true) return undefined;
    const value = values.get(name);
    const dtype = graph.tensors[name]?.dtype;
    return value === undefined || dtype === null || dtype === undefined || dtype === value.dtype
      ? value
      : asDeclared(value, dtype);
  };
  return {
    question,
    node,
    graph,
    number: (name, otherwise) => {
      const value = attribute(name);
      return typeof value === 'number' ? value : typeof value === 'boolean' ? Number(value) : otherwise;
    },
    text: (name, otherwise) => {
      const value = attribute(name);
      return typeof value === 'string' ? value : otherwise;
    },
    list: (name) => {
      const value = attribute(name);
      return Array.isArray(value) && value.every((v) => typeof v === 'number') ? (value as number[]) : undefined;
    },
    has: (name) => attribute(name) !== undefined && attribute(name) !== null,
    constant,
    numbers: (index) => {
      const tensor = constant(index);
      if (tensor === undefined || tensor.dtype === 'string' || elementCount(tensor.shape) > FEW) return undefined;
      return [...toFloat64(tensor)];
    },
    input: (index) => {
      const name = node.inputs[index];
      return name === undefined || name === '' ? undefined : (counterpart(question, name) ?? values.get(name));
    },
    shape: (tensor) => {
      const known = graph.tensors[tensor]?.shape;
      if (known?.every((d): d is number => typeof d === 'number') === true) return known;
      return values.get(tensor)?.shape;
    },
    dtype: (tensor) => graph.tensors[tensor]?.dtype ?? values.get(tensor)?.dtype,
    producer: (tensor) => graph.nodes.find((n) => n.outputs.includes(tensor)),
    readers: (tensor) => graph.nodes.filter((n) => n.inputs.includes(tensor)),
    told: (quantity) => referenceAttributes(question, quantity),
  };
}

const asDeclared = (value: Tensor, dtype: Tensor['dtype']): Tensor =>
  dtype === 'string' || value.dtype === 'string' ? value : cast(value, dtype);
