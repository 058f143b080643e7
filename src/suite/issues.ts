import * as z from 'zod';
import { OnparError } from '../core/errors.ts';
import { allowedValues } from '../core/nearest.ts';
import { suiteSchema } from './schema.ts';

/** Finds the line of a key (or, without `key`, of a value) in the file; undefined for suites written in code. */
export type LineOf = (path: readonly PropertyKey[], key?: string) => number | undefined;

interface JsonSchema {
  readonly properties?: Record<string, JsonSchema>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
}

/** The keys that may stand at a path of the suite, so that a wrong one can be named beside the right ones. */
function allowedKeys(path: readonly PropertyKey[]): string[] {
  let level: JsonSchema[] = [z.toJSONSchema(suiteSchema, { io: 'input', unrepresentable: 'any' }) as JsonSchema];
  const open = (schemas: readonly JsonSchema[]): JsonSchema[] =>
    schemas.flatMap((s) => (s.anyOf === undefined ? [s] : open(s.anyOf)));
  for (const part of path) {
    level = open(level).flatMap((s) => {
      if (typeof part === 'number') return s.items === undefined ? [] : [s.items];
      const named = s.properties?.[String(part)];
      if (named !== undefined) return [named];
      return typeof s.additionalProperties === 'object' ? [s.additionalProperties] : [];
    });
  }
  const keys = open(level).flatMap((s) => Object.keys(s.properties ?? {}));
  return [...new Set(keys)].filter((k) => k !== '$schema');
}

type Issue = z.core.$ZodIssue;

/** Inside a union, the branch that the user most likely meant: the one that got deepest before it failed. */
function innermost(issue: Issue, prefix: readonly PropertyKey[]): { issue: Issue; path: readonly PropertyKey[] } {
  const path = [...prefix, ...issue.path];
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return { issue, path };
  const found = issue.errors.flatMap((branch) => (branch[0] === undefined ? [] : [innermost(branch[0], path)]));
  const score = (f: { issue: Issue; path: readonly PropertyKey[] }): number =>
    f.path.length * 2 + (f.issue.code === 'unrecognized_keys' ? 1 : 0);
  const best = found.sort((a, b) => score(b) - score(a))[0];
  return best !== undefined && score(best) > path.length * 2 ? best : { issue, path };
}

const place = (path: readonly PropertyKey[]): string =>
  path.length === 0 ? 'the suite' : `\`${path.map(String).join('.')}\``;

/** The first thing wrong with a suite, as one error that names file, line, value, what is allowed and the fix. */
export function suiteError(error: z.ZodError, file: string, lineOf: LineOf): OnparError {
  const found = error.issues.map((issue) => innermost(issue, []));
  // A key that is only misspelt is missing too: the spelling is the cause, so it is told first.
  const first = found.find((f) => f.issue.code === 'unrecognized_keys') ?? found[0];
  if (first === undefined) return new OnparError({ code: 'bad-suite', message: `${file}: not a suite` });
  const { issue, path } = first;
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : '';
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    return new OnparError({
      code: 'unknown-key',
      message: `${at(file, lineOf(path, key))}: unknown key \`${key}\` in ${place(path)}${more}`,
      fix: allowedValues(key, allowedKeys(path)),
    });
  }
  const where = at(file, lineOf(path));
  if (
    issue.input === undefined &&
    path.length > 0 &&
    (issue.code === 'invalid_type' || issue.code === 'invalid_union')
  ) {
    const key = String(path.at(-1));
    return new OnparError({
      code: 'bad-suite',
      message: `${where}: ${place(path.slice(0, -1))} lacks the key \`${key}\` (${expected(issue)})${more}`,
      fix: `add \`${key}:\`; see \`onpar init\` for a commented suite`,
    });
  }
  return new OnparError({
    code: 'bad-suite',
    message: `${where}: ${place(path)} is ${written(issue.input)}${more}`,
    fix: fixFor(issue),
  });
}

/** A value as the user wrote it, short enough for one line. */
function written(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** The types that may stand there: `number`, `object or array`. */
function expected(issue: Issue): string {
  if (issue.code === 'invalid_type') return issue.expected;
  if (issue.code !== 'invalid_union') return '';
  const types = issue.errors.flatMap((branch) => branch.slice(0, 1)).map(expected);
  return [...new Set(types.filter((t) => t !== ''))].join(' or ');
}

const at = (file: string, line: number | undefined): string => (line === undefined ? file : `${file}:${line}`);

function fixFor(issue: Issue): string {
  if (issue.code === 'invalid_value') return `allowed: ${issue.values.map(String).join(', ')}`;
  const types = expected(issue);
  const wanted = types === '' ? issue.message : `write ${/^[aeiou]/.test(types) ? 'an' : 'a'} ${types}`;
  return `${wanted}; see docs/suite.md, or let your editor check the file against schemas/suite.json`;
}
