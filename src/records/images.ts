import * as z from 'zod';

export const IMAGE_RESIZES = ['shorter-side', 'stretch', 'pad', 'none'] as const;
export const IMAGE_FILTERS = ['linear', 'cubic', 'lanczos', 'nearest'] as const;
export const IMAGE_CHANNELS = ['RGB', 'BGR', 'gray'] as const;
export const IMAGE_LAYOUTS = ['NCHW', 'NHWC'] as const;

/** How many pictures of a folder are taken unless the suite says otherwise: enough to tell classes apart, decoded in seconds. */
export const DEFAULT_IMAGE_LIMIT = 64;

/** Pictures as samples, as the user wants them; null: found from the input. */
export interface ImageChoice {
  /** Absolute: a folder, looked through with all its subfolders, or one picture. */
  readonly path: string;
  readonly input: string | null;
  /** Height and width that the model gets. */
  readonly size: readonly [number, number] | null;
  readonly resize: (typeof IMAGE_RESIZES)[number];
  /** Pixels of the shorter side before the middle is cut out; null: as few as cover the size. */
  readonly shorterSide: number | null;
  readonly crop: 'center' | null;
  readonly filter: (typeof IMAGE_FILTERS)[number];
  readonly channels: (typeof IMAGE_CHANNELS)[number] | null;
  readonly layout: (typeof IMAGE_LAYOUTS)[number] | null;
  /** What the pixel values 0 and 255 become. */
  readonly scale: readonly [number, number] | null;
  /** After `scale`, by channel in the order that the model gets: (value − mean) / std. */
  readonly mean: readonly number[] | null;
  readonly std: readonly number[] | null;
  readonly limit: number;
}

/** Decoded pictures for one input, stored as one tensor; what the sample stage needs to know of them. */
export const imageSet = z.object({
  /** The folder's or picture's own name, for sample ids. */
  label: z.string(),
  input: z.string(),
  /** Absolute path of the safetensors file that holds `input` as [pictures, …one sample row]. */
  path: z.string(),
  digest: z.string(),
  /** Shape of one picture as the model gets it, without the batch. */
  shape: z.array(z.number().int()),
  /** The pictures in order, relative to the folder. */
  names: z.array(z.string()),
});
export type ImageSet = z.infer<typeof imageSet>;
