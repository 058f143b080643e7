import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { digestJson } from '../core/hash.ts';
import { packageVersion } from '../core/paths.ts';
import { modelFiles } from '../formats/model-files.ts';
import { browserIdentity } from '../observe/browser/find.ts';
import { variablesOf } from '../observe/served/options.ts';
import type { Conversion } from '../plan/conversion.ts';
import type { RuntimeInfo } from '../records/catalogue.ts';
import { SHARED_BYTES, SHARED_LANE } from '../workers/early.ts';
import type { PythonChoice } from '../workers/environment.ts';
import { hostSource } from '../workers/host-source.ts';
import { defaultMemoryLimit } from '../workers/isolation.ts';
import { toolchain as findToolchain } from '../workers/toolchains/manifest.ts';
import type { Pin } from '../workers/toolchains/pin.ts';
import type { RunContext } from './context.ts';
import { OWN_HOST, resolveOwnHost } from './own-host.ts';
import type { ResolvedHost } from './resolved-host.ts';

const require = createRequire(import.meta.url);
let nodePackages: Record<string, string> | undefined;

function packagesOfNode(): Record<string, string> {
  nodePackages ??= { 'onnxruntime-node': (require('onnxruntime-node/package.json') as { version: string }).version };
  return nodePackages;
}

/** A runtime, or what an exporter needs: its toolchain, and where it is asked for, the version of its package. */
type Place = Pick<RuntimeInfo, 'toolchain' | 'package' | 'version'>;

const pinOf = ({ package: name, version }: Omit<Place, 'toolchain'>): Pin | null =>
  name === undefined || version === undefined ? null : { package: name, version };

/** Which Python serves a toolchain for this conversion: the case's own for its source's toolchain, the candidate's own where it says so. */
function pythonChoice(
  conversion: Conversion,
  { toolchain, ...place }: Place,
  role: 'reference' | 'candidate',
): PythonChoice {
  const { case: c, convert } = conversion;
  const root = conversionRoot(conversion);
  const pin = pinOf(place);
  if (pin !== null) return { pin, root };
  if (role === 'candidate' && convert.python !== null && conversion.exporter === null)
    return { python: convert.python, root };
  if (toolchain === conversion.reference.runtime.toolchain)
    return { python: c.python ?? undefined, requirements: c.requirements ?? undefined, root };
  if (c.python === 'managed') return { python: 'managed', root };
  // An exporter that loads the source's code needs what that code imports, if only it is installed there.
  const loads = c.python !== null && findToolchain(toolchain).uses.includes(conversion.reference.runtime.toolchain);
  return { root, ...(loads ? { preferred: c.python } : {}) };
}

export const conversionRoot = (conversion: Conversion): string => conversion.case.root;

/** The host for a runtime or exporter of a conversion; installs what is missing. */
export async function resolveHost(
  ctx: RunContext,
  conversion: Conversion,
  place: Place,
  role: 'reference' | 'candidate',
): Promise<ResolvedHost> {
  const { toolchain } = place;
  const pin = pinOf(place);
  const root = conversionRoot(conversion);
  const side = conversion[role];
  if (side.runtime.remote === true && toolchain === side.runtime.toolchain) return remoteHost(root, side.options);
  if (toolchain === OWN_HOST.toolchain) return resolveOwnHost(ctx, conversion, role);
  const limits = { memoryBytes: defaultMemoryLimit(), network: conversion.case.network };
  if (toolchain === 'node' && pin === null) {
    const packages = packagesOfNode();
    return {
      host: { kind: 'node', root, limits, lane: laneOf(conversion, role) },
      digest: digestJson([packages, hostSource(null)]),
      label: `node ${process.version}`,
      packages,
    };
  }
  const { language, browser } = toolchain === 'node' ? { language: 'node', browser: false } : findToolchain(toolchain);
  if (language === 'node') {
    const environment = await ctx.nodeEnvironment(toolchain, pin);
    return {
      host: { kind: 'node', root, limits: browser ? { ...limits, counted: 'data' } : limits, environment, lane: role },
      digest: digestJson([
        environment.digest,
        hostSource(environment.toolchain),
        ...(browser ? [browserIdentity()] : []),
      ]),
      label: `${environment.label}, node ${process.version}`,
      packages: frameworkPackages(environment.packages, [environment.toolchain.framework]),
    };
  }
  const environment = await ctx.environment(toolchain, pythonChoice(conversion, place, role));
  return {
    host: { kind: 'python', root, limits, environment },
    digest: digestJson([environment.digest, hostSource(environment.toolchain)]),
    label: environment.label,
    packages: frameworkPackages(environment.packages, [
      environment.toolchain.framework,
      ...(place.package === undefined ? [] : [place.package]),
    ]),
  };
}

/**
 * A worker of its own for models that run elsewhere: it alone may use the network, knows no file of a model, and sees the
 * environment variables that its headers name.
 */
const remoteHost = (root: string, options: Readonly<Record<string, unknown>>): ResolvedHost => ({
  host: {
    kind: 'node',
    root,
    limits: { memoryBytes: defaultMemoryLimit(), network: true },
    lane: 'remote',
    variables: [...variablesOf(options), 'NODE_EXTRA_CA_CERTS'],
  },
  digest: packageVersion,
  label: 'served',
  packages: { onpar: packageVersion },
});

/**
 * Large models in Node get a process each, reference and candidate, and run side by side. Small ones share one, one after
 * the other: a second process takes longer to start than they take to run.
 */
function laneOf({ source, existing }: Conversion, role: 'reference' | 'candidate'): string {
  if (existing === null || source.callable !== undefined) return SHARED_LANE;
  const bytes = [source, existing]
    .flatMap((m) => modelFiles(m.path, m.format))
    .reduce((sum, file) => sum + statSync(file).size, 0);
  return bytes <= SHARED_BYTES ? SHARED_LANE : role;
}

/** The packages that a reader of the report looks for; the whole list stands once in the report's environment. */
function frameworkPackages(
  packages: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
  const wanted = [
    ...names.flatMap((name) => [name, name.replaceAll('_', '-')]),
    'onnxruntime-web',
    '@tensorflow/tfjs',
    '@litertjs/core',
    'torch',
    'transformers',
    'tokenizers',
    'jax',
    'tensorflow-cpu',
    'tensorflow',
    'keras',
    'scikit-learn',
    'onnx',
    'onnxruntime',
    'onnxscript',
    'skl2onnx',
    'tf2onnx',
    'ai-edge-litert',
    'numpy',
  ];
  return Object.fromEntries(Object.entries(packages).filter(([name]) => wanted.includes(name)));
}

export const isInNode = (runtime: RuntimeInfo): boolean => runtime.toolchain === 'node';
