import { unitBounds } from './fill.ts';
import type { Generator } from './generator.ts';

/** Each channel a constant of its own: channels that were swapped (RGB and BGR) or taken for rows stand out. */
export const channels: Generator = {
  name: 'channels',
  reals: (out, domain, { shape }) => {
    const axis = channelAxis(shape);
    if (axis === undefined) return false;
    const [low, high] = unitBounds(domain);
    const count = shape[axis] as number;
    const inner = shape.slice(axis + 1).reduce((n, d) => n * d, 1);
    for (let i = 0; i < out.length; i++) {
      const share = ((Math.floor(i / inner) % count) + 1) / (count + 1);
      out[i] = low * (1 - share) + high * share;
    }
    return true;
  },
};

/** Channels come second (PyTorch) or last (TensorFlow); of the two, the shorter axis. Columns of a table are channels too. */
function channelAxis(shape: readonly number[]): number | undefined {
  if (shape.length < 2) return undefined;
  const last = shape.length - 1;
  const axis = (shape[1] as number) <= (shape[last] as number) ? 1 : last;
  return (shape[axis] as number) > 1 ? axis : undefined;
}
