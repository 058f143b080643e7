import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toFailure } from '../core/errors.ts';
import { planSuite } from '../plan/plan.ts';
import type { ReportCase } from '../records/report.ts';
import { suiteError } from '../suite/issues.ts';
import { resolveSuite } from '../suite/resolve.ts';
import { suiteSchema } from '../suite/schema.ts';
import { resolveEnvironment } from '../workers/environment.ts';
import { resolveNodeEnvironment } from '../workers/node-environment.ts';
import { type HostSpec, WorkerPool } from '../workers/pool.ts';
import type { Example } from '../workers/toolchains/plugin.ts';
import type { InstallListener } from '../workers/toolchains/recipe.ts';
import { catalogue } from './catalogue.ts';
import { type Ask, HOST_CHECKS, runtimeChecks, type Unopenable } from './contract-checks.ts';
import type { LoadedPlugin } from './plugins.ts';
import { runPlan } from './run.ts';

/** How one promise of the contract was kept; `unproven`: nothing was there to try it on, which is no success. */
export interface CheckResult {
  readonly name: string;
  readonly outcome: 'kept' | 'broken' | 'unproven';
  /** Why it is not kept, or what would prove it. */
  readonly message: string;
}

interface CheckOptions {
  readonly listen: InstallListener;
  readonly onResult: (result: CheckResult) => void;
  readonly signal: AbortSignal;
}

/** An answer of a host that takes longer than this is none. */
const TIMEOUT_MS = 120_000;

/**
 * The contract that toolchains of onpar's own pass too: how the host answers, what each runtime says of files that are
 * none of its own, and on the author's examples that a runtime agrees with itself and what an exporter makes with its source.
 */
export async function checkToolchain(plugin: LoadedPlugin, options: CheckOptions): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'onpar-check-'));
  const pool = new WorkerPool();
  const stop = (): void => pool.kill();
  options.signal.addEventListener('abort', stop);
  try {
    const { toolchain } = plugin;
    // A module that offers only command lines has no host.
    if (toolchain.runtimes.length > 0 || toolchain.exporters.some((e) => e.byCommand === undefined)) {
      const host = await hostOf(plugin, options);
      const ask: Ask = (verb, params) =>
        pool.use(host, (worker) => worker.request(verb, params, { timeoutMs: TIMEOUT_MS }));
      const files = unopenable(work);
      for (const check of [...HOST_CHECKS, ...toolchain.runtimes.flatMap(runtimeChecks)])
        options.onResult(await outcome(check.name, () => check.run(ask, files)));
    }
    await checkExamples(plugin, work, options);
  } finally {
    options.signal.removeEventListener('abort', stop);
    await pool.close();
    rmSync(work, { recursive: true, force: true });
  }
}

async function outcome(name: string, run: () => Promise<void>): Promise<CheckResult> {
  try {
    await run();
    return { name, outcome: 'kept', message: '' };
  } catch (error) {
    return { name, outcome: 'broken', message: toFailure(error).message };
  }
}

async function hostOf({ toolchain, dir }: LoadedPlugin, { listen }: CheckOptions): Promise<HostSpec> {
  const limits = { memoryBytes: null, network: false };
  if (toolchain.language === 'node')
    return { kind: 'node', root: dir, limits, environment: await resolveNodeEnvironment(toolchain.name, listen) };
  const environment = await resolveEnvironment(toolchain.name, { python: 'managed', root: dir }, listen);
  return { kind: 'python', root: dir, limits, environment };
}

function unopenable(root: string): Unopenable {
  const text = join(root, 'text.bin');
  writeFileSync(text, 'not a model at all, only text\n');
  return { root, text, missing: join(root, 'nowhere', 'missing.bin') };
}

const titleOf = ({ kind, name }: Example): string =>
  kind === 'runtime'
    ? `${name} agrees with itself on its example`
    : `what ${name} makes of its example agrees with the source`;

/** The examples as a suite, run as any other. */
async function checkExamples({ examples, dir }: LoadedPlugin, work: string, options: CheckOptions): Promise<void> {
  for (const example of examples.filter((e) => e.case === null))
    options.onResult({
      name: titleOf(example),
      outcome: 'unproven',
      message: `give \`${example.name}\` an \`example: { source: … }\``,
    });
  const given = examples.filter((e) => e.case !== null);
  if (given.length === 0) return;
  const parsed = suiteSchema.safeParse({ cases: Object.fromEntries(given.map((e) => [caseId(e), caseOf(e)])) });
  if (!parsed.success) throw suiteError(parsed.error, join(dir, 'examples'), () => undefined);
  const suite = resolveSuite(parsed.data, 'examples', dir);
  const plan = planSuite(suite, catalogue());
  const outDir = join(work, 'run');
  mkdirSync(outDir, { recursive: true });
  const { report } = await runPlan(plan, {
    outDir,
    cacheDir: join(work, 'store'),
    readCache: false,
    jobs: 2,
    listener: {
      onEvent: (event) => {
        if (event.type === 'install') options.listen(event.toolchain, event.message, event.done);
      },
    },
    signal: options.signal,
    command: ['onpar', 'toolchain', 'check'],
    investigate: null,
  });
  for (const example of given) {
    const cases = report.cases.filter((c) => c.case === caseId(example));
    const broken = cases.length === 0 ? 'it was not run' : cases.flatMap((c) => whyBroken(example, c) ?? []).join('; ');
    options.onResult({ name: titleOf(example), outcome: broken === '' ? 'kept' : 'broken', message: broken });
  }
}

const caseId = ({ kind, name }: Example): string => `${kind}-${name}`;

function caseOf({ kind, name, to, case: written }: Example): object {
  return kind === 'runtime'
    ? { python: 'managed', ...written, reference: { runtime: name }, convert: { to: 'same', run: name } }
    : { python: 'managed', ...written, convert: { to, exporter: name } };
}

function whyBroken({ kind }: Example, c: ReportCase): string | null {
  const reasons = c.findings.filter((f) => f.severity === 'error').map((f) => f.message);
  if (c.verdict !== 'pass') return reasons[0] ?? c.verdict;
  if (kind === 'exporter') return null;
  if (c.grade !== 'identical') return `two runs of one model are ${c.grade}, not identical`;
  if (!/^\d+/.test(c.candidate.runtimeVersion ?? '')) return `its version is \`${c.candidate.runtimeVersion}\``;
  return null;
}
