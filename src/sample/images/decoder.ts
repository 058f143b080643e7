import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { OnparError } from '../../core/errors.ts';
import { importModule } from '../../core/import-module.ts';
import { packageRoot } from '../../core/paths.ts';
import type { ImageChoice } from '../../records/images.ts';

/** A picture as eight-bit sRGB, three bytes a pixel, row by row from the top. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Given the upright size of a picture, the size to resize it to. Throws where the picture cannot serve. */
export type Resizing = (width: number, height: number) => { readonly width: number; readonly height: number };

export interface Decoder {
  /** Names everything that decides pixel values, for keys and for the report. */
  readonly version: string;
  /** OnparError `image-unreadable` names the file. */
  decode(path: string, resizing: Resizing, filter: ImageChoice['filter']): Promise<Pixels>;
}

/** What is used of sharp (https://sharp.pixelplumbing.com), an optional peer dependency. */
interface Sharp {
  (path: string, options: object): SharpImage;
  readonly versions: { readonly sharp?: string; readonly vips: string };
}
interface SharpImage {
  metadata(): Promise<{ width: number; height: number; orientation?: number }>;
  autoOrient(): SharpImage;
  toColourspace(space: string): SharpImage;
  flatten(options: { background: string }): SharpImage;
  resize(options: object): SharpImage;
  raw(options: { depth: string }): SharpImage;
  toBuffer(options: { resolveWithObject: true }): Promise<{
    data: Uint8Array;
    info: { width: number; height: number; channels: number };
  }>;
}

const KERNELS: Readonly<Record<ImageChoice['filter'], string>> = {
  linear: 'linear',
  cubic: 'cubic',
  lanczos: 'lanczos3',
  nearest: 'nearest',
};

/**
 * Refuses cut-off and damaged files, which a viewer would show half grey; what decoders merely warn about (odd metadata)
 * is let through. A first frame or page is all that is read.
 */
const READING = { failOn: 'error', pages: 1 };

/** The user's own sharp, else the one beside onpar. OnparError `image-decoder-missing` has the command that installs it. */
export async function loadDecoder(
  root: string,
  places: readonly string[] = [root, process.cwd(), packageRoot],
): Promise<Decoder> {
  const sharp = await loadSharp(root, places);
  return {
    version: `sharp ${sharp.versions.sharp ?? ''} with libvips ${sharp.versions.vips}`,
    async decode(path, resizing, filter) {
      const upright = await reading(path, async () => {
        const { width, height, orientation = 1 } = await sharp(path, READING).metadata();
        // EXIF orientations from 5 on lie on their side (EXIF 2.32, tag 0x0112).
        return orientation >= 5 ? [height, width] : [width, height];
      });
      const [width, height] = upright as [number, number];
      const wanted = resizing(width, height);
      return reading(path, async () => {
        const image = sharp(path, READING).autoOrient().toColourspace('srgb').flatten({ background: '#000000' });
        const isSame = wanted.width === width && wanted.height === height;
        // Shrinking while a JPEG is decoded is quicker and less exact.
        const resized = isSame
          ? image
          : image.resize({ ...wanted, fit: 'fill', kernel: KERNELS[filter], fastShrinkOnLoad: false });
        const { data, info } = await resized.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
        return { width: info.width, height: info.height, rgb: threeChannels(data, info.channels) };
      });
    },
  };
}

async function loadSharp(root: string, places: readonly string[]): Promise<Sharp> {
  for (const from of places) {
    let found: string;
    try {
      found = createRequire(join(from, 'package.json')).resolve('sharp');
    } catch {
      continue;
    }
    try {
      return ((await importModule(pathToFileURL(found).href)) as { default: Sharp }).default;
    } catch (cause) {
      throw missing(`sharp is installed, but does not load: ${firstLine(cause)}`, root, cause);
    }
  }
  throw missing('reading pictures needs the package sharp, which is not installed', root);
}

const missing = (message: string, root: string, cause?: unknown): OnparError =>
  new OnparError({
    code: 'image-decoder-missing',
    message,
    fix: `run \`npm install --save-dev sharp\` in ${root}`,
    exitCode: 3,
    cause,
  });

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw new OnparError({
      code: 'image-unreadable',
      message: `${basename(path)} is not a readable picture: ${firstLine(cause)}`,
      fix: `replace or remove ${path}`,
      cause,
    });
  }
}

const firstLine = (error: unknown): string => ((error as Error).message ?? String(error)).trim().split('\n')[0] ?? '';

function threeChannels(data: Uint8Array, channels: number): Uint8Array {
  if (channels === 3) return data;
  if (channels !== 1) throw new Error(`it came back with ${channels} channels`);
  const rgb = new Uint8Array(data.length * 3);
  data.forEach((value, i) => void rgb.fill(value, i * 3, i * 3 + 3));
  return rgb;
}
