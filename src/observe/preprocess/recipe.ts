import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { OnparError } from '../../core/errors.ts';

const pair = z.tuple([z.number(), z.number()]);
const triple = z.tuple([z.number(), z.number(), z.number()]);

/** `{"preprocess": {…}}`: how pixels become what a model takes. converters/image/onpar_image/recipe.py reads the same. */
const recipeFile = z.strictObject({
  preprocess: z.strictObject({
    /** Height and width of the result. */
    size: z.tuple([z.number().int().positive(), z.number().int().positive()]),
    resize: z.enum(['stretch', 'shorter-side', 'none']).default('stretch'),
    filter: z.enum(['nearest', 'linear', 'cubic', 'lanczos', 'area']).default('linear'),
    /** null: as the library does by itself. */
    antialias: z.boolean().nullable().default(null),
    scale: pair.default([0, 1]),
    mean: triple.default([0, 0, 0]),
    std: triple.default([1, 1, 1]),
    layout: z.enum(['NCHW', 'NHWC']).default('NCHW'),
    channels: z.enum(['RGB', 'BGR']).default('RGB'),
  }),
});
export type Recipe = z.infer<typeof recipeFile>['preprocess'];

/** OnparError `model-load-failed` names the key, its value and what is allowed. */
export function readRecipe(path: string): Recipe {
  let told: unknown;
  try {
    told = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new OnparError({
      code: missing ? 'model-file-missing' : 'model-load-failed',
      message: `${path} ${missing ? 'does not exist' : `is no recipe: ${(cause as Error).message}`}`,
      fix: 'write {"preprocess": {"size": [224, 224]}}',
      cause,
    });
  }
  const parsed = recipeFile.safeParse(told);
  if (parsed.success) return parsed.data.preprocess;
  const [issue] = parsed.error.issues;
  throw new OnparError({
    code: 'model-load-failed',
    message: `${path} is no recipe: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
    fix: 'its keys: size [height, width], resize, filter, antialias, scale, mean, std, layout, channels',
  });
}

/** Height and width before cropping. `shorter-side` covers the size, the longer side rounded half up. */
export function resizedSize({ resize, size }: Recipe, height: number, width: number): readonly [number, number] {
  if (resize === 'none') return [height, width];
  if (resize === 'stretch') return size;
  const factor = Math.max(size[0] / height, size[1] / width);
  return [Math.floor(height * factor + 0.5), Math.floor(width * factor + 0.5)];
}

/** Pixels [height, width, 3] RGB from 0 to 255, one picture: cropped to the middle, scaled, laid out. float32 after each operation. */
export function finished(recipe: Recipe, pixels: Uint8Array, height: number, width: number): Float32Array {
  const { size, scale, mean, std, layout, channels } = recipe;
  const [rows, columns] = size;
  if (height < rows || width < columns) {
    throw new OnparError({
      code: 'input-mismatch',
      message: `a picture of ${height}x${width} holds none of ${rows}x${columns}`,
      fix: 'use resize: shorter-side, or larger pictures',
    });
  }
  const top = Math.floor((height - rows) / 2);
  const left = Math.floor((width - columns) / 2);
  const f = Math.fround;
  const [low, high] = [f(scale[0]), f(scale[1])];
  const span = f(high - low);
  const out = new Float32Array(rows * columns * 3);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      for (let c = 0; c < 3; c++) {
        const from = ((y + top) * width + x + left) * 3 + (channels === 'RGB' ? c : 2 - c);
        const unit = f(f(f((pixels[from] as number) / 255) * span) + low);
        const value = f(f(unit - f(mean[c] as number)) / f(std[c] as number));
        out[layout === 'NCHW' ? (c * rows + y) * columns + x : (y * columns + x) * 3 + c] = value;
      }
  return out;
}
