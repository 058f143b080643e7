import * as z from 'zod';
import type { Num } from './numbers.ts';

/** The schema apart from the functions, so that reporters can read numbers without loading zod. */
export const num: z.ZodType<Num> = z.union([z.number(), z.string()]);
