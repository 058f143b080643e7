import * as z from 'zod';
import { toleranceSetting } from './tolerance-schema.ts';

const command = z
  .array(z.string())
  .nonempty()
  .describe('Any command line. Placeholders: {source} {weights} {output} {options} {python} {root}');
const toolchain = z
  .string()
  .optional()
  .describe('The toolchain whose Python {python} stands for; default: the source framework’s');
const name = z.string().optional();

/** An exporter by its name, or any command line. */
export const exporterSetting = z.union([z.string(), z.strictObject({ command, toolchain, name })]);

/** One link of a chain; a name alone is the usual case. */
const linkSetting = z.union([
  z.string(),
  z.strictObject({
    exporter: exporterSetting.describe('Name of an exporter, or `{ command: […] }`'),
    to: z.string().optional().describe('The format that it writes: needed where the exporter is a command line'),
    options: z.record(z.string(), z.unknown()).optional().describe('Options of this exporter'),
    tolerance: toleranceSetting.optional().describe('Another tolerance for this link than the conversion’s'),
  }),
]);

/** Exporters one behind the other; each takes what the one before it wrote. */
export const chainSetting = z.array(linkSetting).nonempty();
export type ChainSetting = z.infer<typeof chainSetting>;
