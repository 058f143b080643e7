import type { ModelEdit } from '../../../../records/edit.ts';
import { tensorFrom } from '../../../../tensor/build.ts';
import { toFloat64 } from '../../../../tensor/values.ts';
import type { Alternative, Rule } from '../alternative.ts';
import { attribute, integers, operand } from '../changes.ts';
import type { Site } from '../site.ts';

const OFFSETS = [1, -1, 2, -2];

/** Rows that are looked up: one further or one before; where a table is read by positions, the positions. */
export const gather: Rule = {
  name: 'gather',
  codes: ['index-differs', 'position-offset'],
  ops: ['Gather', 'GatherElements', 'GatherND'],
  alternatives: function* (site) {
    const { node } = site;
    const indices = site.input(1);
    const code = indices !== undefined && arePositions([...toFloat64(indices)]) ? 'position-offset' : 'index-differs';
    for (const offset of OFFSETS)
      yield {
        code,
        node,
        edits: [shifted(site, 1, offset)],
        args:
          code === 'position-offset'
            ? { offset: -offset }
            : { from: `indices ${signed(offset)}`, to: 'indices as given' },
        experiment: `with indices ${signed(offset)}`,
        cost: Math.abs(offset),
      };
  },
};

/** A Slice's starts, ends and steps. */
export const slice: Rule = {
  name: 'slice',
  codes: ['index-differs'],
  ops: ['Slice'],
  alternatives: function* (site) {
    const { node } = site;
    const parts = ['starts', 'ends', 'axes', 'steps'];
    const read = (i: number) => site.numbers(i) ?? site.list(parts[i - 1] ?? '');
    const write = (i: number, values: readonly number[]): ModelEdit =>
      site.has(parts[i - 1] ?? '')
        ? attribute(node, parts[i - 1] ?? '', [...values])
        : operand(node, i, integers(values));
    const [starts, ends, steps] = [read(1), read(2), read(4)];
    if (starts === undefined || ends === undefined) return;
    const differs = (edits: ModelEdit[], from: string, cost: number): Alternative => ({
      code: 'index-differs',
      node,
      edits,
      args: { from, to: `starts ${starts.join(', ')}, ends ${ends.join(', ')}` },
      experiment: `with ${from}`,
      cost,
    });
    for (const by of OFFSETS) {
      const move = (list: readonly number[]) => list.map((n) => (Math.abs(n) > 2 ** 30 ? n : n + by));
      yield differs(
        [write(1, move(starts)), write(2, move(ends))],
        `starts ${move(starts).join(', ')}, ends ${move(ends).join(', ')}`,
        Math.abs(by),
      );
      yield differs([write(1, move(starts))], `starts ${move(starts).join(', ')}`, 1 + Math.abs(by));
      yield differs([write(2, move(ends))], `ends ${move(ends).join(', ')}`, 1 + Math.abs(by));
    }
    // From the other end, the same number of elements.
    const count = starts.map((s, i) => (ends[i] as number) - s);
    if (steps === undefined || steps.every((s) => s === 1)) {
      yield differs(
        [
          write(
            1,
            count.map((n) => -n),
          ),
          write(
            2,
            count.map(() => 2 ** 31),
          ),
        ],
        'the last elements',
        3,
      );
      yield differs(
        [
          write(
            1,
            count.map(() => 0),
          ),
          write(2, count),
        ],
        'the first elements',
        3,
      );
    }
  },
};

/** A range of positions: where it starts. */
export const positions: Rule = {
  name: 'positions',
  codes: ['position-offset'],
  ops: ['Range', 'CumSum'],
  alternatives: function* (site) {
    const out = site.node.outputs[0] ?? '';
    for (const offset of OFFSETS)
      yield {
        code: 'position-offset',
        node: site.node,
        edits: [{ edit: 'insert', tensor: out, op: 'Add', operands: [one(site, out, offset)] }],
        args: { offset: -offset },
        experiment: `with positions ${signed(offset)}`,
        cost: Math.abs(offset),
      };
  },
};

function shifted(site: Site, index: number, offset: number): ModelEdit {
  const tensor = site.constant(index);
  if (tensor !== undefined && tensor.dtype !== 'string')
    return operand(
      site.node,
      index,
      tensorFrom(
        tensor.dtype,
        tensor.shape,
        toFloat64(tensor).map((v) => v + offset),
      ),
    );
  return {
    edit: 'insert-before',
    node: site.node.id,
    index,
    op: 'Add',
    operands: [one(site, site.node.inputs[index] ?? '', offset)],
  };
}

function one(site: Site, beside: string, value: number) {
  const dtype = site.dtype(beside) ?? 'int64';
  return tensorFrom(dtype === 'string' ? 'int64' : dtype, [], [value]);
}

/** Numbers that go up by one, row after row: positions of tokens. */
export function arePositions(indices: readonly number[]): boolean {
  if (indices.length < 3) return false;
  const steps = indices.slice(1).map((v, i) => v - (indices[i] as number));
  return steps.filter((s) => s === 1).length >= 0.6 * steps.length && steps.every((s) => s === 1 || s <= 0);
}

const signed = (n: number): string => (n < 0 ? `− ${-n}` : `+ ${n}`);
