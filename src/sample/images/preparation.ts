import { OnparError } from '../../core/errors.ts';
import { allowedValues } from '../../core/nearest.ts';
import type { ImageChoice } from '../../records/images.ts';
import type { InputPlan, SamplePlan } from '../../records/rules.ts';
import { type Dtype, isFloat } from '../../tensor/dtype.ts';
import { type Axes, findAxes } from '../axes.ts';

/** Everything that decides what becomes of a picture: the user's words, completed from the input. All of it stands in keys. */
export interface Preparation {
  readonly input: string;
  readonly dtype: Exclude<Dtype, 'string' | 'bool'>;
  /** Null: as large as the first picture, and all alike. */
  readonly size: readonly [height: number, width: number] | null;
  readonly resize: ImageChoice['resize'];
  readonly shorterSide: number | null;
  readonly crop: boolean;
  readonly filter: ImageChoice['filter'];
  readonly channels: NonNullable<ImageChoice['channels']>;
  /** `CHW` or `HWC`: what one row of the batch, or the whole input, is. */
  readonly layout: 'CHW' | 'HWC';
  readonly scale: readonly [number, number];
  /** One for every channel; empty: not normalised. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** OnparError `images-input`, `images-size` or `images-values` names the input, what is known of it, and what to write. */
export function preparationOf(choice: ImageChoice, plan: Pick<SamplePlan, 'inputs' | 'dims'>): Preparation {
  const input = inputOf(choice, plan.inputs);
  const { dtype } = input;
  if (dtype === 'string' || dtype === 'bool')
    throw wrong('images-input', `input ${input.name} takes ${dtype}, which no pixel is`, 'name another in `input:`');
  const rows = input.shape.slice(-3);
  const layout = layoutOf(choice, input);
  const [height, width, depth] = layout === 'CHW' ? [rows[1], rows[2], rows[0]] : [rows[0], rows[1], rows[2]];
  const channels = channelsOf(choice, input, depth);
  const count = channels === 'gray' ? 1 : 3;
  const offset = input.shape.length - 3;
  const [h, w] = layout === 'CHW' ? [offset + 1, offset + 2] : [offset, offset + 1];
  const axes = findAxes(plan);
  const size = sizeOf(choice, input, [height, width], [asked(axes, plan, input, h), asked(axes, plan, input, w)]);
  const mean = perChannel('mean', choice.mean, count, input);
  const std = perChannel('std', choice.std, count, input);
  if ((mean.length > 0 || std.length > 0) && !isFloat(dtype))
    throw wrong(
      'images-values',
      `input ${input.name} takes ${dtype}: \`mean\` and \`std\` give fractions`,
      'remove them',
    );
  return {
    input: input.name,
    dtype,
    size,
    resize: choice.resize,
    shorterSide: choice.shorterSide,
    crop: choice.crop === 'center' || choice.resize === 'shorter-side',
    filter: choice.filter,
    channels,
    layout,
    scale: choice.scale ?? scaleOf(input, mean.length > 0 || std.length > 0),
    mean,
    std,
  };
}

const wrong = (code: string, message: string, fix: string): OnparError =>
  new OnparError({ code, message: `images: ${message}`, fix });

const shapeText = ({ shape }: InputPlan): string => `[${shape.map((d) => d ?? '?').join(', ')}]`;

function inputOf({ input }: ImageChoice, inputs: readonly InputPlan[]): InputPlan {
  const names = inputs.map(({ name }) => name);
  if (input !== null) {
    const found = inputs.find(({ name }) => name === input);
    if (found !== undefined) return found;
    throw wrong('images-input', `the model has no input \`${input}\``, allowedValues(input, names));
  }
  const likely = inputs.filter(isImageLike);
  const [only] = likely;
  if (only !== undefined && likely.length === 1) return only;
  throw wrong(
    'images-input',
    `${likely.length === 0 ? 'no input looks' : `${likely.map(({ name }) => name).join(' and ')} look`} like a picture (${inputs.map((i) => `${i.name} ${i.dtype}${shapeText(i)}`).join(', ')})`,
    'say which in a suite: samples: [{ images: photos/, input: image, layout: NCHW }]',
  );
}

/** Three axes for one picture, four with a batch, of which one counts channels: one, or three. */
const isImageLike = (input: InputPlan): boolean =>
  input.dtype !== 'string' &&
  input.dtype !== 'bool' &&
  (input.role === 'image' || input.role === undefined || input.role === 'data') &&
  input.shape.length >= 3 &&
  input.shape.length <= 4 &&
  (input.shape.length === 4 || input.role === 'image') &&
  (isDepth(input.shape.at(-3)) || isDepth(input.shape.at(-1)) || input.role === 'image');

const isDepth = (dim: unknown): boolean => dim === 1 || dim === 3;

function layoutOf({ layout }: ImageChoice, input: InputPlan): 'CHW' | 'HWC' {
  if (input.shape.length < 3 || input.shape.length > 4)
    throw wrong(
      'images-input',
      `input ${input.name} ${shapeText(input)} has ${input.shape.length} dimensions; a picture has three, or four with the batch`,
      'feed it from npy, npz or safetensors files',
    );
  if (layout !== null) return layout === 'NCHW' ? 'CHW' : 'HWC';
  // Colours first: one row of pixels is likelier than a gray picture of three columns.
  for (const depth of [3, 1]) {
    if (input.shape.at(-3) === depth) return 'CHW';
    if (input.shape.at(-1) === depth) return 'HWC';
  }
  throw wrong(
    'images-input',
    `the shape of input ${input.name} ${shapeText(input)} does not tell where its channels are`,
    'say so in a suite: samples: [{ images: photos/, layout: NCHW }], or NHWC',
  );
}

function channelsOf({ channels }: ImageChoice, input: InputPlan, depth: unknown): Preparation['channels'] {
  const wanted = channels ?? (depth === 1 ? 'gray' : 'RGB');
  const count = wanted === 'gray' ? 1 : 3;
  if (typeof depth !== 'number' || depth === count) return wanted;
  throw wrong(
    'images-input',
    `input ${input.name} ${shapeText(input)} takes ${depth} channels, ${wanted} has ${count}`,
    depth === 1 || depth === 3
      ? `write channels: ${depth === 1 ? 'gray' : 'RGB or BGR'}, or mend \`layout:\``
      : 'mend `layout:`, or feed it from npy, npz or safetensors files',
  );
}

/** The size that the user's `dims` give a dynamic dimension. */
function asked(axes: Axes, { dims }: Pick<SamplePlan, 'dims'>, input: InputPlan, axis: number): number | null {
  const key = axes.keysOf(input)[axis];
  const found = axes.all.find((each) => each.key === key);
  return found !== undefined && Object.hasOwn(dims, found.label) ? found.base : null;
}

function sizeOf(
  { size, resize, path }: ImageChoice,
  input: InputPlan,
  [height, width]: readonly unknown[],
  [h, w]: readonly (number | null)[],
): Preparation['size'] {
  const fixed = [height, width].map((dim) => (typeof dim === 'number' ? dim : null));
  const odd = size?.some((wanted, i) => fixed[i] !== null && fixed[i] !== wanted) ?? false;
  if (size !== null && odd) {
    throw wrong(
      'images-size',
      `\`size\` is [${size.join(', ')}], but input ${input.name} ${shapeText(input)} takes ${fixed.map((d) => d ?? '?').join(' × ')}`,
      'leave `size` out: it follows from the input',
    );
  }
  const known = [size?.[0] ?? fixed[0] ?? h ?? null, size?.[1] ?? fixed[1] ?? w ?? null];
  if (known[0] != null && known[1] != null) return [known[0], known[1]];
  if (resize === 'none') return null;
  throw wrong(
    'images-size',
    `input ${input.name} ${shapeText(input)} takes any height and width, so nothing says how large the pictures of ${path} shall be`,
    'write `size: [224, 224]` beside `images:` in a suite, or give sizes for both dimensions with --dim',
  );
}

function perChannel(
  key: 'mean' | 'std',
  given: readonly number[] | null,
  count: number,
  { name }: InputPlan,
): readonly number[] {
  if (given === null) return [];
  if (given.length === 1) return Array.from({ length: count }, () => given[0] as number);
  if (given.length === count) return given;
  throw wrong(
    'images-values',
    `\`${key}\` has ${given.length} numbers, the pictures of input ${name} have ${count} channel${count === 1 ? '' : 's'}`,
    'give one number, or one for each channel in the order that the model gets',
  );
}

/** What 0 and 255 become where the suite does not say: the input's own range, pixels as they are, or 0 to 1. */
function scaleOf({ dtype, range, because }: InputPlan, isNormalised: boolean): readonly [number, number] {
  if (isNormalised) return [0, 1];
  if (because === undefined && range !== undefined) return range;
  if (dtype === 'int8') return [-128, 127];
  return isFloat(dtype) ? [0, 1] : [0, 255];
}

/** The preparation as one sentence for the report. */
export function preparationText(p: Preparation): string {
  const size = p.size === null ? 'their own size' : `${p.size[0]}×${p.size[1]}`;
  const how: Readonly<Record<Preparation['resize'], string>> = {
    'shorter-side': `shorter side resized to ${p.shorterSide ?? 'cover'}${p.shorterSide === null ? ` ${size}` : ''} (${p.filter}), middle ${size} cut out`,
    stretch: `stretched to ${size} (${p.filter})`,
    pad: `resized to fit into ${size} (${p.filter}), padded with black`,
    none: p.crop && p.size !== null ? `middle ${size} cut out` : `not resized (${size})`,
  };
  return [
    'EXIF orientation applied, converted to eight-bit sRGB, transparency over black',
    how[p.resize],
    p.channels === 'gray' ? 'gray by ITU-R BT.601' : p.channels,
    p.layout,
    `0…255 scaled to [${p.scale.join(', ')}]`,
    ...(p.mean.length === 0 ? [] : [`minus mean ${p.mean.join(', ')}`]),
    ...(p.std.length === 0 ? [] : [`divided by std ${p.std.join(', ')}`]),
    p.dtype,
  ].join('; ');
}
