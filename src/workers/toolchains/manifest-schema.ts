import * as z from 'zod';
import type { VariantKind } from '../../records/variant.ts';

const name = z.string().regex(/^[a-z0-9][\w.-]*$/, 'letters, digits, ".", "_" and "-"');
const option = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
});
const options = z.record(z.string(), option).optional();
const example = z
  .looseObject({ source: z.string() })
  .optional()
  .describe('A case of a suite, with paths below the folder: what `onpar toolchain check` runs');

/** What a toolchain.json must say. Keys that it does not know are left alone: a newer onpar may. */
export const manifestSchema = z.looseObject({
  name,
  title: z.string().optional(),
  language: z.enum(['python', 'node']).optional(),
  framework: z.string().min(1),
  package: z.string().optional(),
  environmentOf: z.string().optional(),
  browser: z.boolean().optional(),
  uses: z.array(z.string()).optional(),
  needs: z.array(z.string()).optional(),
  build: z.string().optional(),
  installedMb: z.number().nonnegative().optional(),
  installedMbCpu: z.number().nonnegative().nullable().optional(),
  exporters: z
    .array(
      z.looseObject({
        name,
        from: z.array(z.string()).nonempty(),
        to: z.string(),
        module: z.string().optional(),
        command: z.array(z.string()).nonempty().optional(),
        toolchain: z.string().optional(),
        default: z.boolean().optional(),
        options,
        example,
      }),
    )
    .optional(),
  runtimes: z
    .array(
      z.looseObject({
        name,
        formats: z.array(z.string()).nonempty(),
        module: z.string().optional(),
        reference: z.boolean().optional(),
        package: z.string().optional(),
        options,
        variants: z.array(z.string() as unknown as z.ZodType<VariantKind>).optional(),
        taps: z.boolean().optional(),
        unoptimised: z.record(z.string(), z.unknown()).optional(),
        example,
      }),
    )
    .optional(),
});
export type ManifestFile = z.infer<typeof manifestSchema>;
