import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { type Report, report as reportSchema } from '../records/report.ts';
import { REPORT_SCHEMA_VERSION } from '../records/version.ts';
import { countCases, exitCodeOf } from './exit-code.ts';

export interface ReadReport {
  readonly report: Report;
  /** The run folder, absolute. */
  readonly folder: string;
}

/** Reads and checks a run's report.json. Throws with what the folder is instead. */
export function readReport(path: string): ReadReport {
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'report.json') : path;
  if (!existsSync(file)) {
    throw new OnparError({
      code: 'not-a-run',
      message: `${path} is not a run: ${file} does not exist`,
      fix: 'name a folder that `onpar run` wrote',
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new OnparError({
      code: 'not-a-run',
      message: `${file} is not JSON: ${(error as Error).message}`,
      fix: 'the file is half-written or was changed; run again',
      cause: error,
    });
  }
  const version = (json as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version === 'number' && version > REPORT_SCHEMA_VERSION) {
    throw new OnparError({
      code: 'newer-report',
      message: `${file} has schemaVersion ${version}; this onpar reads up to ${REPORT_SCHEMA_VERSION}`,
      fix: 'use the onpar that wrote it, or a newer one',
    });
  }
  const parsed = reportSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new OnparError({
      code: 'not-a-run',
      message: `${file} is not a report: ${issue?.path.join('.')}: ${issue?.message}`,
      fix: 'name a folder that `onpar run` wrote',
    });
  }
  return { report: parsed.data, folder: resolve(dirname(file)) };
}

/** The newest run folder below `reports/`. */
export function newestRun(root: string): string {
  const runs = existsSync(root)
    ? readdirSync(root)
        .filter((name) => existsSync(join(root, name, 'report.json')))
        .sort()
    : [];
  const newest = runs.at(-1);
  if (newest === undefined)
    throw new OnparError({
      code: 'not-a-run',
      message: `${resolve(root)} holds no run`,
      fix: 'run `onpar run` first, or name a run folder',
    });
  return join(root, newest);
}

/** Cases were dealt to the shards in turn, whole: the n-th case of each shard is followed by the n-th of the next. */
function inSuiteOrder(reports: readonly Report[]): Report['cases'] {
  const dealt = [...reports]
    .sort((a, b) => (a.run.shard?.index ?? 0) - (b.run.shard?.index ?? 0))
    .map((r) => [...new Set(r.cases.map((c) => c.case))].map((name) => r.cases.filter((c) => c.case === name)));
  const rounds = Math.max(0, ...dealt.map((groups) => groups.length));
  return Array.from({ length: rounds }, (_, n) => dealt.flatMap((groups) => groups[n] ?? [])).flat();
}

/** Shards of one plan as one run, in the order of the suite. */
export function mergeReports(parts: readonly ReadReport[]): { report: Report; folder: string; folders: string[] } {
  const [first, ...rest] = parts;
  if (first === undefined)
    throw new OnparError({ code: 'usage', message: 'no run was named', fix: 'name at least one run folder' });
  if (rest.length === 0) return { report: first.report, folder: first.folder, folders: [first.folder] };
  const seen = new Set<string>();
  for (const { report, folder } of parts) {
    if (report.run.plan !== first.report.run.plan) {
      throw new OnparError({
        code: 'other-plan',
        message: `${folder} is a run of another plan than ${first.folder}`,
        fix: 'merge only shards of one suite, run with the same options',
      });
    }
    for (const { id } of report.cases) {
      if (seen.has(id))
        throw new OnparError({
          code: 'merged-twice',
          message: `${folder} has \`${id}\` again`,
          fix: 'name each shard once',
        });
      seen.add(id);
    }
  }
  const cases = inSuiteOrder(parts.map((p) => p.report));
  const count = first.report.run.shard?.count ?? parts.length;
  // A shard that is missing leaves conversions unproven, and that must show.
  const partial = parts.length < count || parts.some((p) => p.report.run.partial);
  const report: Report = {
    ...first.report,
    run: {
      ...first.report.run,
      shard: null,
      durationMs: Math.max(...parts.map((p) => p.report.run.durationMs)),
      exitCode: partial ? exitCodeOf(cases) || 1 : exitCodeOf(cases),
      partial,
      findings: parts.flatMap((p) => p.report.run.findings),
    },
    environment: {
      ...first.report.environment,
      toolchains: Object.assign(
        {},
        ...parts.map((p) => p.report.environment.toolchains),
      ) as Report['environment']['toolchains'],
    },
    totals: countCases(cases),
    cases,
  };
  return { report, folder: first.folder, folders: parts.map((p) => p.folder) };
}
