import * as z from 'zod';
import { BOX_FORMATS } from '../records/rules.ts';

/** What a user may write as a tolerance: part of the suite's schema, in a file of its own because `--tolerance` needs no more. */
const toleranceText = z
  .string()
  .describe(
    '`auto`, a preset (`float32`, `float16`, `bfloat16`, `int8`), `rtol=1e-3,atol=1e-5`, an expression such as `cosine > 0.9999 and maxAbs < 1e-3`, or a task gate such as `argmax=99%`',
  );

const share = z.union([z.number().min(0).max(1), z.string().regex(/^\s*\d+(\.\d+)?\s*%\s*$/)]);
const axis = z.number().int().optional().describe('Axis of the classes (default −1, the last)');

export const toleranceValue = z.union([
  toleranceText,
  z.strictObject({ atol: z.number().nonnegative().optional(), rtol: z.number().nonnegative().optional() }),
  z.strictObject({
    relative: z
      .union([z.number().nonnegative(), z.string()])
      .describe('Largest error as a share of rms(reference): 0.001 or "0.1%"'),
  }),
  z.strictObject({
    argmax: share.describe('Least share of rows whose best class agrees: 0.99 or "99%"; ties within rounding agree'),
    axis,
  }),
  z.strictObject({
    topK: z.number().int().positive().describe('How many of the best of a row are looked at'),
    overlap: share.describe('Least mean share of them that both sides have: 0.98 or "98%"'),
    axis,
  }),
  z.strictObject({
    accuracy: share.describe('Least share of the reference’s accuracy that the candidate keeps: "99%" or "99.9%"'),
    labels: z.string().describe('Tensor or column of the data files with the right classes: indices or one-hot rows'),
    axis,
    threshold: z.number().optional().describe('For an output of one score: above it is class 1'),
  }),
  z.strictObject({
    iou: z.number().min(0).max(1).describe('Boxes [.., 4] are the same from this intersection over union on'),
    matched: share.optional().describe('Least share of the boxes of both sides that have a partner (default all)'),
    format: z.enum(BOX_FORMATS).optional().describe('What the four numbers are (default xyxy)'),
    scores: z.string().optional().describe('The output with the boxes’ scores; it is judged with them'),
    classes: z.string().optional().describe('The output with the boxes’ classes; it is judged with them'),
    scoreWithin: z
      .number()
      .nonnegative()
      .optional()
      .describe('Partners’ scores differ by at most this (default 1 − iou)'),
    minScore: z.number().optional().describe('Boxes scored lower need no partner'),
  }),
]);
export type ToleranceValue = z.infer<typeof toleranceValue>;

/** Keys that begin a rule, each with a number or a percentage. The same words may be names of outputs. */
const TOLERANCE_KEYS = ['atol', 'rtol', 'relative', 'argmax', 'topK', 'accuracy', 'iou'];

const beginsRule = (t: object): boolean =>
  Object.entries(t).some(
    ([key, value]) =>
      TOLERANCE_KEYS.includes(key) &&
      (typeof value === 'number' || (typeof value === 'string' && /^\s*[\d.]+\s*%?\s*$/.test(value))),
  );

/** One rule for every output, or one by output name (`*` for all others). */
export const toleranceSetting = z
  .union([toleranceValue, z.record(z.string(), toleranceValue)])
  .refine((t) => typeof t === 'string' || !beginsRule(t) || isToleranceValue(t), {
    message: 'mix of output names and the keys of a rule',
  });

/** Whether a setting is one rule rather than rules by output name. */
export const isToleranceValue = (setting: unknown): setting is ToleranceValue =>
  typeof setting === 'string' ||
  (typeof setting === 'object' &&
    setting !== null &&
    Object.keys(setting).length > 0 &&
    toleranceValue.safeParse(setting).success);
export type ToleranceSetting = z.infer<typeof toleranceSetting>;
