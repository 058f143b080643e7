import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFailure } from '../../src/core/errors.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { catalogue } from '../../src/engine/catalogue.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { resolveNodeEnvironment } from '../../src/workers/node-environment.ts';
import { type HostSpec, WorkerPool } from '../../src/workers/pool.ts';
import type { Verb, Verbs } from '../../src/workers/protocol.ts';
import { toolchain as findToolchain, toolchains } from '../../src/workers/toolchains/manifest.ts';

/** What every host must answer, in whatever language it is written (docs/worker-protocol.md). */
const pool = new WorkerPool();
let dir: string;
const limits = { memoryBytes: null, network: false };

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'onpar-hosts-'));
  writeFileSync(join(dir, 'text.bin'), 'not a model at all, only text\n');
});
afterAll(async () => {
  await pool.close();
  rmSync(dir, { recursive: true, force: true });
});

/** Programs of no toolchain: what anybody may write. */
const OWN: Record<string, string> = { 'mlp-host.mjs': process.execPath, 'mlp_host.py': 'python3' };

async function hostOf(toolchain: string): Promise<HostSpec> {
  const own = OWN[toolchain];
  if (own !== undefined) {
    const command = [own, join(packageRoot, 'fixtures', 'hosts', toolchain)];
    return { kind: 'command', command, root: packageRoot, limits };
  }
  if (toolchain === 'node') return { kind: 'node', root: packageRoot, limits };
  if (findToolchain(toolchain).language === 'node') {
    const environment = await resolveNodeEnvironment(toolchain, () => {});
    return { kind: 'node', root: packageRoot, limits, environment };
  }
  return {
    kind: 'python',
    root: packageRoot,
    limits,
    environment: await resolveEnvironment(toolchain, { python: 'managed', root: packageRoot }, () => {}),
  };
}

async function ask<V extends Verb>(
  toolchain: string,
  verb: V,
  params: Verbs[V]['params'],
): Promise<Verbs[V]['result']> {
  return pool.use(await hostOf(toolchain), (worker) => worker.request(verb, params, { timeoutMs: 120_000 }));
}

async function failure<V extends Verb>(
  toolchain: string,
  verb: V,
  params: Verbs[V]['params'],
): Promise<{ code: string; message: string; fix?: string | undefined }> {
  try {
    await ask(toolchain, verb, params);
  } catch (error) {
    return toFailure(error);
  }
  throw new Error(`${toolchain} answered ${verb} instead of refusing it`);
}

const model = (format: string, path: string) => ({ format, path, root: dir, trust: true });

describe.each(['node', ...toolchains().map((t) => t.name), ...Object.keys(OWN)])('the host of %s', (toolchain) => {
  it('says hello with protocol, language and version', async () => {
    const hello = await ask(toolchain, 'hello', {});
    expect(hello.protocol).toBe(1);
    expect(hello.version).toMatch(/\d+\.\d+/);
  });

  it('refuses a verb, a runtime and a session that do not exist, and lives on', async () => {
    expect((await failure(toolchain, 'dance' as Verb, {} as never)).code).toBe('unknown-verb');
    const unknown = await failure(toolchain, 'open', {
      runtime: 'nothing',
      model: model('onnx', join(dir, 'text.bin')),
      options: {},
      inputs: [],
    });
    expect([unknown.code, unknown.message]).toEqual(['unknown-runtime', expect.stringContaining('nothing')]);
    expect((await failure(toolchain, 'close', { session: 'none' })).code).toBe('unknown-session');
    expect((await ask(toolchain, 'hello', {})).protocol).toBe(1);
  });
});

const runtimes = catalogue().runtimes.filter(
  (r) => r.toolchain !== 'none' && r.toolchain !== 'own-host' && r.remote !== true,
);
const remote = catalogue().runtimes.filter((r) => r.remote === true);

describe.each(remote.map((r) => [r.name, r] as const))('the runtime %s', (name, info) => {
  it('refuses a file where an address belongs, and names it', async () => {
    const refused = await failure(info.toolchain, 'open', {
      runtime: name,
      model: model('served', join(dir, 'text.bin')),
      options: {},
      inputs: [],
    });
    expect([refused.code, refused.message]).toEqual(['served-address', expect.stringContaining('text.bin')]);
  });
});

describe.each(runtimes.map((r) => [r.name, r] as const))('the runtime %s', (name, info) => {
  it.each(info.formats)('names a %s file that is missing', async (format) => {
    const path = join(dir, 'nowhere', 'model.bin');
    const refused = await failure(info.toolchain, 'open', {
      runtime: name,
      model: model(format, path),
      options: {},
      inputs: [],
    });
    expect(refused.code).toMatch(/^model-(file-missing|load-failed)$/);
    expect(refused.message).toContain('model.bin');
  });

  it.each(info.formats)('refuses a text file as %s and names it', async (format) => {
    const refused = await failure(info.toolchain, 'open', {
      runtime: name,
      model: model(format, join(dir, 'text.bin')),
      options: {},
      inputs: [],
    });
    expect(refused.code).toMatch(
      /^(model-load-failed|model-file-missing|callable-missing|model-code-failed|trust-required)$/,
    );
    expect(refused.message).toContain('text.bin');
  });
});
