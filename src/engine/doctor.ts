import { createRequire } from 'node:module';
import { execa } from 'execa';
import { toFailure } from '../core/errors.ts';
import { toolchainsFolder } from '../core/paths.ts';
import { BROWSER_FIX, findChromium } from '../observe/browser/find.ts';
import { confine, defaultMemoryLimit } from '../workers/isolation.ts';
import { NO_DRIVER, nvidiaDriver } from '../workers/nvidia.ts';
import { WorkerPool } from '../workers/pool.ts';
import { findInterpreter } from '../workers/toolchains/interpreter.ts';
import { findManaged } from '../workers/toolchains/managed.ts';
import { toolchains } from '../workers/toolchains/manifest.ts';
import { UV_VERSION } from '../workers/toolchains/uv.ts';
import { machine } from './machine.ts';

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** Without it the main job does not work. */
  readonly required: boolean;
  readonly found: string;
  readonly fix?: string;
}

const require = createRequire(import.meta.url);

/** Looks at the machine as a run would meet it: starts the Node worker, looks for Python, uv, toolchains, walls, a browser. */
export async function examine(): Promise<Check[]> {
  const { os, arch, cpu, cores, memoryBytes, node } = machine();
  return [
    {
      name: 'machine',
      ok: true,
      required: false,
      found: `${os} ${arch}, ${cpu}, ${cores} cores, ${Math.round(memoryBytes / 1024 ** 3)} GiB`,
    },
    nodeVersion(node),
    await nodeWorker(),
    await python(),
    await uv(),
    ...toolchains().map((t): Check => {
      const installed = findManaged(t);
      return {
        name: `toolchain ${t.name}`,
        ok: installed !== undefined,
        required: false,
        found: installed === undefined ? 'not installed' : `installed in ${installed.dir}`,
        fix: `installed when first needed, about ${(t.installedMb / 1000).toFixed(1)} GB; now: onpar toolchain install ${t.name}`,
      };
    }),
    { name: 'toolchains folder', ok: true, required: false, found: toolchainsFolder() },
    walls(),
    browser(),
    gpu(),
  ];
}

function nodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  return {
    name: 'Node',
    ok: major > 20 || (major === 20 && minor >= 19),
    required: true,
    found: version,
    fix: 'onpar needs Node 20.19 or newer',
  };
}

async function nodeWorker(): Promise<Check> {
  const { version } = require('onnxruntime-node/package.json') as { version: string };
  const pool = new WorkerPool();
  try {
    await pool.use(
      { kind: 'node', root: process.cwd(), limits: { memoryBytes: defaultMemoryLimit(), network: false } },
      (worker) => worker.hello(20_000),
    );
    return { name: 'onnxruntime-node', ok: true, required: true, found: version };
  } catch (error) {
    return {
      name: 'onnxruntime-node',
      ok: false,
      required: true,
      found: toFailure(error).message,
      fix: 'install again: npm install onnxruntime-node',
    };
  } finally {
    await pool.close();
  }
}

async function python(): Promise<Check> {
  try {
    const { path, version } = await findInterpreter();
    return { name: 'Python', ok: true, required: false, found: `${version} (${path})` };
  } catch (error) {
    const { message, fix } = toFailure(error);
    return { name: 'Python', ok: false, required: false, found: message, ...(fix === undefined ? {} : { fix }) };
  }
}

async function uv(): Promise<Check> {
  const result = await execa('uv', ['--version'], { reject: false });
  return {
    name: 'uv',
    ok: true,
    required: false,
    found: result.exitCode === 0 ? result.stdout : `not on PATH; ${UV_VERSION} is installed when first needed`,
  };
}

function walls(): Check {
  const { applied } = confine(['true'], { memoryBytes: defaultMemoryLimit(), network: false });
  return {
    name: 'worker limits',
    ok: applied.length > 0,
    required: false,
    found: applied.join(', ') || 'none on this system',
    fix: 'on Linux: util-linux’s prlimit, and user namespaces for no network',
  };
}

function browser(): Check {
  const path = findChromium();
  return {
    name: 'Chromium',
    ok: path !== null,
    required: false,
    found: path ?? 'not found (needed only for runtimes in a browser)',
    fix: BROWSER_FIX,
  };
}

/** What `device: cuda` would meet; CUDA's own libraries come with the Python packages that use them. */
function gpu(): Check {
  const driver = nvidiaDriver();
  return {
    name: 'NVIDIA GPU',
    ok: driver !== null && driver.gpus.length > 0,
    required: false,
    found:
      driver === null
        ? `${NO_DRIVER} (needed only for \`device: cuda\` and \`tensorrt\`)`
        : `${driver.gpus.join(', ') || 'none'}; driver ${driver.version}; no GPU path of onpar was verified on one`,
    fix: 'on a machine with a GPU: install NVIDIA’s driver; what runs there: docs/gpu.md',
  };
}
