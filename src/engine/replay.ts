import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { failureError, toFailure } from '../core/errors.ts';
import { failureOf } from '../investigate/reduce/failure.ts';
import { planSuite } from '../plan/plan.ts';
import { splitVersion } from '../plan/versions.ts';
import type { Bundle, BundleFailure } from '../records/bundle.ts';
import { toNum } from '../records/numbers.ts';
import type { Sample } from '../records/sample.ts';
import { adHocSuite } from '../suite/adhoc.ts';
import { LazyTensors } from '../tensor/lazy.ts';
import { readNpz } from '../tensor/npz.ts';
import { writeSafetensors } from '../tensor/safetensors.ts';
import type { NamedTensors } from '../tensor/tensor.ts';
import { endInstalls } from '../workers/toolchains/install.ts';
import { catalogue } from './catalogue.ts';
import { RunContext } from './context.ts';
import { UNRENAMED } from './conversion/side.ts';
import type { Emit } from './emit.ts';
import { resolveHost } from './hosts.ts';
import { tensorsKey } from './investigate/specimens.ts';
import { keyedSource } from './model-key.ts';
import { isEnvironmentCode } from './report-case.ts';
import { observeModel } from './steps/observe.ts';
import { Store } from './store.ts';

export interface ReplayOptions {
  /** `onnxruntime`, `onnxruntime@1.22.0`; missing: what the bundle names. */
  readonly runtime?: string;
  readonly cacheDir: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

export interface Replayed {
  readonly runtime: string;
  readonly version: string | null;
  readonly agrees: boolean;
  /** Null: it runs, and nothing lies apart. */
  readonly now: Pick<BundleFailure, 'kind' | 'error' | 'code' | 'message'> | null;
}

/**
 * Runs a bundle's model on its inputs, in the runtime and version that it names or in another, and holds what comes out
 * against what it should be. Nothing is taken from the store or left in it. Throws OnparErrors of the environment.
 */
export async function replay(folder: string, bundle: Bundle, options: ReplayOptions): Promise<Replayed> {
  const asked = options.runtime ?? bundle.runtime.name;
  const plan = planSuite(
    adHocSuite({
      source: join(folder, bundle.model),
      artifacts: [],
      to: ['same'],
      options: {},
      inputs: {},
      runtimes: [asked],
      title: 'replay',
    }),
    catalogue(),
  );
  const [planned] = plan.conversions;
  if (planned === undefined) throw new Error('a suite of one conversion has none');
  const ctx = new RunContext(new Store(options.cacheDir), {
    jobs: 1,
    readCache: false,
    emit: options.emit,
    signal: options.signal,
    planned: plan.planned,
  });
  const stop = (): void => {
    ctx.pool.kill();
    endInstalls();
  };
  options.signal.addEventListener('abort', stop);
  try {
    // The version that is installed anyway needs no environment of its own.
    const own = planned.candidate.runtime;
    const wanted = options.runtime === undefined ? bundle.runtime.version : splitVersion(asked).version;
    const { version: _, ...unpinned } = own;
    const here = await resolveHost(ctx, planned, unpinned, 'candidate').catch(() => null);
    const isHere = own.package === undefined || wanted === null || here?.packages[own.package] === wanted;
    const runtime = isHere ? unpinned : { ...own, version: wanted };
    // Options are those of the runtime that it failed in.
    const options_ =
      options.runtime === undefined || runtime.name === bundle.runtime.name ? bundle.runtime.options : {};
    const conversion = { ...planned, candidate: { ...planned.candidate, runtime, options: options_ } };
    const inputs = readNpz(join(folder, bundle.inputs));
    const sampleDir = ctx.pool.scratch('fed');
    mkdirSync(sampleDir, { recursive: true });
    writeSafetensors(join(sampleDir, 'inputs.safetensors'), inputs);
    const fed = [...inputs].map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }));
    const sample: Sample = {
      id: 'bundle',
      generator: 'bundle',
      seed: 0,
      inputs: fed,
      digest: tensorsKey(inputs),
      file: 'inputs.safetensors',
    };
    let version: string | null = null;
    const ran = await observeModel(ctx, conversion, {
      role: 'candidate',
      model: keyedSource(conversion),
      inputs: fed,
      samples: [sample],
      sampleDir,
      ...UNRENAMED,
      otherwise: { runtime, options: options_, variant: null, label: `running ${runtime.name}` },
    }).then(
      ({ dir, value }) => {
        version = value.version;
        const [run] = value.samples;
        if (run?.file === undefined) return failed(run?.failure ?? { code: 'run-failed', message: 'it did not run' });
        const outputs: NamedTensors = new Map([...LazyTensors.in(join(dir, run.file))]);
        return { ok: true as const, outputs };
      },
      (error: unknown) => {
        if (isEnvironmentCode(error) || options.signal.aborted) throw error;
        return failed(toFailure(error));
      },
    );
    const expected: NamedTensors = bundle.expected === null ? new Map() : readNpz(join(folder, bundle.expected));
    const failure = failureOf(
      ran.ok ? { ...ran, taps: new Map(), untapped: [], apart: [], milliseconds: 0 } : ran,
      expected,
    );
    if (ran.ok) for (const name of expected.keys()) if (!ran.outputs.has(name)) throw lacking(name);
    const now =
      failure === null
        ? null
        : { kind: failure.kind, error: toNum(failure.error), code: failure.code, message: failure.message };
    return {
      runtime: runtime.name,
      version,
      agrees: failure === null || (failure.kind === 'value' && failure.error <= bundle.tolerance),
      now,
    };
  } finally {
    options.signal.removeEventListener('abort', stop);
    ctx.pool.kill();
    await ctx.pool.close();
    ctx.steps.end();
  }
}

const failed = ({ code, message }: { code: string; message: string }) => ({ ok: false as const, code, message });

const lacking = (name: string) =>
  failureError({ code: 'not-a-bundle', message: `the model gives no output ${name}, which is expected` }, 2);
