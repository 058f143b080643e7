import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { isMap, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import { OnparError } from '../core/errors.ts';
import { importModule } from '../core/import-module.ts';
import { displayPath, packageRoot } from '../core/paths.ts';
import { type LineOf, suiteError } from './issues.ts';
import { SUITE_NAMES } from './names.ts';
import { resolveSuite } from './resolve.ts';
import { type SuiteFile, suiteSchema } from './schema.ts';
import type { Suite } from './suite.ts';

/** Reads, checks and resolves a suite. Errors name the file, the line, the value, what is allowed and the fix. */
export async function loadSuite(path: string): Promise<Suite> {
  const file = resolve(path);
  const shown = displayPath(file);
  if (!existsSync(file)) {
    throw new OnparError({
      code: 'file-missing',
      message: `suite ${shown} does not exist`,
      fix: `a suite is called ${SUITE_NAMES.join(', ')} or named on the command line; \`onpar init MODEL\` writes one`,
    });
  }
  if (statSync(file).isDirectory()) {
    throw new OnparError({
      code: 'file-missing',
      message: `suite ${shown} is a folder`,
      fix: `name the file in it: ${SUITE_NAMES.join(', ')}`,
    });
  }
  const { value, lineOf } = /\.[cm]?[jt]s$/.test(file) ? await fromCode(file, shown) : fromText(file, shown);
  if (value === null || value === undefined) throw emptySuite(shown);
  const parsed = suiteSchema.safeParse(value, { reportInput: true });
  if (!parsed.success) throw suiteError(parsed.error, shown, lineOf);
  const { cases, pipelines = {} } = parsed.data;
  if (Object.keys(cases).length + Object.keys(pipelines).length === 0) throw emptySuite(shown);
  return { ...resolveSuite(parsed.data, file, dirname(file)), title: shown };
}

const emptySuite = (shown: string): OnparError =>
  new OnparError({
    code: 'empty-suite',
    message: `${shown}: the suite has no case, so it proves nothing`,
    fix: 'add one below `cases:`; `onpar init MODEL` writes an example',
  });

function fromText(file: string, shown: string): { value: unknown; lineOf: LineOf } {
  const counter = new LineCounter();
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: counter, prettyErrors: true });
  const first = document.errors[0];
  if (first !== undefined) {
    const line = counter.linePos(first.pos[0]).line;
    throw new OnparError({
      code: 'bad-suite',
      message: `${shown}:${line}: not valid ${extname(file) === '.json' ? 'JSON' : 'YAML'}: ${(first.message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')}`,
      fix: 'mend the syntax at that line',
      detail: first.message,
    });
  }
  const lineOf: LineOf = (path, key) => {
    // The nearest level that exists tells the line of a missing key.
    for (let depth = path.length; depth >= 0; depth--) {
      const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
      if (isMap(node) && key !== undefined && depth === path.length) {
        const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
        if (pair !== undefined && isScalar(pair.key) && pair.key.range) return counter.linePos(pair.key.range[0]).line;
      }
      const range = (node as { range?: [number, number, number] } | null | undefined)?.range;
      if (range) return counter.linePos(range[0]).line;
    }
    return undefined;
  };
  return { value: document.toJS() as unknown, lineOf };
}

async function fromCode(file: string, shown: string): Promise<{ value: unknown; lineOf: LineOf }> {
  const { createJiti } = (await importModule('jiti')) as typeof import('jiti');
  const jiti = createJiti(import.meta.url, {
    alias: { onpar: join(packageRoot, 'dist', 'index.js') },
    moduleCache: false,
    fsCache: false,
  });
  try {
    const value = (await jiti.import(file, { default: true })) as SuiteFile;
    return { value, lineOf: () => undefined };
  } catch (error) {
    throw new OnparError({
      code: 'bad-suite',
      message: `${shown}: the suite’s code failed: ${(error as Error).message.split('\n')[0]}`,
      fix: `mend ${basename(file)}; it must default-export defineSuite({ cases: … })`,
      detail: (error as Error).stack ?? '',
      cause: error,
    });
  }
}
