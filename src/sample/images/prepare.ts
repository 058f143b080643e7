import { join } from 'node:path';
import { OnparError } from '../../core/errors.ts';
import { tensorFrom } from '../../tensor/build.ts';
import { elementCount, type Tensor } from '../../tensor/tensor.ts';
import type { Decoder, Pixels } from './decoder.ts';
import type { FoundPictures } from './find.ts';
import { framed, resizingOf, valuesOf } from './pixels.ts';
import type { Preparation } from './preparation.ts';

/** Decodes pictures one after the other into one tensor [pictures, …]. OnparError `image-unreadable` or `images-size` names the file. */
export async function preparePictures(
  { folder, names }: FoundPictures,
  preparation: Preparation,
  decoder: Decoder,
): Promise<Tensor> {
  const { dtype, layout, channels, filter } = preparation;
  const resizing = resizingOf(preparation);
  let first: { name: string; image: Pixels } | undefined;
  let shape: number[] = [];
  let data = new Uint8Array(0);
  for (const [i, name] of names.entries()) {
    const image = framed(await decoder.decode(join(folder, name), resizing, filter), preparation, name);
    first ??= { name, image };
    if (image.width !== first.image.width || image.height !== first.image.height) throw mixed(first, { name, image });
    const depth = channels === 'gray' ? 1 : 3;
    shape = layout === 'CHW' ? [depth, image.height, image.width] : [image.height, image.width, depth];
    const one = tensorFrom(dtype, shape, valuesOf(image, preparation)).data;
    if (i === 0) data = new Uint8Array(one.byteLength * names.length);
    data.set(one, i * one.byteLength);
  }
  if (elementCount(shape) === 0) throw new RangeError('a picture without pixels');
  return { dtype, shape: [names.length, ...shape], data };
}

interface Named {
  readonly name: string;
  readonly image: Pixels;
}

const mixed = (a: Named, b: Named): OnparError =>
  new OnparError({
    code: 'images-size',
    message: `images: ${a.name} is ${a.image.height}×${a.image.width} (height × width), ${b.name} is ${b.image.height}×${b.image.width}: without resizing all must be alike`,
    fix: 'write `size: [224, 224]` beside `images:`, and `resize: shorter-side`, `stretch` or `pad`',
  });
