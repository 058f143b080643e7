import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { OnparError } from '../core/errors.ts';
import { makeFinding, sentence } from '../core/findings.ts';
import { packageVersion } from '../core/paths.ts';
import type { Conversion, Plan } from '../plan/conversion.ts';
import type { RunEvent } from '../records/event.ts';
import type { Report, ReportCase } from '../records/report.ts';
import { REPORT_SCHEMA_VERSION } from '../records/version.ts';
import { endInstalls } from '../workers/toolchains/install.ts';
import { RunContext } from './context.ts';
import type { ConversionTrace } from './conversion/trace.ts';
import type { Emit } from './emit.ts';
import { countCases, exitCodeOf } from './exit-code.ts';
import type { InvestigateChoice } from './investigate/choice.ts';
import { Investigations } from './investigate/failures.ts';
import { machine } from './machine.ts';
import { reportCase } from './report-case.ts';
import { reproduceCommands } from './reproduce.ts';
import { runConversion } from './run-conversion.ts';
import { newRunId, RunFolder } from './run-folder.ts';
import { Store } from './store.ts';

/** Who listens to a run: the reporters' hub. Hooks may be slow; the run waits for them only at its end. */
export interface RunListener {
  onEvent?(event: RunEvent): void;
  onCase?(reportCase: ReportCase): void;
}

export interface RunOptions {
  /** The run folder. */
  readonly outDir: string;
  /** Folder of the store. */
  readonly cacheDir: string;
  readonly readCache: boolean;
  /** Model processes at work at the same time. */
  readonly jobs: number;
  readonly listener: RunListener;
  readonly signal: AbortSignal;
  /** How the command was called, for the commands that run a conversion again. */
  readonly command: readonly string[];
  /** How much looking for the causes of failures may cost; null: nobody looks. */
  readonly investigate: InvestigateChoice | null;
}

export interface FinishedRun {
  readonly report: Report;
  readonly outDir: string;
  /** False: it was interrupted, and the folder keeps the complete run of another plan that it held. */
  readonly written: boolean;
}

/**
 * Runs a plan: all conversions side by side, each step at most once, at most `jobs` models at work.
 * A conversion that fails is a result; only errors of the run itself (an unwritable folder) are thrown.
 */
export async function runPlan(plan: Plan, options: RunOptions): Promise<FinishedRun> {
  const started = new Date();
  const folder = new RunFolder(options.outDir);
  const events: RunEvent[] = [];
  const emit: Emit = (event) => {
    const timed = { time: new Date().toISOString(), ...event } as RunEvent;
    events.push(timed);
    options.listener.onEvent?.(timed);
  };
  const ctx = new RunContext(new Store(options.cacheDir), {
    jobs: options.jobs,
    readCache: options.readCache,
    emit,
    signal: options.signal,
    planned: plan.planned,
  });
  const stop = (): void => {
    ctx.pool.kill();
    endInstalls();
  };
  options.signal.addEventListener('abort', stop);
  const investigations = options.investigate === null ? null : new Investigations(options.investigate);
  const done = new Map<string, { conversion: Conversion; trace: ConversionTrace; record: ReportCase }>();
  try {
    emit({ type: 'run-start', conversions: plan.conversions.length, title: plan.title });
    const today = started.toISOString().slice(0, 10);
    const records = new Map<string, Promise<ReportCase | undefined>>();
    const convert = async (conversion: Conversion): Promise<ReportCase | undefined> => {
      const trace = await runConversion(ctx, conversion, plan.seed);
      await investigations?.look(ctx, conversion, trace);
      // What the interruption itself broke is not a result.
      if (options.signal.aborted && trace.failure !== null) return undefined;
      // Links stand before what is built on them, so that they are under way already.
      const links = await Promise.all((conversion.chain?.earlier ?? []).map(({ id }) => records.get(id)));
      const record = reportCase(conversion, trace, {
        suiteRoot: plan.root,
        today,
        rerun: reproduceCommands(conversion, plan, options),
        links,
      });
      done.set(conversion.id, { conversion, trace, record });
      emit({
        type: 'case-end',
        conversion: conversion.id,
        verdict: record.verdict,
        grade: record.grade,
        done: done.size,
        of: plan.conversions.length,
      });
      options.listener.onCase?.(record);
      return record;
    };
    for (const conversion of plan.conversions) records.set(conversion.id, convert(conversion));
    await Promise.all(records.values());
    // No model is asked anything any more: the workers go while the report is made.
    ctx.pool.kill();
    const toolchains = Object.fromEntries(
      (await ctx.usedEnvironments()).map((e) => [
        e.label,
        {
          ...(e.kind === 'python' ? { python: e.pythonVersion } : { node: process.versions.node }),
          packages: { ...e.packages },
        },
      ]),
    );
    const interrupted = options.signal.aborted;
    // An interrupted run never takes the place of another one that is complete.
    const mayWrite =
      !interrupted || folder.earlier === null || folder.earlier.partial || folder.earlier.plan === plan.digest;
    if (mayWrite) folder.clear();
    const cases = plan.conversions.flatMap((c) => {
      const found = done.get(c.id);
      return found === undefined
        ? []
        : [
            mayWrite
              ? writing(folder.dir, () => folder.keep(found.conversion, found.trace, found.record))
              : found.record,
          ];
    });
    const empty = plan.conversions.length === 0 ? [makeFinding('no-conversion', plan.title)] : [];
    const exitCode = interrupted ? 130 : exitCodeOf(cases);
    emit({ type: 'run-end', exitCode });
    const report: Report = {
      schemaVersion: REPORT_SCHEMA_VERSION,
      tool: { name: 'onpar', version: packageVersion },
      run: {
        id: newRunId(started),
        title: plan.title,
        startedAt: started.toISOString(),
        durationMs: Date.now() - started.getTime(),
        exitCode,
        seed: plan.seed,
        command: { argv: options.command.slice(1), folder: relative(folder.dir, process.cwd()) || '.' },
        plan: plan.digest,
        shard: plan.shard === null ? null : { ...plan.shard },
        partial: interrupted,
        findings: empty.map((f) => ({ ...f, args: { ...f.args }, message: sentence(f) })),
      },
      environment: { ...machine(), toolchains },
      totals: countCases(cases),
      cases,
    };
    if (mayWrite) writeRecords(folder.dir, report, events);
    return { report, outDir: folder.dir, written: mayWrite };
  } catch (error) {
    ctx.pool.kill();
    throw error;
  } finally {
    options.signal.removeEventListener('abort', stop);
    await ctx.pool.close();
    ctx.steps.end();
  }
}

/** report.json is written before any reporter runs, so that a failing reporter costs no result. */
function writeRecords(dir: string, report: Report, events: readonly RunEvent[]): void {
  writing(dir, () => {
    writeFileSync(join(dir, 'report.json'), `${JSON.stringify(report, null, 1)}\n`);
    writeFileSync(join(dir, 'events.ndjson'), events.map((e) => `${JSON.stringify(e)}\n`).join(''));
  });
}

/** Tells a folder that takes no more as such: a full disk is nobody's bug. */
function writing<T>(dir: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new OnparError({
      code: code === 'ENOSPC' ? 'disk-full' : 'out-unwritable',
      message: `the report could not be written to ${dir}: ${message}`,
      fix: 'free some space or name another folder with --out DIR; the steps that ran are kept, so the next run is quick',
      exitCode: code === 'ENOSPC' ? 3 : 2,
      cause: error,
    });
  }
}
