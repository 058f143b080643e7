import type { OpNode } from '../../../records/graph.ts';

/** `Conv conv1 (layer features.0, model.py:31)`: a node in words, with its place in the user's source where that is known. */
export function inWords(node: OpNode, source: OpNode = node): string {
  const layer = source.module.length === 0 ? undefined : `layer ${source.module.join('.')}`;
  const place =
    source.source === null
      ? undefined
      : `${source.source.file}${source.source.line === null ? '' : `:${source.source.line}`}`;
  const more = [layer, place].filter((text) => text !== undefined).join(', ');
  return `${node.op} ${node.id}${more === '' ? '' : ` (${more})`}`;
}
