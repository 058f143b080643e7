import type { AttributeValue, OpNode } from '../../../records/graph.ts';
import type { GraphDiff, NodeChange } from './diff.ts';

/** A diff as people read diffs: lines with `-` are what was, with `+` what is. Empty where nothing differs. */
export function diffText({ nodes, constants }: GraphDiff): string {
  const lines = nodes.flatMap(nodeLines);
  for (const { name, before, after, maxAbs, changed } of constants) {
    lines.push(`@@ constant ${name}`);
    if (before !== null && before === after) {
      const far = maxAbs === null ? '' : `, by up to ${Number(maxAbs.toPrecision(4))}`;
      lines.push(`  ${after}: ${changed} element${changed === 1 ? '' : 's'} changed${far}`);
      continue;
    }
    if (before !== null) lines.push(`- ${before}`);
    if (after !== null) lines.push(`+ ${after}`);
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function nodeLines({ id, before, after, attributes, operands }: NodeChange): string[] {
  const head = `@@ node ${id}`;
  if (before === null || after === null || before.op !== after.op)
    return [
      head,
      ...(before === null ? [] : [`- ${nodeText(before)}`]),
      ...(after === null ? [] : [`+ ${nodeText(after)}`]),
    ];
  const lines = [head, `  ${before.op}`];
  for (const each of attributes) {
    if (each.before !== undefined) lines.push(`- ${each.name} = ${valueText(each.before)}`);
    if (each.after !== undefined) lines.push(`+ ${each.name} = ${valueText(each.after)}`);
  }
  for (const each of operands) {
    if (each.before !== '') lines.push(`- operand ${each.index}: ${each.before}`);
    if (each.after !== '') lines.push(`+ operand ${each.index}: ${each.after}`);
  }
  return lines;
}

/** `y = Clip(x, low, high)` with its attributes behind. */
function nodeText({ op, inputs, outputs, attributes }: OpNode): string {
  const set = Object.entries(attributes).map(([name, value]) => `${name}=${valueText(value)}`);
  return `${outputs.join(', ')} = ${op}(${[...inputs.map((name) => name || '_'), ...set].join(', ')})`;
}

/** Longer lists are cut: tables of trees have thousands. */
const MAX_ITEMS = 16;
const valueText = (value: AttributeValue): string =>
  Array.isArray(value) && value.length > MAX_ITEMS
    ? `[${value.slice(0, MAX_ITEMS).join(', ')}, … (${value.length})]`
    : JSON.stringify(value);
