import { OnparError } from '../../core/errors.ts';
import { tensorFrom } from '../../tensor/build.ts';
import { elementCount, type NamedTensors } from '../../tensor/tensor.ts';
import { finished, type Recipe, readRecipe, resizedSize } from '../preprocess/recipe.ts';
import type { NodeRuntime, NodeSession, Packages } from '../runtime.ts';

type Sharp = (pixels: Uint8Array, options: object) => SharpImage;
interface SharpImage {
  resize(options: object): SharpImage;
  raw(): SharpImage;
  toBuffer(): Promise<Uint8Array>;
}

/** sharp's names (https://sharp.pixelplumbing.com/api-resize/); it has no box filter. */
const KERNELS: Readonly<Partial<Record<Recipe['filter'], string>>> = {
  nearest: 'nearest',
  linear: 'linear',
  cubic: 'cubic',
  lanczos: 'lanczos3',
};

/** Prepares images with sharp (libvips), as servers in Node do. */
export async function sharpImages(packages: Packages): Promise<NodeRuntime> {
  const sharp = packages.require('sharp') as Sharp;
  return {
    name: 'sharp',
    version: packages.version('sharp'),
    async open(path): Promise<NodeSession> {
      const recipe = readRecipe(path);
      const kernel = KERNELS[recipe.filter];
      const lacking = kernel === undefined ? `the filter ${recipe.filter}` : 'antialias: false';
      if (kernel === undefined || recipe.antialias === false) {
        throw new OnparError({
          code: 'model-load-failed',
          message: `${path} asks for ${lacking}, which sharp does not have`,
          fix: kernel === undefined ? `use one of ${Object.keys(KERNELS).join(', ')}` : 'leave antialias out',
        });
      }
      const [rows, columns] = recipe.size;
      const shape = recipe.layout === 'NCHW' ? [3, rows, columns] : [rows, columns, 3];
      return {
        contract: {
          inputs: [{ name: 'pixels', dtype: 'uint8', shape: ['batch', 'height', 'width', 3] }],
          outputs: [{ name: 'image', dtype: 'float32', shape: ['batch', ...shape] }],
          names: 'declared',
        },
        facts: {
          filter: recipe.filter,
          inputRoles: { pixels: { role: 'image', because: 'a recipe prepares images' } },
        },
        run: (inputs) => run(sharp, recipe, kernel, shape, inputs),
        close: async () => {},
      };
    },
  };
}

async function run(
  sharp: Sharp,
  recipe: Recipe,
  kernel: string,
  shape: readonly number[],
  inputs: NamedTensors,
): Promise<NamedTensors> {
  const pixels = inputs.get('pixels');
  const [batch, height, width, channels] = pixels?.shape ?? [];
  if (pixels?.dtype !== 'uint8' || !batch || !height || !width || channels !== 3) {
    throw new OnparError({
      code: 'input-mismatch',
      message: 'a recipe takes `pixels`, uint8 [batch, height, width, 3]',
    });
  }
  const [tall, wide] = resizedSize(recipe, height, width);
  const size = height * width * channels;
  const out = new Float32Array(batch * elementCount(shape));
  for (let i = 0; i < batch; i++) {
    const picture = pixels.data.subarray(i * size, (i + 1) * size);
    const resized =
      tall === height && wide === width
        ? picture
        : await sharp(picture, { raw: { width, height, channels } })
            .resize({ width: wide, height: tall, fit: 'fill', kernel })
            .raw()
            .toBuffer();
    out.set(finished(recipe, resized, tall, wide), i * elementCount(shape));
  }
  return new Map([['image', tensorFrom('float32', [batch, ...shape], out)]]);
}
