import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { report } from '../records/report.ts';
import { suiteSchema } from './schema.ts';

/** JSON Schemas that editors and other programs use; written at build time from the schemas that the code itself checks with. */
export function writeSchemas(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, title: string, schema: z.ZodType): void => {
    const json = { title, ...z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) };
    writeFileSync(join(folder, name), `${JSON.stringify(json, null, 2)}\n`);
  };
  write('suite.json', 'onpar suite', suiteSchema);
  write('report.json', 'onpar report', report);
}
