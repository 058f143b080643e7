import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type Sharp, type SharpOptions } from 'sharp';
import { expect, test } from 'vitest';
import type { ImageChoice } from '../../src/records/images.ts';
import { type InputPlan, samplePlan } from '../../src/records/rules.ts';
import { generateSamples } from '../../src/sample/generate.ts';
import { loadDecoder } from '../../src/sample/images/decoder.ts';
import { findPictures } from '../../src/sample/images/find.ts';
import { preparationOf, preparationText } from '../../src/sample/images/preparation.ts';
import { preparePictures } from '../../src/sample/images/prepare.ts';
import { imageChoice } from '../../src/suite/image-choice.ts';
import type { ImageSetting } from '../../src/suite/schema.ts';
import { readSafetensors, writeSafetensors } from '../../src/tensor/safetensors.ts';
import { toFloat64 } from '../../src/tensor/values.ts';
import { scratch } from '../tensor/helpers.ts';

const nchw = (height: number, width = height, depth = 3): InputPlan => ({
  name: 'image',
  dtype: 'float32',
  shape: ['batch', depth, height, width],
});

type Color = readonly [number, number, number];
const RED: Color = [255, 0, 0];
const GREEN: Color = [0, 255, 0];
const BLUE: Color = [0, 0, 255];

/** A picture of these rows of colours. */
const picture = (rows: readonly (readonly Color[])[]) =>
  sharp(Buffer.from(rows.flat(2)), { raw: { width: rows[0]?.length ?? 0, height: rows.length, channels: 3 } });

const choiceOf = (setting: ImageSetting): ImageChoice => imageChoice(setting, (path) => path);

async function prepared(setting: ImageSetting, ...inputs: readonly InputPlan[]) {
  const choice = choiceOf(setting);
  const preparation = preparationOf(choice, { inputs: [...inputs], dims: {} });
  const found = findPictures(choice.path, choice.limit);
  const tensor = await preparePictures(found, preparation, await loadDecoder(scratch()));
  return { tensor, values: [...toFloat64(tensor)], text: preparationText(preparation) };
}

async function folderWith(pictures: Readonly<Record<string, Sharp>>): Promise<string> {
  const dir = scratch();
  for (const [name, image] of Object.entries(pictures)) await image.toFile(join(dir, name));
  return dir;
}

const failure = (run: Promise<unknown>): Promise<{ code: string; message: string; fix: string }> =>
  run.then(
    () => expect.unreachable('it succeeded'),
    (error) => error,
  );

test('channels, layout and scale are those of the input', async () => {
  const dir = await folderWith({ 'a.png': picture([[RED, GREEN]]) });
  const planes = await prepared({ images: dir }, nchw(1, 2));
  expect(planes.tensor.shape).toEqual([1, 3, 1, 2]);
  expect(planes.values).toEqual([1, 0, 0, 1, 0, 0]);
  expect(planes.text).toContain('RGB; CHW; 0…255 scaled to [0, 1]');
  const bytes = await prepared({ images: dir }, { name: 'x', dtype: 'uint8', shape: [1, 1, 2, 3] });
  expect([bytes.tensor.dtype, bytes.values]).toEqual(['uint8', [255, 0, 0, 0, 255, 0]]);
  const own = await prepared({ images: dir }, { ...nchw(1, 2), range: [-1, 1] });
  expect(own.values).toEqual([1, -1, -1, 1, -1, -1]);
});

test('BGR, gray, mean and std are applied by channel, in the order that the model gets', async () => {
  const dir = await folderWith({ 'a.png': picture([[RED, GREEN]]) });
  const bgr = await prepared({ images: dir, channels: 'BGR', mean: [0, 0, 0.5], std: [1, 1, 0.5] }, nchw(1, 2));
  expect(bgr.values).toEqual([0, 0, 0, 1, 1, -1]);
  const gray = await prepared({ images: dir, scale: [0, 255] }, nchw(1, 2, 1));
  // Pillow: Image.new('RGB', (1, 1), (255, 0, 0)).convert('L') is 76, of green 150.
  expect(gray.values).toEqual([76, 150]);
  const wrong = await failure(prepared({ images: dir, mean: [0, 1] }, nchw(1, 2)));
  expect(wrong).toMatchObject({ code: 'images-values' });
  expect(wrong.message).toContain('`mean` has 2 numbers');
});

test('the middle is cut out of the resized picture, or it is stretched, or padded', async () => {
  const wide = await folderWith({ 'a.png': picture([[RED, GREEN, GREEN, BLUE]].flatMap((row) => [row, row])) });
  const input = nchw(2);
  const middle = await prepared({ images: wide }, input);
  expect(middle.values).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]);
  expect(middle.text).toContain('middle 2×2 cut out');
  const stretched = await prepared({ images: wide, resize: 'stretch', filter: 'nearest' }, input);
  expect(stretched.tensor.shape).toEqual([1, 3, 2, 2]);
  expect(stretched.values).not.toEqual(middle.values);
  const padded = await prepared({ images: wide, resize: 'pad' }, nchw(4));
  const rows = Array.from({ length: 4 }, (_, y) => padded.values.slice(y * 4, y * 4 + 4));
  expect(rows).toEqual([
    [0, 0, 0, 0],
    [1, 0, 0, 0],
    [1, 0, 0, 0],
    [0, 0, 0, 0],
  ]);
  const larger = await prepared({ images: wide, resize: { 'shorter-side': 8 } }, input);
  expect(larger.values.slice(4, 8).every((green) => green > 0.9)).toBe(true);
});

test('EXIF orientation is applied before anything else', async () => {
  // Orientation 6: the first column of the file is the top row, from right to left.
  const lying = picture([
    [RED, GREEN],
    [BLUE, GREEN],
    [BLUE, GREEN],
  ])
    .withMetadata({ orientation: 6 })
    .png();
  const { tensor, values } = await prepared({ images: await folderWith({ 'a.png': lying }) }, nchw(2, 3));
  expect(tensor.shape).toEqual([1, 3, 2, 3]);
  expect(values.slice(0, 6)).toEqual([0, 0, 1, 0, 0, 0]);
  expect(values.slice(12, 18)).toEqual([1, 1, 0, 0, 0, 0]);
});

test('16-bit, gray, transparent and animated files come out as eight-bit sRGB', async () => {
  const dir = scratch();
  const deep = sharp(new Uint16Array([0x8000, 0xffff]), {
    raw: { width: 2, height: 1, channels: 1 },
  } as SharpOptions)
    .toColourspace('grey16')
    .png();
  await deep.toFile(join(dir, 'deep.png'));
  expect((await sharp(join(dir, 'deep.png')).metadata()).depth).toBe('ushort');
  const sixteen = await prepared({ images: join(dir, 'deep.png'), scale: [0, 255] }, nchw(1, 2));
  expect(sixteen.values).toEqual([128, 255, 128, 255, 128, 255]);
  await sharp(Buffer.from([255, 0, 0, 128]), { raw: { width: 1, height: 1, channels: 4 } }).toFile(
    join(dir, 'half.png'),
  );
  const half = await prepared({ images: join(dir, 'half.png'), scale: [0, 255] }, nchw(1));
  expect(half.values).toEqual([128, 0, 0]);
  const frames = Buffer.from([...RED, ...BLUE]);
  await sharp(frames, { raw: { width: 1, height: 2, channels: 3, pageHeight: 1 } } as SharpOptions)
    .gif()
    .toFile(join(dir, 'moving.gif'));
  const moving = await prepared({ images: join(dir, 'moving.gif'), scale: [0, 255] }, nchw(1));
  expect(moving.values).toEqual([255, 0, 0]);
});

test('a CMYK JPEG and every listed format are read', async () => {
  const flat = picture(Array.from({ length: 16 }, () => Array.from({ length: 16 }, () => [200, 30, 30] as const)));
  const dir = scratch();
  await flat.clone().toColourspace('cmyk').jpeg({ quality: 95 }).toFile(join(dir, 'cmyk.jpg'));
  expect((await sharp(join(dir, 'cmyk.jpg')).metadata()).space).toBe('cmyk');
  for (const name of ['plain.jpeg', 'a.webp', 'a.tiff', 'a.gif']) await flat.clone().toFile(join(dir, name));
  const { tensor, values } = await prepared({ images: dir, scale: [0, 255] }, nchw(16));
  expect(tensor.shape).toEqual([5, 3, 16, 16]);
  const firstPixels = Array.from({ length: 5 }, (_, i) => [0, 1, 2].map((c) => values[(i * 3 + c) * 256] as number));
  for (const [red, green, blue] of firstPixels as unknown as Color[]) {
    // The round trip through inks keeps the hue, not the shade.
    expect(red).toBeGreaterThan(150);
    expect(Math.max(green, blue)).toBeLessThan(90);
  }
});

test('a damaged picture, a cut-off one and a folder without any are refused by name', async () => {
  const dir = scratch();
  writeFileSync(join(dir, 'broken.png'), 'no picture');
  const broken = await failure(prepared({ images: dir }, nchw(2)));
  expect(broken).toMatchObject({ code: 'image-unreadable' });
  expect(broken.message).toContain('broken.png');
  const noise = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251));
  const whole = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
    .jpeg()
    .toBuffer();
  const cut = join(scratch(), 'cut.jpg');
  writeFileSync(cut, whole.subarray(0, whole.length / 2));
  expect(await failure(prepared({ images: cut }, nchw(64)))).toMatchObject({ code: 'image-unreadable' });
  const empty = scratch();
  writeFileSync(join(empty, 'notes.txt'), '');
  const none = await failure(prepared({ images: empty }, nchw(2)));
  expect(none).toMatchObject({ code: 'images-missing' });
  expect(none.fix).toContain('png, jpg, webp, gif or tiff');
});

test('pictures of several sizes need resizing, and say so', async () => {
  const dir = await folderWith({ 'a.png': picture([[RED, RED]]), 'b.png': picture([[RED], [RED]]) });
  const dynamic: InputPlan = { name: 'image', dtype: 'float32', shape: ['batch', 3, 'height', 'width'] };
  const mixed = await failure(prepared({ images: dir, resize: 'none' }, dynamic));
  expect(mixed.message).toContain('a.png is 1×2 (height × width), b.png is 2×1');
  expect(mixed.fix).toContain('size: [224, 224]');
  const open = await failure(prepared({ images: dir }, dynamic));
  expect(open).toMatchObject({ code: 'images-size' });
  expect((await prepared({ images: dir, size: [4, 4] }, dynamic)).tensor.shape).toEqual([2, 3, 4, 4]);
  const contradicting = await failure(prepared({ images: dir, size: [4, 4] }, nchw(8)));
  expect(contradicting.message).toContain('takes 8 × 8');
});

test('the input is found where one alone looks like a picture', async () => {
  const dir = await folderWith({ 'a.png': picture([[RED]]) });
  const ids: InputPlan = { name: 'ids', dtype: 'int64', shape: ['batch', 'seq'] };
  expect((await prepared({ images: dir }, ids, nchw(1))).tensor.shape).toEqual([1, 3, 1, 1]);
  const two = await failure(prepared({ images: dir }, nchw(1), { ...nchw(1), name: 'other' }));
  expect(two.message).toContain('image and other look like a picture');
  expect((await failure(prepared({ images: dir }, ids))).message).toContain('no input looks like a picture');
  expect((await failure(prepared({ images: dir, input: 'imag' }, nchw(1)))).fix).toContain('image');
});

test('of many pictures an even share is taken, subfolders included', async () => {
  const dir = scratch();
  for (const group of ['cat', 'dog']) {
    mkdirSync(join(dir, group));
    for (let i = 0; i < 4; i++) await picture([[RED]]).toFile(join(dir, group, `${i}.png`));
  }
  const { names, of } = findPictures(dir, 4);
  expect([names, of]).toEqual([['cat/0.png', 'cat/2.png', 'dog/0.png', 'dog/2.png'], 8]);
});

test('pictures fill the batch of the input, and its other inputs are drawn', async () => {
  const colors = Array.from({ length: 10 }, (_, i) => picture([[[i * 20, 0, 0]]]));
  const dir = await folderWith(Object.fromEntries(colors.map((image, i) => [`${i}.png`, image])));
  const file = join(scratch(), 'pictures.safetensors');
  const samples = async (input: InputPlan) => {
    const { tensor } = await prepared({ images: dir, scale: [0, 255] }, input);
    writeSafetensors(file, new Map([['image', tensor]]));
    const set = { label: 'photos', input: 'image', path: file, digest: '', shape: [3, 1, 1] };
    const names = colors.map((_, i) => `${i}.png`);
    const ids: InputPlan = { name: 'ids', dtype: 'int64', shape: ['batch', 4], range: [0, 9] };
    const inputs = input.shape[0] === 'batch' ? [input, ids] : [input];
    const out = scratch();
    const plan = samplePlan.parse({ inputs, portfolio: 0, files: [], images: [{ ...set, names }], dims: {}, seed: 1 });
    const { samples: made } = await generateSamples(plan, out);
    expect(made.every(({ generator }) => generator === 'image')).toBe(true);
    return made.map(({ id, file: name }) => {
      const tensors = readSafetensors(join(out, name));
      const image = tensors.get('image');
      if (image === undefined) throw new Error(id);
      const reds = [...toFloat64(image)].filter((_, i) => i % 3 === 0).map((red) => red / 20);
      return `${id} ${[...tensors.values()].map(({ shape }) => shape.join('x')).join(' ')}: ${reds.join(' ')}`;
    });
  };
  expect(await samples(nchw(1))).toEqual([
    'image:photos#0 8x3x1x1 8x4: 0 1 2 3 4 5 6 7',
    'image:photos#1 2x3x1x1 2x4: 8 9',
    'image:photos[batch=1] 1x3x1x1 1x4: 0',
    'image:photos[batch=2] 2x3x1x1 2x4: 0 1',
    'image:photos[batch=3] 3x3x1x1 3x4: 0 1 2',
  ]);
  expect((await samples({ ...nchw(1), shape: [4, 3, 1, 1] })).map((line) => line.split(': ')[1])).toEqual([
    '0 1 2 3',
    '4 5 6 7',
    '8 9 0 1',
  ]);
  const single = await samples({ ...nchw(1), shape: [3, 1, 1], role: 'image' });
  expect([single.length, single[9]]).toEqual([10, 'image:photos/9.png 3x1x1: 9']);
});

test('words that contradict each other are refused before anything is read', () => {
  expect(() => choiceOf({ images: 'x', size: [224, 224], resize: { 'shorter-side': 200 } })).toThrow(/does not cover/);
  expect(() => choiceOf({ images: 'x', resize: 'stretch', crop: 'center' })).toThrow(/nothing for `crop`/);
});

test('colours of another profile are converted to sRGB', async () => {
  const dir = scratch();
  const color = { r: 200, g: 100, b: 50 };
  const file = join(dir, 'wide.png');
  await sharp({ create: { width: 1, height: 1, channels: 3, background: color } })
    .withIccProfile('p3')
    .toFile(file);
  const stored = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
  expect(stored[0]).toBeLessThan(195);
  const { values } = await prepared({ images: file, scale: [0, 255] }, nchw(1));
  for (const [i, wanted] of Object.values(color).entries())
    expect(Math.abs((values[i] as number) - wanted)).toBeLessThanOrEqual(2);
});

test('without sharp the error has the command that installs it', async () => {
  const nowhere = scratch();
  const error = await failure(loadDecoder(nowhere, [nowhere]));
  expect(error).toMatchObject({ code: 'image-decoder-missing', exitCode: 3 });
  expect(error.fix).toBe(`run \`npm install --save-dev sharp\` in ${nowhere}`);
});

test('decoding twice gives the same bytes', async () => {
  const noise = Buffer.from(Array.from({ length: 50 * 70 * 3 }, (_, i) => (i * 7919) % 251));
  const image = sharp(noise, { raw: { width: 70, height: 50, channels: 3 } }).jpeg();
  const dir = await folderWith({ 'a.jpg': image });
  const [first, second] = [await prepared({ images: dir }, nchw(32)), await prepared({ images: dir }, nchw(32))];
  expect(Buffer.compare(first.tensor.data, second.tensor.data)).toBe(0);
  expect(new Set(first.values).size).toBeGreaterThan(50);
});
