import { OnparError } from '../core/errors.ts';
import { DEFAULT_IMAGE_LIMIT, type ImageChoice } from '../records/images.ts';
import type { ImageSetting } from './schema.ts';

/** Pictures as the suite names them, with defaults filled in. OnparError `bad-samples` for words that contradict each other. */
export function imageChoice(setting: ImageSetting, resolve: (path: string) => string): ImageChoice {
  const { resize = 'shorter-side', size, crop } = setting;
  const mode = typeof resize === 'string' ? resize : 'shorter-side';
  const shorterSide = typeof resize === 'string' ? null : resize['shorter-side'];
  if (shorterSide !== null && size !== undefined && shorterSide < Math.max(...size)) {
    throw bad(
      setting,
      `the shorter side of ${shorterSide} does not cover size [${size.join(', ')}]`,
      'make it as large as the size, or leave it out: `resize: shorter-side`',
    );
  }
  if (crop !== undefined && (mode === 'stretch' || mode === 'pad'))
    throw bad(setting, `\`resize: ${mode}\` leaves nothing for \`crop\` to cut off`, 'remove one of them');
  return {
    path: resolve(setting.images),
    input: setting.input ?? null,
    size: size ?? null,
    resize: mode,
    shorterSide,
    crop: crop ?? null,
    filter: setting.filter ?? 'linear',
    channels: setting.channels ?? null,
    layout: setting.layout ?? null,
    scale: setting.scale ?? null,
    mean: list(setting.mean),
    std: list(setting.std),
    limit: setting.limit ?? DEFAULT_IMAGE_LIMIT,
  };
}

const list = (given: number | number[] | undefined): number[] | null =>
  given === undefined ? null : typeof given === 'number' ? [given] : given;

const bad = ({ images }: ImageSetting, message: string, fix: string): OnparError =>
  new OnparError({ code: 'bad-samples', message: `samples, images ${images}: ${message}`, fix });
