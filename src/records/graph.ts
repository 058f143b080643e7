import * as z from 'zod';
import { DTYPES } from '../tensor/dtype.ts';
import { dim, quantization } from './contract.ts';

/** Where in the user's source a node was written. */
export const sourcePlace = z.object({
  /** As a person would name it: below the suite's folder relative to it, else as the framework told it. */
  file: z.string(),
  line: z.number().int().positive().nullable(),
  /** The line itself, where it could be read. */
  text: z.string().optional(),
});
export type SourcePlace = z.infer<typeof sourcePlace>;

/** An attribute of an operator, as far as JSON holds it: tensors and subgraphs are left out. */
export const attributeValue = z.union([
  z.number(),
  z.string(),
  z.boolean(),
  z.null(),
  z.array(z.union([z.number(), z.string(), z.boolean(), z.null()])),
]);
export type AttributeValue = z.infer<typeof attributeValue>;

export const opNode = z.object({
  /** Unique in its graph, and the same each time the same model is opened. */
  id: z.string(),
  /** `Conv`, `domain::Op`, `aten.gelu.default`, `Dense`, `StandardScaler`: in the words of its framework. */
  op: z.string(),
  /** Tensors in the operator's order; '' where an optional one is absent. */
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  attributes: z.record(z.string(), attributeValue),
  /** The layer it belongs to, outermost first: `['encoder', 'layers.0', 'norm1']`; empty: unknown. */
  module: z.array(z.string()),
  source: sourcePlace.nullable(),
  /**
   * Names that the exporter kept of what the node was made from (fx node names, Keras layers, scopes), best first: they are
   * how nodes of two frameworks are paired without looking at values.
   */
  origins: z.array(z.string()),
});
export type OpNode = z.infer<typeof opNode>;

export const opTensor = z.object({
  dtype: z.enum(DTYPES).nullable(),
  /** Null: unknown. */
  shape: z.array(dim).nullable(),
  /** It is held by the model, or made of what is: a weight, a table, a bound. */
  constant: z.boolean().optional(),
  /** It can be tapped. Constants, inputs and what lies in subgraphs are not; runtimes that say `taps` give constants out when asked by name. */
  tappable: z.boolean(),
  /** Stored integers stand for real numbers. */
  quantization: quantization.optional(),
});
export type OpTensor = z.infer<typeof opTensor>;

/** What a model computes, node by node, in an order in which it can be computed. Of no particular format. */
export const opGraph = z.object({
  format: z.string(),
  /** What an axis means is the format's own affair: where channels stand by convention. */
  inputs: z.array(z.string()),
  outputs: z.array(z.string()),
  nodes: z.array(opNode),
  /** Every tensor that a node names. */
  tensors: z.record(z.string(), opTensor),
});
export type OpGraph = z.infer<typeof opGraph>;
