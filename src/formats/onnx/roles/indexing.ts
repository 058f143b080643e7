import type { Dim } from '../../../records/contract.ts';
import type { NodeProto } from '../onnx_pb.generated.ts';
import type { Carried, Claim, Place, Rule } from './claim.ts';
import { attribute, type GraphView, intAttribute, nodeText, scalarOf } from './graph.ts';
import { ends, solve } from './step.ts';

/** The operand that is looked into and the one that says where, by operator. */
const LOOKUPS: Readonly<Record<string, readonly [data: number, indices: number]>> = {
  Gather: [0, 1],
  GatherElements: [0, 1],
  GatherND: [0, 1],
  ScatterElements: [0, 1],
  ScatterND: [0, 1],
  Scatter: [0, 1],
};

/** Tables of operators that look up by themselves: [operator, index operand, table operand]. */
const TABLES: readonly (readonly [string, number, number])[] = [
  ['EmbedLayerNormalization', 0, 2],
  ['EmbedLayerNormalization', 1, 4],
  // com.microsoft has the positions second, ai.onnx last.
  ['RotaryEmbedding', 1, 2],
  ['RotaryEmbedding', 3, 1],
];

/** Values that say where to look in something else: they stay below its size. */
export const indexing: Rule = (place) => {
  const { use, carried, graph } = place;
  const { node, index } = use;
  if (carried.kind !== 'value') return undefined;
  const lookup = LOOKUPS[node.opType];
  const data = node.input[lookup?.[0] ?? -1];
  if (lookup?.[1] === index && data !== undefined) return ends(...lookupClaims(place, data));
  const table = TABLES.find(([op, at]) => op === node.opType && at === index);
  if (table !== undefined && carried.isInteger) {
    return ends(
      ...claimOf(
        place,
        graph.shapeOf(node.input[table[2]] ?? '')?.slice(0, 1) ?? null,
        'token-ids',
        node.input[table[2]] ?? '',
      ),
    );
  }
  if (node.opType !== 'OneHot' || index !== 0) return undefined;
  const depth = scalarOf(graph.constantOf(node.input[1] ?? ''));
  const range = depth === undefined ? undefined : solve(carried, 0, depth - 1);
  if (depth === undefined || range === undefined) return ends();
  return ends({ role: 'index', range, because: `${nodeText(node)} makes one of ${depth} classes of it` });
};

function lookupClaims(place: Place, data: string): Claim[] {
  const { node } = place.use;
  const shape = place.graph.shapeOf(data);
  const dims = shape === null ? null : indexedDims(node, shape, place.graph);
  const isTable = node.opType === 'Gather' && shape?.length === 2 && isWeight(place.graph, data);
  return claimOf(place, dims, isTable ? 'token-ids' : 'index', data);
}

/** Weights, kept quantised or as they are. */
const isWeight = (graph: GraphView, tensor: string): boolean => {
  const producer = graph.producerOf(tensor);
  return graph.constantOf(producer?.opType === 'DequantizeLinear' ? (producer.input[0] ?? '') : tensor) !== undefined;
};

/** The dimensions that the indices of this operator run over. */
function indexedDims(node: NodeProto, shape: readonly Dim[], graph: GraphView): readonly Dim[] {
  if (node.opType !== 'GatherND' && node.opType !== 'ScatterND') {
    const axis = intAttribute(node, 'axis', 0);
    return [shape.at(axis) ?? null];
  }
  const batch = intAttribute(node, 'batch_dims', 0);
  const width = graph.shapeOf(node.input[1] ?? '')?.at(-1);
  // Without its width the indices may run over any of the dimensions.
  return shape.slice(batch, typeof width === 'number' ? batch + width : undefined);
}

function claimOf({ use, carried }: Place, dims: readonly Dim[] | null, role: Claim['role'], data: string): Claim[] {
  if (dims === null || dims.length === 0 || dims.includes(null) || !carried.exact) return [];
  const sizes = dims.filter((d) => typeof d === 'number');
  const names = dims.filter((d) => typeof d === 'string');
  const least = Math.min(...sizes);
  const range = sizes.length === 0 ? undefined : solve(carried, 0, least - 1);
  if (sizes.length > 0 && range === undefined) return [];
  // Bounds by a dynamic size are only passed on as they are.
  const isPlain = carried.scale === 1 && carried.offset === 0;
  if (range === undefined && !isPlain) return [];
  const what = attribute(use.node, 'axis') === undefined || role === 'token-ids' ? 'rows' : 'entries';
  const many = [...(sizes.length > 0 ? [String(least)] : []), ...names].join(' or ');
  return [
    {
      role,
      ...(range === undefined ? {} : { range }),
      ...(names.length > 0 && isPlain ? { below: names } : {}),
      because: `${nodeText(use.node)} looks up one of the ${many} ${what} of ${data}${shift(carried)}`,
    },
  ];
}

const shift = ({ scale, offset }: Carried): string => {
  if (scale === 1 && offset === 0) return '';
  const product = scale === 1 ? 'it' : `${Number(scale.toPrecision(4))} times it`;
  return offset === 0 ? ` with ${product}` : ` with ${product} ${offset < 0 ? 'minus' : 'plus'} ${Math.abs(offset)}`;
};
