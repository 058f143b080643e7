import { OnparError } from '../../core/errors.ts';
import type { Pixels, Resizing } from './decoder.ts';
import type { Preparation } from './preparation.ts';

/** The size that a picture is resized to before the middle is cut out or black is put around it. */
export const resizingOf =
  ({ size, resize, shorterSide }: Preparation): Resizing =>
  (width, height) => {
    if (size === null || resize === 'none') return { width, height };
    const [h, w] = size;
    if (resize === 'stretch') return { width: w, height: h };
    const scales = [h / height, w / width];
    const scale =
      resize === 'pad'
        ? Math.min(...scales)
        : shorterSide === null
          ? Math.max(...scales)
          : shorterSide / Math.min(width, height);
    return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  };

/** Exactly the wanted size: the middle of a larger picture, black around a smaller one where that was asked for. */
export function framed(image: Pixels, { size, resize, crop }: Preparation, name: string): Pixels {
  if (size === null) return image;
  const [height, width] = size;
  if (image.height === height && image.width === width) return image;
  const isLarger = image.height >= height && image.width >= width;
  if (resize === 'pad' || (crop && isLarger)) return placed(image, width, height);
  throw new OnparError({
    code: 'images-size',
    message: `images: ${name} is ${image.height}×${image.width} (height × width)${resize === 'none' ? '' : ' after resizing'}, ${height}×${width} is wanted`,
    fix:
      resize === 'none'
        ? 'set `resize: shorter-side`, `stretch` or `pad`, or `crop: center` for larger pictures'
        : 'give a shorter side that covers the size',
  });
}

/** The picture in the middle of a black one of another size, what does not fit cut off. */
function placed({ rgb, width, height }: Pixels, toWidth: number, toHeight: number): Pixels {
  const result = new Uint8Array(toWidth * toHeight * 3);
  const [left, top] = [Math.round((width - toWidth) / 2), Math.round((height - toHeight) / 2)];
  const [from, to] = [Math.max(left, 0), Math.min(left + toWidth, width)];
  for (let row = 0; row < toHeight; row++) {
    const source = row + top;
    if (source < 0 || source >= height) continue;
    const line = rgb.subarray((source * width + from) * 3, (source * width + to) * 3);
    result.set(line, (row * toWidth + from - left) * 3);
  }
  return { width: toWidth, height: toHeight, rgb: result };
}

/**
 * Luma of ITU-R BT.601 from sRGB bytes, rounded in the 16-bit fixed point of Pillow's `convert('L')`
 * (https://github.com/python-pillow/Pillow, Convert.c, L24).
 */
const luma = (r: number, g: number, b: number): number => (r * 19_595 + g * 38_470 + b * 7_471 + 0x8000) >> 16;

/** The values that the model gets, row-major in the input's layout. */
export function valuesOf({ rgb, width, height }: Pixels, p: Preparation): Float64Array {
  const depth = p.channels === 'gray' ? 1 : 3;
  const [low, high] = p.scale;
  const area = width * height;
  const values = new Float64Array(area * depth);
  for (let channel = 0; channel < depth; channel++) {
    // A byte has 256 values, so each is computed once.
    const table = Float64Array.from({ length: 256 }, (_, byte) => {
      const scaled = low + (byte / 255) * (high - low);
      return (scaled - (p.mean[channel] ?? 0)) / (p.std[channel] ?? 1);
    });
    const at = p.channels === 'BGR' ? 2 - channel : channel;
    for (let i = 0; i < area; i++) {
      const k = i * 3;
      const byte =
        depth === 1 ? luma(rgb[k] as number, rgb[k + 1] as number, rgb[k + 2] as number) : (rgb[k + at] as number);
      values[p.layout === 'CHW' ? channel * area + i : i * depth + channel] = table[byte] as number;
    }
  }
  return values;
}
