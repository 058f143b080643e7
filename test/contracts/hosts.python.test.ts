import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toFailure } from '../../src/core/errors.ts';
import { packageRoot } from '../../src/core/paths.ts';
import { catalogue } from '../../src/engine/catalogue.ts';
import { type Ask, HOST_CHECKS, runtimeChecks, type Unopenable } from '../../src/engine/contract-checks.ts';
import { resolveEnvironment } from '../../src/workers/environment.ts';
import { resolveNodeEnvironment } from '../../src/workers/node-environment.ts';
import { type HostSpec, WorkerPool } from '../../src/workers/pool.ts';
import { toolchain as findToolchain, toolchains } from '../../src/workers/toolchains/manifest.ts';

/** What every host must answer, in whatever language it is written; `onpar toolchain check` asks plug-ins the same. */
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

const ask =
  (toolchain: string): Ask =>
  async (verb, params) =>
    pool.use(await hostOf(toolchain), (worker) => worker.request(verb, params, { timeoutMs: 120_000 }));

const files = (): Unopenable => ({
  root: dir,
  text: join(dir, 'text.bin'),
  missing: join(dir, 'nowhere', 'missing.bin'),
});

describe.each(['node', ...toolchains().map((t) => t.name), ...Object.keys(OWN)])('the host of %s', (toolchain) => {
  it.each(HOST_CHECKS.map((check) => [check.name, check] as const))('%s', async (_name, check) => {
    await check.run(ask(toolchain), files());
  });
});

const runtimes = catalogue().runtimes.filter(
  (r) => r.toolchain !== 'none' && r.toolchain !== 'own-host' && r.remote !== true,
);
const remote = catalogue().runtimes.filter((r) => r.remote === true);

describe.each(remote.map((r) => [r.name, r] as const))('the runtime %s', (name, info) => {
  it('refuses a file where an address belongs, and names it', async () => {
    const refused = await ask(info.toolchain)('open', {
      runtime: name,
      model: { format: 'served', path: join(dir, 'text.bin'), root: dir, trust: true },
      options: {},
      inputs: [],
    }).then(() => undefined, toFailure);
    expect([refused?.code, refused?.message]).toEqual(['served-address', expect.stringContaining('text.bin')]);
  });
});

describe.each(runtimes.map((r) => [r.name, r] as const))('the runtime %s', (_name, info) => {
  it.each(runtimeChecks(info).map((check) => [check.name, check] as const))('%s', async (_title, check) => {
    await check.run(ask(info.toolchain), files());
  });
});
