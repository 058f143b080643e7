import * as z from 'zod';
import { GRADES, VERDICTS } from './verdict.ts';

/** Schemas apart from the words, so that judging does not load zod. */
export const grade = z.enum(GRADES);
export const verdict = z.enum(VERDICTS);
