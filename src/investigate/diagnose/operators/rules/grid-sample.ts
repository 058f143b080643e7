import type { Rule } from '../alternative.ts';
import { choices, integers, settings } from '../changes.ts';

/** Modes of ONNX's GridSample; opset 20 renamed two of them. */
export const gridSample: Rule = {
  name: 'grid-sample',
  codes: ['resize-mode', 'channel-order'],
  ops: ['GridSample'],
  alternatives: function* ({ node, text, number }) {
    const now = {
      mode: text('mode', 'bilinear'),
      padding_mode: text('padding_mode', 'zeros'),
      align_corners: number('align_corners', 0),
    };
    const modes = [...new Set(['bilinear', 'linear', 'nearest', 'bicubic', 'cubic'])];
    const options = { mode: modes, padding_mode: ['zeros', 'border', 'reflection'], align_corners: [0, 1] };
    for (const then of choices(options)) {
      if (SAME[then.mode] === SAME[now.mode] && then.mode !== now.mode) continue;
      const { edits, from, to, changed } = settings(node, now, then);
      if (edits.length === 0) continue;
      yield {
        code: 'resize-mode',
        node,
        edits,
        args: { from, to },
        experiment: `with ${from}`,
        cost: 2 * changed.length,
      };
    }
    yield {
      code: 'channel-order',
      node,
      edits: [
        {
          edit: 'insert-before',
          node: node.id,
          index: 1,
          op: 'Gather',
          operands: [integers([1, 0])],
          attributes: { axis: -1 },
        },
      ],
      args: { axis: -1, order: '1, 0' },
      experiment: 'with the two coordinates of the grid exchanged',
      cost: 3,
    };
  },
};

const SAME: Readonly<Record<string, string>> = {
  bilinear: 'linear',
  linear: 'linear',
  bicubic: 'cubic',
  cubic: 'cubic',
  nearest: 'nearest',
};
