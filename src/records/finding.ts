import * as z from 'zod';

export const severity = z.enum(['error', 'warning', 'info']);

/** A coded fact. The sentence in `message` is made from code and args by core/findings, never by who found it. */
export const finding = z.object({
  code: z.string(),
  severity,
  /** What it is about: `output logits`, `input image`, `exporter`, `reference`, … */
  where: z.string(),
  args: z.record(z.string(), z.unknown()),
  message: z.string(),
});
export type Finding = z.infer<typeof finding>;

export const failure = z.object({
  code: z.string(),
  message: z.string(),
  fix: z.string().optional(),
  detail: z.string().optional(),
});
export type FailureRecord = z.infer<typeof failure>;
