import type { OpNode } from '../../../records/graph.ts';
import type { Question } from '../../scene.ts';

/** A node of the candidate in words: `Conv conv1 (layer features.0, model.py:31)`, with what the reference knows of the place. */
export function placeOf(
  { divergence }: Question,
  { op, id, module, source }: Pick<OpNode, 'op' | 'id' | 'module' | 'source'>,
): string {
  const layer = module.length > 0 ? module : (divergence?.reference.module ?? []);
  const line = source ?? divergence?.reference.source ?? null;
  const about = [
    ...(layer.length > 0 ? [`layer ${layer.join('.')}`] : []),
    ...(line === null ? [] : [line.line === null ? line.file : `${line.file}:${line.line}`]),
  ];
  return `${op}${id === op ? '' : ` ${id}`}${about.length > 0 ? ` (${about.join(', ')})` : ''}`;
}
