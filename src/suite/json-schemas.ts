import { z } from 'zod';
import { bundle } from '../records/bundle.ts';
import { report } from '../records/report.ts';
import { suiteSchema } from './schema.ts';

/** JSON Schemas that editors and other programs use, by file name, from the schemas that the code itself checks with. */
export function jsonSchemas(): Record<string, object> {
  const json = (title: string, schema: z.ZodType): object => ({
    title,
    ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
  });
  return {
    'suite.json': json('onpar suite', suiteSchema),
    'report.json': json('onpar report', report),
    'bundle.json': json('onpar bundle', bundle),
  };
}
